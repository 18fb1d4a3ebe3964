"""The virtual hosts of a sidecar's outbound route configurations: which exist, their domains, whose routes they take.

Source: pilot/pkg/networking/core/httproute.go and core/route/route.go (BuildSidecarVirtualHostWrapper). The rules:

- VirtualServices come first, in order of precedence; the first that has a route here takes a host, nothing is merged;
- then each service of the port that none of them took, with one default route;
- a domain exists once: whoever comes later loses it;
- on ports other than 80 only VirtualServices that match a service of the port count.

Where a namespace sees what anyone sees, it has anyone's virtual hosts with the short names of its own services added.
"""

from collections.abc import Iterable, Iterator

import msgspec

from lateen.engine import Database, query
from lateen.model import host as hosts
from lateen.model import routing, routing_domains, scope
from lateen.model import routing_renames as renames
from lateen.model.outbound import HTTP_PROXY_ROUTES
from lateen.model.route_reach import asking_callers
from lateen.model.route_sharing import Sharing
from lateen.model.routing import ServiceSource, Source
from lateen.model.routing_domains import Domains
from lateen.model.routing_view import of_anyone
from lateen.model.scope import Scope
from lateen.model.service import Resolution, Service
from lateen.model.view import View
from lateen.model.virtual_services import Binding

HTTP_PORT = 80  # where hosts that are no service are served, too
UNIX = "unix://"
EVERYTHING = "*"


class VirtualHost(msgspec.Struct, frozen=True):
    """A virtual host without its routes; an argument of no query, but equal while only routes change."""

    host: str
    port: int
    domains: tuple[str, ...]
    sources: tuple[Source | ServiceSource, ...]
    require_tls: bool = False
    made_for: View | None = None
    """The view that its routes are made for; None for the proxy's own."""


class Listener(msgspec.Struct, frozen=True):
    """What a route configuration's name says."""

    port: int
    """0 for an HTTP proxy or a UNIX socket: every port of every service."""
    bind: str
    sniffed_host: str | None = None
    """The only service of a listener that detects its protocol."""

    @property
    def whole(self) -> "Listener":
        """The listener of all services of the port."""
        return Listener(self.port, self.bind) if self.sniffed_host is not None else self


def listener_of(route_name: str) -> Listener | None:
    """Read the name of a route configuration: `9080`, `host:9080`, `http_proxy`, `unix://path`; None for others."""
    if route_name == HTTP_PROXY_ROUTES or route_name.startswith(UNIX):
        return Listener(0, route_name)
    host, colon, port = route_name.rpartition(":")
    if not port.isdecimal():
        return None
    return Listener(int(port), port, host if colon else None)


@query
def virtual_hosts(db: Database, view: View, listener: Listener) -> tuple[VirtualHost, ...]:
    """Return the virtual hosts of a listener without the catch-all, sorted by name; `view` is a routing view."""
    if listener.sniffed_host is not None:
        return _of_sniffed(db, view, listener, listener.sniffed_host)
    other = twin(db, view, listener)
    found = _like(db, view, other, listener) if other is not None else None
    return by_itself(db, view, listener) if found is None else found


def by_itself(db: Database, view: View, listener: Listener) -> tuple[VirtualHost, ...]:
    """Return the virtual hosts of a listener without a look at anyone's."""
    known = _known(db, scope.scope_of(db, view), listener)
    if known is None:
        return ()
    groups = tuple(_groups(db, view, _Registry(known), listener.bind))
    found = _Names(view, known.port, groups, Sharing(db, view))
    for group in groups:
        found.add(group)
    return tuple(sorted(found.virtual_hosts, key=lambda one: f"{one.host}:{one.port}"))


@query
def twin(db: Database, view: View, listener: Listener) -> View | None:
    """Return the view of anyone, if a proxy has the same virtual hosts under names that differ for few services.

    Of a whole listener.
    """
    other = of_anyone(view)
    own, theirs = (_known(db, scope.scope_of(db, one), listener) for one in (view, other))
    if other == view or own is None or own != theirs or not own.port:
        return None
    renamed = sum(1 for _ in renames.candidates(own.services, view.namespace))
    return other if 2 * renamed <= len(own.services) and _same_bound(db, own, view, other) else None


