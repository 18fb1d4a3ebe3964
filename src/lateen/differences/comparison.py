"""Two sets of objects → what changes for requests, proxy by proxy, equal reports joined."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from lateen.api.finding import Finding, Level
from lateen.api.meta import Ref
from lateen.compile import clusters, listeners, types
from lateen.compile.resource import Resource
from lateen.compile.resources import resources
from lateen.compile.routes import route_names
from lateen.differences.causes import Edit, edits, related
from lateen.differences.proofs import Proof
from lateen.differences.reached import Hosts, led_to, reached, together
from lateen.differences.sources import Client, Identity, clients, identity, labels_matter
from lateen.engine import Database
from lateen.model import mesh
from lateen.model.inbound import inbound_chains
from lateen.model.inbound_clusters import inbound_ports
from lateen.model.view import View, view_of
from lateen.simulate.algebra.change import Change
from lateen.simulate.algebra.compare import Resources, Tables, compare
from lateen.sources.load import Load
from lateen.sources.store import FILES, Store
from lateen.translate import names

ONLY_ROUTES = frozenset({"VirtualService", "Gateway"})
"""Kinds that endpoints and what happens at a server do not depend on."""


class Seen(msgspec.Struct, frozen=True):
    """A change, and who sees it."""

    change: Change
    clients: tuple[str, ...]
    """In words."""
    arriving: bool
    """At the server's own proxy, for requests that come in."""
    causes: tuple[Edit, ...]
    payloads: frozenset[str] = frozenset()
    """What is sent on connections of this kind: several where it makes no difference."""
    witness: str = ""
    """The name of one of the clients; the example is its."""


class Report(msgspec.Struct, frozen=True):
    """Everything that changes for requests."""

    seen: tuple[Seen, ...]
    edits: tuple[Edit, ...]
    proxies: int
    """Workloads that were looked at, on both sides."""
    appeared: tuple[str, ...]
    gone: tuple[str, ...]
    findings: tuple[Finding, ...]
    """Of the new objects."""
    proofs: tuple[Proof, ...] = ()
    """What Envoys did with the examples, one for each of `seen`; empty when they were not asked."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps a new object from being in force."""
        return tuple(one for one in self.findings if one.level is Level.ERROR)


Led = Mapping[str, Hosts]
"""The hosts that proxies are led to, by the names of their workloads."""


class Received(NamedTuple):
    """What a proxy receives, by what it is for."""

    client: Client
    key: Identity
    outbound: Resources
    inbound: Resources


def report(old: Load, new: Load) -> Report:
    """Compare two sets of objects.

    Both are put into one database, one after the other, so that only what an edit reaches is computed twice.
    """
    found = edits({one.ref: one for one in old.entries}, {one.ref: one for one in new.entries})
    wide = any(ref.kind not in ONLY_ROUTES for ref in found)
    db = Database()
    store = Store(db)
    store.replace(FILES, old)
    before, led_before = _Snapshots(db, wide).take({}) if found else ({}, {})
    applied = store.replace(FILES, new)
    after, led_after = _Snapshots(db, wide).take(led_before) if found else ({}, {})
    if _leads_to_more(led_before, led_after):
        store.replace(FILES, old)
        before, _ = _Snapshots(db, wide).take(led_after)
    return Report(
        seen=tuple(_seen(before, after, found)),
        edits=tuple(found.values()),
        proxies=len(before.keys() & after.keys()),
        appeared=tuple(sorted(after.keys() - before.keys())),
        gone=tuple(sorted(before.keys() - after.keys())),
        findings=applied.findings,
    )


def _leads_to_more(before: Led, after: Led) -> bool:
    """Tell whether some proxy is led now to hosts that nobody asked for on the old side."""
    both = ((before[name], after[name]) for name in before.keys() & after.keys())
    return any(old is not None and (new is None or not new <= old) for old, new in both)


class _Snapshots:
    """Asks for what proxies receive; proxies whose way out is the same are asked for once."""

    def __init__(self, db: Database, wide: bool) -> None:  # noqa: FBT001  one caller, in this file
        self._db, self._wide = db, wide
        self._leading: dict[Identity, tuple[list[Resource], Sequence[Resource], Hosts]] = {}
        self._known: dict[tuple[Identity, Hosts], Resources] = {}
        self._keeps_labels = labels_matter(db)

    def take(self, led: Led) -> tuple[dict[str, Received], Led]:
        """Return what every proxy receives, by the name of its workload, and the hosts that it is led to.

        Clusters are asked for of these hosts, and of those in `led`, the other side's.
        """
        received, hosts = {}, {}
        for client in clients(self._db):
            key = identity(self._db, client.proxy, keeps_labels=self._keeps_labels)
            view = view_of(self._db, client.proxy)
            if key not in self._leading:
                self._leading[key] = self._leads(view)
            hosts[client.name] = self._leading[key][2]
            received[client.name] = self._received(client, key, view, led.get(client.name, frozenset()))
        return received, hosts

    def _received(self, client: Client, key: Identity, view: View, led: Hosts) -> Received:
        heard, routed, own = self._leading[key]
        hosts = together(own, led)
        if (key, hosts) not in self._known:
            self._known[key, hosts] = self._outbound(view, heard, routed, hosts)
        arriving = self._wide and client.real and not view.is_router
        return Received(client, key, self._known[key, hosts], self._inbound(view) if arriving else {})

    def _leads(self, view: View) -> tuple[list[Resource], Sequence[Resource], Hosts]:
        db, own = self._db, self._own(view)
        heard = [one for one in resources(db, types.LISTENER, view, None) if one.name not in own]
        routed = resources(db, types.ROUTE, view, route_names(db, view))
        return heard, routed, led_to(db, view, (*heard, *routed))

    def _outbound(
        self, view: View, heard: list[Resource], routed: Sequence[Resource], hosts: Hosts
    ) -> Resources:
        db = self._db
        found = reached(db, view, hosts)
        wanted = tuple(one.name for one in found) if self._wide else ()
        return {
            types.CLUSTER: found,
            types.LISTENER: heard,
            types.ROUTE: routed,
            types.ENDPOINT: resources(db, types.ENDPOINT, view, wanted),
        }

    def _own(self, view: View) -> set[str]:
        if view.is_router:
            return set()
        bound = {names.listener(one.bind, one.port) for one in inbound_chains(self._db, view) if one.bound}
        return {names.VIRTUAL_INBOUND, *bound}

    def _inbound(self, view: View) -> Resources:
        db = self._db
        heard: list[Resource] = [
            listeners.bound_inbound(db, view, one) for one in inbound_chains(db, view) if one.bound
        ]
        if view.interception != mesh.NO_INTERCEPTION:
            heard.append(listeners.virtual_inbound(db, view))
        own = (clusters.inbound_resource(db, view, port) for port in inbound_ports(db, view))
        found = [*(one for one in own if one is not None), *clusters.fixed(db, view)]
        return {types.LISTENER: heard, types.CLUSTER: found}


