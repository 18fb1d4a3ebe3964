"""What a proxy's configuration may hold: the services and VirtualServices that its Sidecar lets in.

Source: pilot/pkg/model/sidecar.go. A *scope* is identified by a namespace and at most one Sidecar, so all workloads that
the same Sidecar (or none) applies to share every answer here. Gateways never use a Sidecar.
"""

from collections.abc import Iterable

import msgspec

from lateen.api import facts
from lateen.api.meta import Ref, age_key
from lateen.api.sidecar import IstioEgressListener, Sidecar
from lateen.engine import Database, entry_of, query
from lateen.model import host as hosts
from lateen.model import protocol, virtual_services, visibility
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.destinations import destinations
from lateen.model.protocol import Protocol
from lateen.model.root import root_namespace
from lateen.model.selectors import Pairs, pairs, selects
from lateen.model.service import Registry, Service, all_services, of_host
from lateen.model.service import service as declared
from lateen.model.view import View
from lateen.model.virtual_services import Binding

EVERYTHING = ("*/*",)


class Scope(msgspec.Struct, frozen=True, cache_hash=True):
    """The identity of a scope."""

    namespace: str
    """The proxy's namespace; `.` in a Sidecar of the root namespace means this one."""
    sidecar: Ref | None = None
    gateway: bool = False


class Egress(msgspec.Struct, frozen=True):
    """One egress listener of a scope, with what it imports."""

    services: tuple[Service, ...]
    """Oldest first; trimmed to the listener's port when it has one."""
    bindings: tuple[Binding, ...]
    """VirtualServices for sidecars, in order of precedence."""
    listener: IstioEgressListener | None = None
    """None for the default scope: everything, on every port."""

    @property
    def port(self) -> int:
        """The listener's own port, or 0 when it serves every port."""
        return self.listener.port.number or 0 if self.listener and self.listener.port else 0

    @property
    def is_http_proxy(self) -> bool:
        """It serves every port of its services, as clients ask an explicit proxy."""
        return _is_http_proxy(self.listener)


@query
def scope_of(db: Database, view: View) -> Scope:
    """Choose the scope of a proxy: the oldest Sidecar that selects it, else the namespace's, else the root's."""
    if view.is_router:
        return Scope(view.namespace, gateway=True)
    return Scope(view.namespace, _sidecar_for(db, view.namespace, view.labels))


@query
def _sidecars(db: Database, namespace: str) -> tuple[tuple[Ref, Pairs | None], ...]:
    """Return a namespace's Sidecars, oldest first, as (ref, selector or None)."""
    found = [facts.get(db, ref) for ref in facts.refs(db, "Sidecar") if ref.namespace == namespace]
    ordered = sorted((one for one in found if one is not None), key=age_key)
    return tuple(
        (one.ref, pairs(one.spec.workload_selector.labels) if one.spec.workload_selector else None)
        for one in ordered
        if isinstance(one.spec, Sidecar)
    )


@query
def _sidecar_for(db: Database, namespace: str, labels: Pairs) -> Ref | None:
    own = _sidecars(db, namespace)
    for ref, selector in own:
        if selector is not None and selects(selector, labels):
            return ref
    root = root_namespace(db)
    everywhere = _sidecars(db, root) if namespace != root else ()
    return next((ref for ref, selector in (*own, *everywhere) if selector is None), None)


def sidecar(db: Database, scope: Scope) -> Sidecar | None:
    """Return the Sidecar of a scope."""
    found = facts.get(db, scope.sidecar) if scope.sidecar else None
    return found.spec if found is not None and isinstance(found.spec, Sidecar) else None


@query
def visible_services(db: Database, namespace: str) -> tuple[Service, ...]:
    """Return the services exported to a namespace: those not public first, oldest first in both groups."""
    declared = all_services(db)
    if all(s.export_to == (visibility.PUBLIC,) for s in declared):
        return declared
    seen = [s for s in declared if visibility.visible_to(s.export_to, namespace)]
    private = (s for s in seen if not visibility.is_public(s.export_to))
    return (*private, *(s for s in seen if visibility.is_public(s.export_to)))


@query
def egress_listeners(db: Database, scope: Scope) -> tuple[Egress, ...]:
    """Return the egress listeners of a scope in the Sidecar's order; one that imports everything without a Sidecar."""
    spec = sidecar(db, scope)
    if spec is None or not spec.egress:
        return (_egress(db, scope, None),)
    return tuple(_egress(db, scope, listener) for listener in spec.egress)


@query
def services(db: Database, scope: Scope) -> tuple[Service, ...]:
    """Return every service that a scope lets in, one per host, in the order of import.

    Destinations of imported VirtualServices come along when they are visible, or of the proxy's own namespace.
    """
    merged: dict[str, Service] = {}
    for egress in egress_listeners(db, scope):
        for service in egress.services:
            _merge(merged, service)
        if scope.sidecar is not None or _hides_own(db, scope):
            for service in _destination_services(db, scope, egress):
                _merge(merged, service)
    return tuple(merged.values())


