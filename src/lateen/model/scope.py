"""What a proxy's configuration may hold: the services and VirtualServices that its Sidecar lets in.

Source: pilot/pkg/model/sidecar.go. A *scope* is identified by a namespace and at most one Sidecar, so all workloads that
the same Sidecar (or none) applies to share every answer here. Gateways never use a Sidecar. Scopes without one mostly see
the same services: they share the answers about those (`seen`), and those about one port do not change with the others.
"""

from collections.abc import Iterable

import msgspec

from lateen.api import facts
from lateen.api.meta import Ref, age_key
from lateen.api.sidecar import IstioEgressListener, Sidecar
from lateen.engine import Database, entry_of, query
from lateen.model import protocol, virtual_services, visibility
from lateen.model.audience import audience, visible_of, visible_services
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.destinations import destinations
from lateen.model.import_patterns import EVERYTHING, Patterns
from lateen.model.protocol import Protocol
from lateen.model.root import root_namespace
from lateen.model.selectors import Pairs, pairs, selects
from lateen.model.service import Registry, Service, of_host
from lateen.model.service import service as declared
from lateen.model.view import View
from lateen.model.virtual_services import Binding

Listener = IstioEgressListener | None
"""An egress listener; None for the default: everything, on every port."""


class Scope(msgspec.Struct, frozen=True, cache_hash=True):
    """The identity of a scope."""

    namespace: str
    """The proxy's namespace; `.` in a Sidecar of the root namespace means this one."""
    sidecar: Ref | None = None
    gateway: bool = False
    common: bool = False
    """It sees the services that everybody sees (`without_sidecar`)."""

    @property
    def seen(self) -> "Scope":
        """The scope that stands for all that see the same services; the argument of queries about these."""
        return EVERYBODY if self.common else self


EVERYBODY = Scope("")


@query
def scope_of(db: Database, view: View) -> Scope:
    """Choose the scope of a proxy: the oldest Sidecar that selects it, else the namespace's, else the root's."""
    chosen = None if view.is_router else _sidecar_for(db, view.namespace, view.labels)
    if chosen is not None:
        return Scope(view.namespace, chosen)
    return without_sidecar(db, view.namespace, gateway=view.is_router)


def without_sidecar(db: Database, namespace: str, *, gateway: bool = False) -> Scope:
    """Return the scope of a namespace's proxies that no Sidecar is for.

    A gateway keeps all services of a host that several namespaces declare, a sidecar those of one.
    """
    known = audience(db)
    apart = namespace in known.particular or (gateway and known.contested)
    return Scope(namespace, gateway=gateway, common=not apart)


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
def listeners(db: Database, scope: Scope) -> tuple[Listener, ...]:
    """Return the egress listeners of a scope in the Sidecar's order; the default one without a Sidecar."""
    spec = sidecar(db, scope)
    return spec.egress if spec is not None and spec.egress else (None,)


def port_of(listener: Listener) -> int:
    """Return a listener's own port, or 0 when it serves every port."""
    return listener.port.number or 0 if listener and listener.port else 0


def is_http_proxy(listener: Listener) -> bool:
    """Tell whether a listener serves every port of its services, as clients ask an explicit proxy."""
    own = listener.port if listener else None
    return own is not None and protocol.parse(own.protocol or "") is Protocol.HTTP_PROXY


def listener_for(db: Database, scope: Scope, name: str) -> int | None:
    """Find an egress listener, by its place, for the name of its routes: `9080`, `http_proxy`, `unix://path`.

    It is the first without a port of its own, or with this port.
    """
    port = int(name) if name.isdecimal() else 0
    for place, own in enumerate(listeners(db, scope)):
        if own is None or own.port is None:
            return place
        if port_of(own) == port and (port or own.bind == name):
            return place
    return None


@query
def bindings(db: Database, scope: Scope, place: int) -> tuple[Binding, ...]:
    """Return the VirtualServices for sidecars that an egress listener imports, in order of precedence."""
    if scope.gateway:
        return ()
    bound = virtual_services.for_gateway(db, MESH_GATEWAY, scope.namespace)
    patterns = _patterns(listeners(db, scope)[place], scope)
    return bound if patterns.everything else tuple(one for one in bound if patterns.import_binding(one))


def services(db: Database, scope: Scope) -> tuple[Service, ...]:
    """Return every service that a scope lets in, one per host, in the order of import.

    Destinations of imported VirtualServices come along when they are visible, or of the proxy's own namespace.
    """
    return _services(db, scope.seen)


@query
def _services(db: Database, scope: Scope) -> tuple[Service, ...]:
    follows = scope.sidecar is not None or (
        scope.namespace in audience(db).hiding and not scope.gateway
    )  # else destinations add nothing
    if not follows and scope.sidecar is None:
        found = imported(db, scope, 0)
        if len({one.host for one in found}) == len(found):
            return found
    merged: dict[str, Service] = {}
    for place, listener in enumerate(listeners(db, scope)):
        for service in imported(db, scope, place):
            _merge(merged, service)
        for service in _destination_services(db, scope, place, listener) if follows else ():
            _merge(merged, service)
    return tuple(merged.values())


def services_by_host(db: Database, scope: Scope) -> dict[str, Service]:
    """Index a scope's services by host."""
    return _by_host(db, scope.seen)


@query
def _by_host(db: Database, scope: Scope) -> dict[str, Service]:
    return {service.host: service for service in _services(db, scope)}


def service(db: Database, scope: Scope, host: str) -> Service | None:
    """Return a scope's service by host."""
    return _service(db, scope.seen, host)


@entry_of(_by_host)
def _service(db: Database, scope: Scope, host: str) -> Service | None:
    return _by_host(db, scope).get(host)