class _Pair(NamedTuple):
    old: Resources
    new: Resources
    captured_by: int | None
    arriving: bool
    address: str = ""


def _seen(before: dict[str, Received], after: dict[str, Received], found: dict[Ref, Edit]) -> Iterator[Seen]:
    common = [name for name in after if name in before]
    tables, everyone = Tables(), Names(common)
    together: dict[tuple[object, ...], tuple[Change, bool, list[str], set[str]]] = {}
    for pair, several in _pairs(before, after, common):
        for change in compare(pair.old, pair.new, pair.captured_by, tables, pair.address):
            entry = together.setdefault(_same(change, pair), (change, pair.arriving, [], set()))
            entry[2].extend(several)
            entry[3].add(change.connection.payload)
    for change, arriving, several, payloads in together.values():
        causes = related(found, change)
        yield Seen(change, everyone.called(several), arriving, causes, frozenset(payloads), several[0])


def _pairs(
    before: dict[str, Received], after: dict[str, Received], common: Iterable[str]
) -> Iterator[tuple[_Pair, list[str]]]:
    ways_out: dict[tuple[Identity, Identity], tuple[_Pair, list[str]]] = {}
    ways_in: dict[tuple[object, ...], tuple[_Pair, list[str]]] = {}
    for name in common:
        old, new = before[name], after[name]
        is_router = new.client.proxy.type == "router"
        out = _Pair(old.outbound, new.outbound, None if is_router else 15001, arriving=False)
        ways_out.setdefault((old.key, new.key), (out, []))[1].append(name)
        key = (*_versions(old.inbound), "->", *_versions(new.inbound))
        arriving = _Pair(old.inbound, new.inbound, 15006, arriving=True, address=new.client.proxy.address)
        ways_in.setdefault(key, (arriving, []))[1].append(name)
    yield from (one for one in (*ways_out.values(), *ways_in.values()) if _differs(one[0]))


def _differs(pair: _Pair) -> bool:
    """Tell whether two sets of resources are not the very same, in which case nothing has to be compared."""
    return [*_versions(pair.old)] != [*_versions(pair.new)]


def _versions(found: Resources) -> Iterator[str]:
    for several in found.values():
        yield from (one.version for one in several)


def _same(change: Change, pair: _Pair) -> tuple[object, ...]:
    """Return what is equal for reports that read alike."""
    return (
        change.kind,
        pair.arriving,
        pair.captured_by is None,
        change.hosts,
        change.conditions,
        tuple(change.differences),
        *_place(change),
        change.undecided,
    )


def _place(change: Change) -> tuple[object, ...]:
    """Return the example; of connections, without what is sent on them."""
    if change.kind == "request":
        return change.connection, change.request
    connection = change.connection
    return connection.address, connection.port, connection.tls


class Names:
    """The names of all clients, so that many are called by few words."""

    def __init__(self, everyone: Iterable[str]) -> None:
        self._sidecars = {name for name in everyone if not _is_gateway(name)}
        self._by_namespace: dict[str, set[str]] = {}
        for name in self._sidecars:
            self._by_namespace.setdefault(_namespace(name), set()).add(name)

    def called(self, several: Iterable[str]) -> tuple[str, ...]:
        """Say who some proxies are: `all sidecars`, `all sidecars in namespace default`, or each by name."""
        chosen = set(several)
        if len(self._sidecars) > 1 and self._sidecars <= chosen:
            return ("all sidecars", *sorted(chosen - self._sidecars))
        by_namespace: dict[str, list[str]] = {}
        for name in sorted(chosen):
            by_namespace.setdefault(_namespace(name), []).append(name)
        return tuple(word for pair in sorted(by_namespace.items()) for word in self._in_namespace(*pair))

    def _in_namespace(self, namespace: str, chosen: list[str]) -> Iterator[str]:
        own = self._by_namespace.get(namespace, set())
        if len(own) > 1 and own <= set(chosen):
            yield f"all sidecars in namespace {namespace}"
            chosen = [name for name in chosen if name not in own]
        yield from chosen


def _is_gateway(name: str) -> bool:
    return name.startswith(("gateway ", "any gateway"))


def _namespace(name: str) -> str:
    return name.rpartition(".")[2] if "." in name else name.partition("namespace ")[2].partition(" ")[0]