@query
def services_by_host(db: Database, scope: Scope) -> dict[str, Service]:
    """Index a scope's services by host."""
    return {service.host: service for service in services(db, scope)}


@entry_of(services_by_host)
def service(db: Database, scope: Scope, host: str) -> Service | None:
    """Return a scope's service by host."""
    return services_by_host(db, scope).get(host)


@query
def listener_service(db: Database, scope: Scope, listener: str, host: str) -> Service | None:
    """Return a service as an egress listener knows it, by the name of its routes: `9080`, `http_proxy`, `unix://path`.

    It has the listener's port alone, unless that is an HTTP proxy or a socket; None when it lacks it.
    """
    return _listener_services(db, scope, listener).get(host)


@query
def _listener_services(db: Database, scope: Scope, listener: str) -> dict[str, Service]:
    """Index the services of an egress listener by host; of several ServiceEntries for one the last counts."""
    port = int(listener) if listener.isdecimal() else 0
    egress = egress_for(db, scope, port, listener)
    if egress is None:
        return {}
    found = (on_port(one, 0 if egress.is_http_proxy else port) for one in egress.services)
    return {one.host: one for one in found if one is not None}


def egress_for(db: Database, scope: Scope, port: int, bind: str) -> Egress | None:
    """Find an egress listener: the first without a port of its own, or with this port (0: with this socket)."""
    for egress in egress_listeners(db, scope):
        own = egress.listener
        if own is None or own.port is None:
            return egress
        if egress.port == port and (port or own.bind == bind):
            return egress
    return None


def on_port(service: Service, number: int) -> Service | None:
    """Return a service with this port alone (0: with all); None when it lacks it."""
    found = service.port(number) if number else None
    if number and found is None:
        return None
    return (
        service
        if found is None or len(service.ports) == 1
        else msgspec.structs.replace(service, ports=(found,))
    )


@query
def outbound_mode(db: Database, scope: Scope) -> str:
    """Return ALLOW_ANY, REGISTRY_ONLY or ALLOW_ANY_DYNAMIC_DNS for a scope; a Sidecar's own policy replaces the mesh's.

    A Sidecar's `outboundTrafficPolicy: {}` is REGISTRY_ONLY, the enum's zero.
    """
    spec = sidecar(db, scope)
    if spec is not None and spec.outbound_traffic_policy is not None:
        return spec.outbound_traffic_policy.mode or "REGISTRY_ONLY"
    policy = facts.mesh_config(db).outbound_traffic_policy
    return (policy.mode if policy else None) or "ALLOW_ANY"


def _egress(db: Database, scope: Scope, listener: IstioEgressListener | None) -> Egress:
    patterns = _Patterns(listener.hosts if listener else EVERYTHING, scope.namespace)
    seen = (patterns.imported_service(service) for service in _candidates(db, scope, patterns))
    imported = [
        trimmed
        for one in seen
        if one is not None and (trimmed := on_port(one, _only_port(listener))) is not None
    ]
    bound = () if scope.gateway else virtual_services.for_gateway(db, MESH_GATEWAY, scope.namespace)
    return Egress(
        services=tuple(imported if scope.gateway else _one_namespace_each(imported, scope.namespace)),
        bindings=tuple(one for one in bound if patterns.import_binding(one)),
        listener=listener,
    )


class _Patterns:
    """The `hosts` of an egress listener, by namespace."""

    def __init__(self, entries: Iterable[str], own_namespace: str) -> None:
        self.everything = tuple(entries) == EVERYTHING
        self.imported: dict[str, list[str]] = {}
        self.excluded: dict[str, list[str]] = {}
        for entry in entries:
            namespace, _, host = entry.partition("/")
            target = self.imported
            if namespace.startswith("~"):
                target, namespace = self.excluded, namespace[1:] or "*"
            namespace = own_namespace if namespace == "." else namespace
            target.setdefault(namespace, []).append(host.lower())

    @property
    def named(self) -> tuple[tuple[str, str], ...] | None:
        """The (namespace, host) pairs, when none of the patterns is a wildcard."""
        pairs = tuple((namespace, host) for namespace, found in self.imported.items() for host in found)
        is_exact = all(namespace != "*" and not hosts.is_wildcard(host) for namespace, host in pairs)
        return tuple(dict.fromkeys(pairs)) if is_exact else None

    def imported_service(self, service: Service) -> Service | None:
        """Import a service when a pattern covers its host, one way, unlike a VirtualService; None otherwise.

        Of its aliases come those that the same patterns cover: its namespace's, else those of every namespace.
        """
        if self.everything:
            return service
        if self._in(service.host, service.namespace, self.excluded):
            return None
        for namespace in (service.namespace, "*"):
            patterns = self.imported.get(namespace, ())
            if _covered(service.host, patterns):
                aliases = tuple(alias for alias in service.aliases if _covered(alias, patterns))
                return msgspec.structs.replace(service, aliases=aliases) if service.aliases else service
        return None

    def import_binding(self, binding: Binding) -> bool:
        """A VirtualService is imported when one of its hosts overlaps a pattern, in either direction."""
        if self.everything:
            return True
        namespace = binding.ref.namespace
        return any(
            self._overlaps(host, namespace) and not self._in(host, namespace, self.excluded)
            for host in binding.hosts
        )

    def _in(self, host: str, namespace: str, patterns: dict[str, list[str]]) -> bool:
        return _covered(host, (*patterns.get(namespace, ()), *patterns.get("*", ())))

    def _overlaps(self, host: str, namespace: str) -> bool:
        candidates = (*self.imported.get(namespace, ()), *self.imported.get("*", ()))
        return any(hosts.matches(host, pattern) for pattern in candidates)