@query
def imported(db: Database, seen: Scope, place: int) -> tuple[Service, ...]:
    """Return what an egress listener imports, oldest first, trimmed to the listener's port when it has one."""
    listener = listeners(db, seen)[place]
    patterns = _patterns(listener, seen)
    found = _candidates(db, seen, patterns)
    if not patterns.everything:
        found = tuple(one for service in found if (one := patterns.imported_service(service)) is not None)
    if only := _only_port(listener):
        found = tuple(one for service in found if (one := on_port(service, only)) is not None)
    if seen.gateway or not audience(db).contested:
        return found
    return _one_namespace_each(found, seen.namespace)


@query
def _by_origin(db: Database, seen: Scope, place: int) -> dict[tuple[str, Ref], Service]:
    return {(service.host, service.origin): service for service in imported(db, seen, place)}


@entry_of(_by_origin)
def imported_as(db: Database, seen: Scope, place: int, origin: tuple[str, Ref]) -> Service | None:
    """Return what an egress listener imports under a host from the object that declares it."""
    return _by_origin(db, seen, place).get(origin)


@query
def _by_port(db: Database, seen: Scope, place: int) -> dict[int, tuple[Service, ...]]:
    index: dict[int, list[Service]] = {}
    for service in imported(db, seen, place):
        if len(service.ports) == 1:
            index.setdefault(service.ports[0].number, []).append(service)
            continue
        for number in dict.fromkeys(port.number for port in service.ports):
            index.setdefault(number, []).append(_with_number(service, number))
    return {number: tuple(found) for number, found in index.items()}


@entry_of(_by_port)
def imported_on(db: Database, seen: Scope, place: int, number: int) -> tuple[Service, ...] | None:
    """Return what an egress listener imports with a port of this number, without other ports; None for nothing."""
    return _by_port(db, seen, place).get(number)


@query
def ports(db: Database, seen: Scope, place: int) -> tuple[int, ...]:
    """Return the numbers of all ports of what an egress listener imports, sorted."""
    return tuple(sorted(_by_port(db, seen, place)))


@query
def listener_services(db: Database, seen: Scope, name: str) -> tuple[Service, ...]:
    """Return the services of an egress listener, by the name of its routes: `9080`, `http_proxy`, `unix://path`.

    They have the listener's port alone, unless that is an HTTP proxy or a socket.
    """
    place = listener_for(db, seen, name)
    if place is None:
        return ()
    if not name.isdecimal() or is_http_proxy(listeners(db, seen)[place]):
        return imported(db, seen, place)
    number = int(name)
    found = (on_port(one, number) for one in imported_on(db, seen, place, number) or ())
    return tuple(one for one in found if one is not None)


def listener_service(db: Database, scope: Scope, name: str, host: str) -> Service | None:
    """Return a service as an egress listener knows it; None when it lacks the listener's port."""
    return _listener_service(db, scope.seen, name, host)


@query
def _listener_by_host(db: Database, seen: Scope, name: str) -> dict[str, Service]:
    """Index the services of an egress listener by host; of several ServiceEntries for one the last counts."""
    return {one.host: one for one in listener_services(db, seen, name)}


@entry_of(_listener_by_host)
def _listener_service(db: Database, seen: Scope, name: str, host: str) -> Service | None:
    return _listener_by_host(db, seen, name).get(host)


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


def _with_number(service: Service, number: int) -> Service:
    """Leave out other ports; one number may serve TCP and UDP."""
    ports = tuple(port for port in service.ports if port.number == number)
    return service if len(ports) == len(service.ports) else msgspec.structs.replace(service, ports=ports)


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


def _patterns(listener: Listener, scope: Scope) -> Patterns:
    return Patterns(listener.hosts if listener else EVERYTHING, scope.namespace)


def _candidates(db: Database, scope: Scope, patterns: Patterns) -> tuple[Service, ...]:
    """Return what patterns may import: where all name one service each, of several ServiceEntries the oldest only."""
    if patterns.named is not None:
        found = (declared(db, host, namespace) for namespace, host in patterns.named)
        visible = (one for one in found if one and visibility.visible_to(one.export_to, scope.namespace))
        return tuple(sorted(visible, key=lambda one: one.age))
    if patterns.namespaces is not None:
        return visible_of(db, patterns.namespaces, scope.namespace)
    return visible_services(db, scope.namespace)


def _only_port(listener: Listener) -> int:
    """Return the port that a listener trims services to; 0 for none, as for an HTTP proxy's."""
    return 0 if is_http_proxy(listener) else port_of(listener)


def _one_namespace_each(imported: tuple[Service, ...], own: str) -> tuple[Service, ...]:
    """Keep one namespace per host: the proxy's own, else a Kubernetes Service's, else the first."""
    chosen: dict[str, Service] = {}
    for service in imported:
        chosen[service.host] = _preferred(chosen.get(service.host), service, own)
    return tuple(service for service in imported if service.namespace == chosen[service.host].namespace)


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


def _destination_services(db: Database, scope: Scope, place: int, listener: Listener) -> Iterable[Service]:
    for binding in bindings(db, scope, place):
        for host, ports in destinations(db, binding.ref, scope.namespace):
            found = _best_visible(of_host(db, host) or (), scope.namespace)
            trimmed = _with_ports(found, ports, listener) if found else None
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


def _with_ports(service: Service, numbers: tuple[int, ...], listener: Listener) -> Service | None:
    if only := _only_port(listener):
        return on_port(service, only)
    if not numbers:
        return service
    ports = tuple(port for port in service.ports if port.number in numbers)
    return msgspec.structs.replace(service, ports=ports) if ports else None