def _same_bound(db: Database, known: "_Known", view: View, other: View) -> bool:
    """Tell whether the same VirtualServices have routes."""
    asking = frozenset(asking_callers(db))
    bound = (one.ref for one in known.bindings if one.ref in asking) if asking else ()
    sources = (Source(ref, known.port) for ref in bound)
    return all(routing.has_routes(db, view, one) == routing.has_routes(db, other, one) for one in sources)


def _like(db: Database, view: View, other: View, listener: Listener) -> tuple[VirtualHost, ...] | None:
    """Return the virtual hosts of anyone as a proxy has them; None when a short name is not free."""
    known, base = _known(db, scope.scope_of(db, view), listener), virtual_hosts(db, other, listener)
    renamed = renames.of(known.services if known else (), base, _taken(db, other, listener), (view, other))
    if renamed is None:
        return None
    sharing = Sharing(db, view)
    return tuple(_adapted(one, renamed.get(one.host), sharing) for one in base)


def _adapted(one: VirtualHost, domains: tuple[str, ...] | None, sharing: Sharing) -> VirtualHost:
    made_for = sharing.made_for(one.sources[0])
    if domains is None and made_for is not None:
        return one
    return msgspec.structs.replace(one, domains=domains or one.domains, made_for=made_for)


@query
def _taken(db: Database, view: View, listener: Listener) -> frozenset[str]:
    return frozenset(hosts.lowered(name) for one in virtual_hosts(db, view, listener) for name in one.domains)


@query
def distinguishes_ports(db: Database, view: View, listener: Listener) -> bool:
    """Tell whether the port in a Host header counts: where one listener serves every port, it alone names the service.

    istiod leaves the port out of the comparison even there, so that its HTTP proxy only ever finds port 80.
    """
    known = None if listener.sniffed_host else _known(db, scope.scope_of(db, view), listener)
    return known is not None and not known.port


class _Group(msgspec.Struct, frozen=True):
    """Hosts and services of one port that share their routes (istiod's VirtualHostWrapper)."""

    port: int
    source: Source | ServiceSource
    services: tuple[Service, ...] = ()
    hosts: tuple[str, ...] = ()


class _Known(msgspec.Struct, frozen=True):
    """The services and VirtualServices that one listener knows; equal while only other ports change."""

    services: tuple[Service, ...]
    """With this port alone, if the listener has one."""
    bindings: tuple[Binding, ...]
    port: int
    """0 for every port."""


@query
def _known(db: Database, place: Scope, listener: Listener) -> _Known | None:
    egress = scope.listener_for(db, place, listener.bind)
    if egress is None:
        return None
    is_proxy = scope.is_http_proxy(scope.listeners(db, place)[egress])
    return _Known(
        scope.listener_services(db, place.seen, listener.bind),
        scope.bindings(db, place, egress),
        0 if is_proxy else listener.port,
    )


class _Registry:
    """The services and VirtualServices that one listener knows, by host."""

    def __init__(self, known: _Known) -> None:
        self.port = known.port
        self.services: dict[str, Service] = {}
        for service in known.services:
            self.services[service.host] = service  # of several ServiceEntries for one host the last counts
        self.wildcards = [host for host in self.services if hosts.is_wildcard(host)]
        self.bindings = known.bindings
        # Of several VirtualServices for the very same host the first counts.
        self.by_host: dict[str, Binding] = {}
        for binding in known.bindings:
            for host in binding.hosts:
                self.by_host.setdefault(host, binding)

    def selected(self) -> Iterable[Binding]:
        """Leave out VirtualServices that match no service of the port; all count on port 80."""
        if self.port == HTTP_PORT:
            return self.bindings
        return (binding for binding in self.bindings if any(map(self._matches, binding.hosts)))

    def split(self, binding: Binding) -> tuple[tuple[str, ...], tuple[Service, ...]]:
        """Split the hosts of a VirtualService into those that are no service, and the services that they stand for."""
        plain: list[str] = []
        matched: dict[str, Service] = {}
        for host in sorted(binding.hosts, key=hosts.is_wildcard):
            if hosts.is_wildcard(host):
                covered = [service for service in self.services.values() if hosts.matches(service.host, host)]
                matched |= {one.host: one for one in covered if self._claims(binding, one.host)}
            else:
                covered = [self.services[host]] if host in self.services else []
                matched |= {one.host: one for one in covered}
            if not covered:
                plain.append(host)
        return tuple(plain), tuple(matched.values())

    def _claims(self, binding: Binding, host: str) -> bool:
        """A service belongs to the VirtualService with the closest host."""
        closest = next((candidate for candidate in hosts.covering(host) if candidate in self.by_host), None)
        return closest is not None and self.by_host[closest] is binding

    def _matches(self, host: str) -> bool:
        if host in self.services:
            return True
        candidates = self.services if hosts.is_wildcard(host) else self.wildcards
        return any(hosts.matches(host, candidate) for candidate in candidates)