def _candidates(db: Database, scope: Scope, patterns: _Patterns) -> Iterable[Service]:
    """Return what patterns may import: where all name one service each, of several ServiceEntries the oldest only."""
    if patterns.named is None:
        return visible_services(db, scope.namespace)
    found = (declared(db, host, namespace) for namespace, host in patterns.named)
    visible = (one for one in found if one and visibility.visible_to(one.export_to, scope.namespace))
    return sorted(visible, key=lambda one: one.age)


def _covered(host: str, patterns: Iterable[str]) -> bool:
    return any(hosts.subset_of(host, pattern) for pattern in patterns)


def _only_port(listener: IstioEgressListener | None) -> int:
    """Return the port that a listener trims services to; 0 for none, as for an HTTP proxy's."""
    if listener is None or listener.port is None or _is_http_proxy(listener):
        return 0
    return listener.port.number or 0


def _is_http_proxy(listener: IstioEgressListener | None) -> bool:
    own = listener.port if listener else None
    return own is not None and protocol.parse(own.protocol or "") is Protocol.HTTP_PROXY


def _one_namespace_each(imported: list[Service], own: str) -> Iterable[Service]:
    """Keep one namespace per host: the proxy's own, else a Kubernetes Service's, else the first."""
    chosen: dict[str, Service] = {}
    for service in imported:
        chosen[service.host] = _preferred(chosen.get(service.host), service, own)
    return (service for service in imported if service.namespace == chosen[service.host].namespace)


def _preferred(held: Service | None, other: Service, own: str) -> Service:
    if held is None or other.namespace == own:
        return other
    is_better = held.registry is not Registry.KUBERNETES and other.registry is Registry.KUBERNETES
    return other if is_better and held.namespace != own else held


def _merge(merged: dict[str, Service], service: Service) -> None:
    """Add a service; one of the same host and namespace, and alike, adds its ports (and addresses) to the first.

    A Kubernetes Service takes the place of a ServiceEntry (sidecar.go appendSidecarServices, canMergeServices).
    """
    held = merged.get(service.host)
    if held is None or _outranks(service, held):
        merged[service.host] = service
    elif held.namespace == service.namespace and all(getattr(held, f) == getattr(service, f) for f in _ALIKE):
        merged[service.host] = _united(held, service)


_ALIKE = ("registry", "resolution", "labels", "selector", "export_to")


def _outranks(one: Service, other: Service) -> bool:
    return one.registry is Registry.KUBERNETES and other.registry is not Registry.KUBERNETES


def _united(first: Service, second: Service) -> Service:
    numbers = {port.number for port in first.ports}
    ports = (*first.ports, *(port for port in second.ports if port.number not in numbers))
    addresses = tuple(dict.fromkeys((*first.addresses, *second.addresses)))
    if ports == first.ports and addresses == first.addresses:
        return first
    return msgspec.structs.replace(first, ports=ports, addresses=addresses)


def _destination_services(db: Database, scope: Scope, egress: Egress) -> Iterable[Service]:
    for binding in egress.bindings:
        for host, ports in destinations(db, binding.ref, scope.namespace):
            found = _best_visible(of_host(db, host) or (), scope.namespace)
            trimmed = _with_ports(found, ports, egress) if found else None
            if trimmed is not None:
                yield trimmed


def _best_visible(candidates: tuple[Service, ...], namespace: str) -> Service | None:
    """The proxy's own namespace comes first, whatever its service is exported to."""
    seen = [
        s for s in candidates if s.namespace == namespace or visibility.visible_to(s.export_to, namespace)
    ]
    return min(
        seen, key=lambda s: (s.namespace != namespace, s.registry is not Registry.KUBERNETES), default=None
    )


@query
def _hides_own(db: Database, scope: Scope) -> bool:
    """Tell whether a namespace has services that are exported to others only; without any, destinations add nothing."""
    own = (s for s in all_services(db) if s.namespace == scope.namespace and not scope.gateway)
    return any(not visibility.visible_to(s.export_to, scope.namespace) for s in own)


def _with_ports(service: Service, numbers: tuple[int, ...], egress: Egress) -> Service | None:
    if only := _only_port(egress.listener):
        return on_port(service, only)
    if not numbers:
        return service
    ports = tuple(port for port in service.ports if port.number in numbers)
    return msgspec.structs.replace(service, ports=ports) if ports else None
