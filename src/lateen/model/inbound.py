"""What a sidecar receives: the workload's own ports, and the filter chains of its inbound listeners.

Sources: pilot/pkg/networking/core/listener_inbound.go, pilot/pkg/model/context.go SetServiceTargets.
"""

import msgspec

from lateen.api import facts
from lateen.api.sidecar import IstioIngressListener
from lateen.engine import Database, query
from lateen.model import mesh, scope, stat_names
from lateen.model.audience import in_namespace
from lateen.model.endpoints import endpoints
from lateen.model.families import WILDCARD, WILDCARDS, wildcard
from lateen.model.protocol import Protocol, parse
from lateen.model.selectors import selects
from lateen.model.service import Port, Registry, Resolution, Service
from lateen.model.stat_names import Named
from lateen.model.view import View


class ServiceTarget(msgspec.Struct, frozen=True):
    """A port of a service that the workload serves, and the port that its process listens on."""

    host: str
    namespace: str
    name: str
    labels: tuple[tuple[str, str], ...]
    port: Port
    target_port: int
    named: Named
    """In the names of statistics."""


class InboundChain(msgspec.Struct, frozen=True, kw_only=True):
    """The traffic to one port of the workload."""

    port: int
    """The port that the client's connection arrives at: a target port, or a Sidecar's ingress port."""
    service_port: int
    """The Service's own number of it; only names and statistics show it."""
    protocol: Protocol
    host: str = ""
    """The service's, or `name.namespace` for a Sidecar's; traces show it."""
    stat_name: str = ""
    """What statistics of opaque connections begin with; empty is the cluster's name."""
    bind: str = WILDCARD
    bound: bool = False
    """A listener of its own on a real port, not a chain of `virtualInbound`."""
    sidecar: tuple[str, str] | None = None
    """(namespace, name) of the Sidecar that declares the port."""


@query
def service_targets(db: Database, view: View) -> tuple[ServiceTarget, ...]:
    """Return the service ports that the workload serves, of the oldest service first."""
    candidates = _candidates(db, view.namespace)
    index = _by_selector(db, view.namespace)
    places = sorted({place for pair in (*view.labels, None) for place in index.get(pair, ())})
    return tuple(target for place in places for target in _targets(db, view, candidates[place]))


@query
def inbound_chains(db: Database, view: View) -> tuple[InboundChain, ...]:
    """Return a sidecar's inbound chains by port.

    A Sidecar's `ingress` replaces what the services say. Without it, a proxy that nothing is redirected to
    (`interceptionMode: NONE`) has none, for it would take the application's own port.
    """
    declared = scope.sidecar(db, scope.scope_of(db, view))
    if declared is not None and declared.ingress:
        found = [chain for one in declared.ingress if (chain := _of_ingress(db, view, one)) is not None]
    elif view.interception == mesh.NO_INTERCEPTION:
        found = []
    else:
        found = [
            _of_target(db, view, target)
            for target in service_targets(db, view)
            if _may_use(db, target.target_port)
        ]
    first: dict[int, InboundChain] = {}
    for chain in found:
        first.setdefault(chain.port, chain)  # the oldest service decides the protocol
    return tuple(first[port] for port in sorted(first))


@query
def _candidates(db: Database, namespace: str) -> tuple[Service, ...]:
    """Return the namespace's services that may have workloads, oldest first, then by host."""
    own = (s for s in in_namespace(db, namespace) or () if s.resolution is not Resolution.ALIAS)
    return tuple(sorted(own, key=lambda s: (s.created, s.host)))


@query
def _by_selector(db: Database, namespace: str) -> dict[tuple[str, str] | None, tuple[int, ...]]:
    """Index the candidates' places by the first label of their selectors; None has those that need no label."""
    index: dict[tuple[str, str] | None, tuple[int, ...]] = {}
    for place, service in enumerate(_candidates(db, namespace)):
        key = service.selector[0] if service.selector else None
        index[key] = (*index.get(key, ()), place)
    return index


def _targets(db: Database, view: View, service: Service) -> list[ServiceTarget]:
    if service.selector is not None:
        if not selects(service.selector, view.labels):
            return []
        numbers = [_target_number(view, service, port) for port in service.ports]
    elif service.registry is Registry.EXTERNAL and view.address:
        numbers = [_inline_number(db, view, service, port) for port in service.ports]
    else:
        return []
    named = stat_names.of_service(service)
    return [
        ServiceTarget(service.host, service.namespace, service.name, service.labels, port, number, named)
        for port, number in zip(service.ports, numbers, strict=True)
        if number
    ]


def _target_number(view: View, service: Service, port: Port) -> int:
    """Find the number that a port has on this workload; 0 when its name is unknown there."""
    named = dict(view.named_ports)
    if isinstance(port.target_port, str):  # the names are those of TCP ports (util.go FindPort)
        return 0 if port.protocol is Protocol.UDP else int(named.get(port.target_port, 0))
    if service.registry is Registry.EXTERNAL and port.name in named:
        return int(named[port.name])
    return port.target_port or port.number


def _inline_number(db: Database, view: View, service: Service, port: Port) -> int:
    found = endpoints(db, service.host, service.namespace, port.number)
    return next((endpoint.port for endpoint in found if endpoint.address == view.address), 0)


def _of_target(db: Database, view: View, target: ServiceTarget) -> InboundChain:
    return InboundChain(
        port=target.target_port,
        service_port=target.port.number,
        protocol=target.port.protocol,
        host=target.host,
        stat_name=stat_names.filled(_template(db), target.named, target.port),
        bind=wildcard(view.families),
    )


def _template(db: Database) -> str:
    return facts.mesh_config(db).inbound_cluster_stat_name or ""


def _of_ingress(db: Database, view: View, listener: IstioIngressListener) -> InboundChain | None:
    if listener.port is None or not listener.port.number:
        return None
    mode = listener.capture_mode or "DEFAULT"
    bound = view.interception == mesh.NO_INTERCEPTION if mode == "DEFAULT" else mode == "NONE"
    bind = listener.bind or view.address or wildcard(view.families)
    number = listener.port.number
    if (not listener.bind or listener.bind in WILDCARDS) and not _may_use(db, number):
        return None
    if bound and mesh.is_privileged(view, number):
        return None
    chosen = scope.scope_of(db, view).sidecar
    port = Port(listener.port.name or "", number, parse(listener.port.protocol or ""))
    host = sidecar_host(db, view)
    return InboundChain(
        port=number,
        service_port=number,
        protocol=port.protocol,
        host=host,
        stat_name=stat_names.filled(_template(db), stat_names.of_host(host), port),
        bind=bind,
        bound=bound,
        sidecar=(chosen.namespace, chosen.name) if chosen else None,
    )


def sidecar_host(db: Database, view: View) -> str:
    """Name the Sidecar of a proxy as if it were a service of the proxy's namespace, even the root namespace's one."""
    chosen = scope.scope_of(db, view).sidecar
    return f"{chosen.name}.{view.namespace}" if chosen else ""


def any_port_stat_name(db: Database) -> str:
    """Return what statistics of opaque connections to undeclared ports begin with; empty is the cluster's name."""
    return stat_names.filled(
        _template(db), stat_names.NOBODY, Port("virtualInbound", 0, Protocol.UNSUPPORTED)
    )


def _may_use(db: Database, number: int) -> bool:
    return number not in mesh.reserved_ports(db)