class _Names:
    """Virtual hosts so far, and the names they took."""

    def __init__(self, view: View, listener_port: int, groups: Iterable[_Group], sharing: Sharing) -> None:
        self.view = view
        self.listener_port = listener_port
        self._sharing = sharing
        self.virtual_hosts: list[VirtualHost] = []
        self._hosts: set[tuple[str, int]] = set()
        self._domains = {EVERYTHING}  # belongs to the catch-all; checks refuse it as a host of the mesh
        self._known = {
            name
            for group in groups
            for one in group.services
            for name in (one.host, f"{one.host}:{group.port}")
        }

    def add(self, group: _Group) -> None:
        """Add the virtual hosts of a group: first plain hosts, then services."""
        for host in group.hosts:
            self._add(host, group, routing_domains.of_host(host))
        for service in group.services:
            port = None if self.listener_port else group.port
            self._add(service.host, group, routing_domains.of_service(service, self.view, port))

    def _add(self, host: str, group: _Group, domains: Domains) -> None:
        if (host, group.port) in self._hosts:
            return
        self._hosts.add((host, group.port))
        free = [one for one in self._meant(domains.all, group.port) if self._take(one, domains)]
        if free:
            made_for = self._sharing.made_for(group.source)
            made = VirtualHost(host, group.port, tuple(free), (group.source,), made_for=made_for)
            self.virtual_hosts.append(made)

    def _meant(self, domains: Iterable[str], port: int) -> Iterable[str]:
        """An HTTP proxy knows ports other than 80 by their number only."""
        if self.listener_port or port == HTTP_PORT:
            return domains
        return (domain for domain in domains if ":" in domain)

    def _take(self, domain: str, domains: Domains) -> bool:
        lowered = hosts.lowered(domain)
        if lowered in self._domains or (domain in domains.short and domain in self._known):
            return False
        self._domains.add(lowered)
        return True


def _groups(db: Database, view: View, registry: _Registry, listener: str) -> Iterator[_Group]:
    claimed: set[str] = set()
    for binding in registry.selected():
        source = Source(binding.ref, registry.port, listener=listener)
        if not routing.has_routes(db, view, source):
            continue
        plain, services = registry.split(binding)
        for number, served in _by_port(services, registry.port).items():
            claimed |= {service.host for service in served}
            yield _Group(number, source, tuple(served), plain)
    for service in registry.services.values():
        if service.host not in claimed and service.resolution is not Resolution.ALIAS:
            for number in _http_ports(service):
                yield _Group(number, ServiceSource(service.host, number), (service,))


def _by_port(services: Iterable[Service], listener_port: int) -> dict[int, list[Service]]:
    """Group services by HTTP port; without any, port 80 still serves the hosts that are no service."""
    found: dict[int, list[Service]] = {}
    for service in services:
        for number in _http_ports(service):
            found.setdefault(number, []).append(service)
    return found or ({HTTP_PORT: []} if listener_port == HTTP_PORT else {})


def _http_ports(service: Service) -> Iterator[int]:
    for port in service.ports:
        if port.protocol.is_http or port.protocol.is_sniffed:
            yield port.number


def _of_sniffed(db: Database, view: View, listener: Listener, host: str) -> tuple[VirtualHost, ...]:
    """Keep what answers for the one service of the listener; alone, it answers for every name."""
    every, places = virtual_hosts(db, view, listener.whole), _places(db, view, listener.whole)
    own = {places[name] for name in (host, f"{host}:{listener.port}") if name in places}
    found = tuple(every[place] for place in sorted(own))
    if len(found) == 1:
        return (msgspec.structs.replace(found[0], domains=(EVERYTHING,)),)
    return found


@query
def _places(db: Database, view: View, listener: Listener) -> dict[str, int]:
    """Index the virtual hosts of a listener by domain."""
    found = virtual_hosts(db, view, listener)
    return {name: place for place, one in enumerate(found) for name in one.domains}
