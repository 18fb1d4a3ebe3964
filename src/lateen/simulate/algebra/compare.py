"""Two configurations of one proxy: every class of requests and connections that they treat differently."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from envoy.config.listener.v3.listener_components_pb2 import FilterChain
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import (
    HttpConnectionManager,
)

from lateen.compile import types
from lateen.compile.resource import Resource
from lateen.simulate import filter_chains
from lateen.simulate.algebra import settings
from lateen.simulate.algebra.change import Change, Decision, decision, outcomes, summary
from lateen.simulate.algebra.connections import ELSEWHERE, entrances, kinds
from lateen.simulate.algebra.effects import REWRITTEN, Fields, Side
from lateen.simulate.algebra.hosts import Places
from lateen.simulate.algebra.tables import PATHS, Class, Comparison, Sample, Table, Traffic, origins
from lateen.simulate.configuration import Configuration, Messages
from lateen.simulate.listeners import addresses, binds, inspect
from lateen.simulate.request import Connection, Request
from lateen.simulate.simulation import simulate
from lateen.simulate.trace import Trace

Resources = Mapping[str, Sequence[Resource]]
"""By type URL."""
_ANY = ("0.0.0.0", "::")  # noqa: S104  compared, not bound


class Reached(NamedTuple):
    """What serves a connection on one side."""

    listener: Listener | None
    chain: FilterChain | None

    @property
    def decision(self) -> Decision:
        """Name it."""
        return Decision(
            self.listener.name if self.listener is not None else "",
            self.chain.name if self.chain is not None else "",
        )


class _OneSide:
    """One configuration, with its listeners by address."""

    def __init__(self, resources: Resources, messages: Messages) -> None:
        self.configuration = Configuration(resources, messages)
        self.effects = Side(self.configuration)
        self._resources = {(kind, one.name): one for kind, found in resources.items() for one in found}
        self._by_address: dict[tuple[str, int], Listener] = {}
        self._bound: dict[tuple[str, int], Listener] = {}
        self._captors: dict[int, Listener] = {}
        for listener in self.configuration.listeners:
            self._enter(listener)

    def versions(self, type_url: str) -> dict[str, str]:
        """Return the versions of the resources of a type by their names."""
        return {name: one.version for (kind, name), one in self._resources.items() if kind == type_url}

    def body(self, type_url: str, name: str) -> bytes:
        """Return a resource as bytes; none for one that is not there."""
        found = self._resources.get((type_url, name))
        return b"" if found is None else found.body

    def _enter(self, listener: Listener) -> None:
        for place in addresses(listener):
            if binds(listener):
                self._bound.setdefault(place, listener)
            if listener.use_original_dst.value or listener.name.startswith("virtual"):
                self._captors.setdefault(place[1], listener)
            else:
                self._by_address.setdefault(place, listener)

    def listener(self, connection: Connection) -> Listener | None:
        """Return the listener that serves a connection (as `simulate.listeners.choose` does, by an index)."""
        address, port = connection.address, connection.port
        if connection.captured_by is None:
            return self._named(self._bound, address, port)
        captor = self._captors.get(connection.captured_by)
        if captor is None or not captor.use_original_dst.value:
            return captor
        return self._named(self._by_address, address, port) or captor

    @staticmethod
    def _named(found: Mapping[tuple[str, int], Listener], address: str, port: int) -> Listener | None:
        wild = _ANY[1] if ":" in address else _ANY[0]
        return found.get((address, port)) or found.get((wild, port))

    def reached(self, connection: Connection) -> Reached:
        """Return listener and filter chain."""
        listener = self.listener(connection)
        if listener is None:
            return Reached(None, None)
        found = filter_chains.choose(listener, connection, inspect(listener, connection))
        return Reached(listener, found[0] if found else None)


def compare(
    old: Resources,
    new: Resources,
    captured_by: int | None,
    tables: "Tables | None" = None,
    address: str = "",
) -> list[Change]:
    """Return everything that two configurations of a proxy do differently.

    Args:
        old: resources by type URL.
        new: the same.
        captured_by: the port of captured connections to look at; None for those made to the proxy itself.
        tables: remembers what was parsed and compared before.
        address: of connections to any address; empty: one that nobody has.
    """
    tables = tables or Tables()
    sides = [_OneSide(one, tables.messages) for one in (old, new)]
    proxy = _Proxy(sides[0], sides[1], captured_by, tables)
    changes = list(proxy.changes())
    return [msgspec.structs.replace(one, connection=_moved(one.connection, address)) for one in changes]


def _moved(connection: Connection, address: str) -> Connection:
    moves = address and connection.address in ELSEWHERE
    return msgspec.structs.replace(connection, address=address) if moves else connection


class Tables:
    """Route tables that were compared before; the same pair is not compared for every proxy, no message parsed twice."""

    def __init__(self) -> None:
        self.messages = Messages()
        self.known: dict[tuple[object, ...], tuple[Class, ...]] = {}
        self._places: dict[int | bytes, Places] = {}

    def table(self, side: Side, manager: HttpConnectionManager) -> Table:
        """Return the routes of one side; equal ones have the same places."""
        configuration, routes = side.configuration, _table(side.configuration, manager)
        is_kept = configuration.route_configuration(routes.name) is routes
        key = id(routes) if is_kept else routes.SerializeToString()
        if key not in self._places:
            self._places[key] = Places(routes, configuration.domains(routes))
        return Table(side, routes, self._places[key])


class _Proxy:
    """The two configurations of one proxy."""

    def __init__(self, old: _OneSide, new: _OneSide, captured_by: int | None, tables: Tables) -> None:
        self._old, self._new = old, new
        self._captured_by = captured_by
        self._tables = tables
        self._clusters = frozenset(self._changed_clusters())
        self._names = tuple(name.encode() for name in (*self._clusters, *self._changed_routes()))
        self._done: set[tuple[object, ...]] = set()
        self._ports: set[int] = set()

    def _is_elsewhere(self, connection: Connection) -> bool:
        return connection.address in ELSEWHERE and connection.port in self._ports

    def _different(self, type_url: str) -> list[str]:
        old, new = self._old.versions(type_url), self._new.versions(type_url)
        return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))

    def _changed_clusters(self) -> list[str]:
        names = dict.fromkeys((*self._different(types.CLUSTER), *self._different(types.ENDPOINT)))
        old, new = self._old.effects, self._new.effects
        return [name for name in names if old.cluster_key(name) != new.cluster_key(name)]

    def _changed_routes(self) -> list[str]:
        changed = dict.fromkeys(self._different(types.ROUTE))
        clusters = [name.encode() for name in self._clusters]
        for name in self._new.versions(types.ROUTE):
            if name not in changed:
                body = self._new.body(types.ROUTE, name)
                changed |= {name: None} if any(one in body for one in clusters) else {}
        return list(changed)

    def changes(self) -> Iterator[Change]:
        """Yield the changes, entrance by entrance."""
        if not self._names and not self._different(types.LISTENER):
            return
        both = (*self._old.configuration.listeners, *self._new.configuration.listeners)
        places = dict.fromkeys(entrances(both, self._captured_by))
        self._ports = {port for address, port, _ in places if address not in ELSEWHERE}
        for address, port, captured in places:
            connection = Connection(address=address, port=port, captured_by=captured)
            old, new = self._old.listener(connection), self._new.listener(connection)
            if not self._is_same(old, new):
                yield from self._of_listeners(connection, old, new)

    def _is_same(self, old: Listener | None, new: Listener | None) -> bool:
        if old is None or new is None:
            return old is new
        body = self._old.body(types.LISTENER, old.name)
        return body == self._new.body(types.LISTENER, new.name) and not self._is_touched(body)

    def _is_touched(self, body: bytes) -> bool:
        return any(name in body for name in self._names)

    def _of_listeners(self, base: Connection, old: Listener | None, new: Listener | None) -> Iterator[Change]:
        trimmed = settings.trimmed(old, new, self._is_touched)
        # With the chains, so that no other takes the identity of one that was seen.
        seen: dict[tuple[int, int, str, bool, bool], tuple[Reached, Reached]] = {}
        for connection in kinds(*trimmed, base):
            before, after = self._old.reached(connection), self._new.reached(connection)
            key = (
                -1 if before.chain is None else id(before.chain),
                -1 if after.chain is None else id(after.chain),
                connection.payload,
                connection.tls is not None,
                bool(connection.tls and connection.tls.certificate),
            )
            if key not in seen:
                seen[key] = before, after
                yield from self._of_chains(connection, before, after)

    def _of_chains(self, connection: Connection, old: Reached, new: Reached) -> Iterator[Change]:
        if old.chain is None and new.chain is None:
            return
        before, after = settings.served(old.chain, connection), settings.served(new.chain, connection)
        key = (old.decision, new.decision, before.key, after.key, connection.payload != "bytes")
        if key in self._done:
            return
        self._done.add(key)
        if before.manager is None or after.manager is None:
            yield from self._of_connections(connection, old, new)
            return
        fields = before.fields, after.fields
        if fields[0] != fields[1]:
            yield self._change("settings", connection, old, new, fields)
        yield from self._of_routes(connection, old, new, before.manager, after.manager)

    def _of_connections(self, connection: Connection, old: Reached, new: Reached) -> Iterator[Change]:
        before, after = settings.served(old.chain, connection), settings.served(new.chain, connection)
        fields = dict(before.fields), dict(after.fields)
        clusters = set(before.clusters) & set(after.clusters) & self._clusters
        for own, side in zip(fields, (self._old, self._new), strict=True):
            for name in sorted(clusters):
                own.update(side.effects.cluster_fields(name))
        closed = all(summary(own)[0] == "closed" for own in fields)
        if fields[0] != fields[1] and not closed:
            yield self._change("connection", connection, old, new, fields, tuple(sorted(clusters)))

    def _change(  # noqa: PLR0913, PLR0917  everything that makes a change, at two callers
        self,
        kind: Any,
        connection: Connection,
        old: Reached,
        new: Reached,
        fields: tuple[Fields, Fields],
        clusters: tuple[str, ...] = (),
    ) -> Change:
        found = (path for one in (old, new) if one.chain is not None for path in origins(one.chain.metadata))
        is_http = any(settings.served(one.chain, connection).manager is not None for one in (old, new))
        return Change(
            kind=kind,
            connection=connection,
            request=Request(authority=_usual_authority(connection)) if is_http else None,
            before=fields[0],
            after=fields[1],
            old=old.decision,
            new=new.decision,
            origins=tuple(dict.fromkeys(found)),
            clusters=clusters,
            elsewhere=self._is_elsewhere(connection),
        )

    def _of_routes(
        self,
        connection: Connection,
        old: Reached,
        new: Reached,
        before: HttpConnectionManager,
        after: HttpConnectionManager,
    ) -> Iterator[Change]:
        tables = (
            self._tables.table(self._old.effects, before),
            self._tables.table(self._new.effects, after),
        )
        traffic = Traffic(
            path=settings.paths(after),
            scheme="https" if connection.tls is not None else "http",
            chosen_scheme=not after.use_remote_address.value,
        )
        comparison = Comparison(*tables, self._clusters, traffic)
        for one in self._classes(comparison, tables, traffic):
            tried = self._tried(one, connection, old, new, comparison)
            if tried is not None:
                yield tried

    def _classes(
        self, comparison: Comparison, tables: tuple[Table, Table], traffic: Traffic
    ) -> tuple[Class, ...]:
        key = (
            *(id(table.places) for table in tables),
            traffic,
            *((name, table.side.cluster_key(name)) for table in tables for name in sorted(self._clusters)),
        )
        if key not in self._tables.known:
            self._tables.known[key] = tuple(comparison.classes())
        return self._tables.known[key]

    def _tried(
        self, one: Class, connection: Connection, old: Reached, new: Reached, comparison: Comparison
    ) -> Change | None:
        """Send the examples of a class through both sides, until one goes where it should, and shows a difference.

        None: all are answered alike by the proxy itself, so that what differs behind that answer does not count.
        """
        wanted = (
            old.decision._replace(virtual_host=one.old[0], routes=one.old[1]),
            new.decision._replace(virtual_host=one.new[0], routes=one.new[1]),
        )
        requests = [
            request for sample in one.samples for request in _requests(sample, one, connection, comparison)
        ]
        shown, alike = self._example(connection, requests, wanted)
        if alike and _is_alike(one, alike):
            return None
        undecided = one.unknown or ("no request was found that shows it",)
        return Change(
            kind="request",
            hosts=tuple(sorted(one.hosts)),
            conditions=one.conditions,
            connection=connection,
            request=shown or requests[0],
            before=one.before,
            after=one.after,
            old=wanted[0],
            new=wanted[1],
            origins=one.origins,
            clusters=one.clusters,
            elsewhere=self._is_elsewhere(connection),
            undecided="" if shown is not None else "; ".join(undecided),
        )

    def _example(
        self, connection: Connection, requests: Iterable[Request], wanted: tuple[Decision, Decision]
    ) -> tuple[Request | None, list[Trace]]:
        """Return the first request that goes where it should and shows a difference.

        When none shows one: the first that goes there, and the traces of all that do.
        """
        fitting: list[Request] = []
        alike: list[Trace] = []
        for request in requests:
            traces = self._traces(connection, request)
            if (decision(traces[0]), decision(traces[1])) != wanted:
                continue
            if outcomes(traces[0]) != outcomes(traces[1]):
                return request, []
            fitting.append(request)
            alike += traces
        return (fitting[0] if fitting else None), alike

    def _traces(self, connection: Connection, request: Request) -> tuple[Trace, Trace]:
        return (
            simulate(self._old.configuration, connection, request),
            simulate(self._new.configuration, connection, request),
        )


def _is_alike(one: Class, traces: Sequence[Trace]) -> bool:
    """Tell whether a class is treated alike although its rules differ.

    Either the proxy answers all by itself, or what differs is the part of the path that is rewritten, and there is no path
    where that is another part (the examples have every kind of path).
    """
    fields = dict.fromkeys((*one.before, *one.after))
    different = [name for name in fields if one.before.get(name) != one.after.get(name)]
    if different == [REWRITTEN]:
        return len(one.samples) < PATHS
    return not any(
        outcome.kind in ("cluster", "redirect") or outcome.flag == "UH"
        for trace in traces
        for outcome in trace.outcomes
    )


def _usual_authority(connection: Connection) -> str:
    """Return what a client writes for a connection that it made by address or server name."""
    host = (connection.tls.sni if connection.tls is not None else "") or connection.address
    usual = connection.port == (443 if connection.tls is not None else 80)
    return host if usual else f"{host}:{connection.port}"


def _table(configuration: Configuration, manager: HttpConnectionManager) -> RouteConfiguration:
    if manager.WhichOneof("route_specifier") == "route_config":
        return manager.route_config
    return configuration.route_configuration(manager.rds.route_config_name) or RouteConfiguration()


def _requests(
    sample: Sample, one: Class, connection: Connection, comparison: Comparison
) -> Iterator[Request]:
    """Yield a sample as requests: with the host that a client writes, then with others of the class."""
    protocol = "HTTP/2" if connection.payload == "http2" else "HTTP/1.1"
    headers = sample.headers
    usual = "https" if connection.tls is not None else "http"
    if sample.scheme != usual and not any(name == "x-forwarded-proto" for name, _ in headers):
        headers = (*headers, ("x-forwarded-proto", sample.scheme))
    authorities = _authorities(sample, one, connection, comparison)
    path, mark, query = sample.path.partition("?")
    longer = [f"{path}{more}{mark}{query}" for more in ("x", "/x", "?x=y" if not mark else "y")]
    ways = [(authority, sample.path) for authority in authorities]
    ways += [(authority, other) for authority in authorities[:1] for other in longer]
    for authority, target in ways:
        yield Request(
            method=sample.method,
            authority=authority,
            path=target,
            scheme=sample.scheme,
            headers=headers,
            protocol="HTTP/2" if protocol == "HTTP/2" else "HTTP/1.1",
        )


def _authorities(sample: Sample, one: Class, connection: Connection, comparison: Comparison) -> list[str]:
    if sample.authority:
        return [sample.authority]
    default = 443 if connection.tls is not None else 80
    first: list[str] = []
    others: list[str] = []
    for host in one.hosts.values():
        written = (
            host
            if connection.port == default or host.rpartition(":")[2].isdigit()
            else f"{host}:{connection.port}"
        )
        leads = comparison.hosts.pair(written) == comparison.hosts.pair(host)
        (first if leads else others).append(written if leads else host)
    best = sorted(first, key=lambda text: (text.count("."), len(text)))
    return [*best[:3], *others[:2]]
