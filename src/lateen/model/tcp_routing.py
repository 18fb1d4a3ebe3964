"""Where connections go whose bytes the proxy does not read: VirtualService `tcp` and `tls`, and services' own ports.

Sources: pilot/pkg/networking/core/{tls,networkfilter}.go. There is nothing of layer 7 here; weights count connections.
"""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from lateen.api import facts
from lateen.api.destination_rule import TCPSettings, TunnelSettings
from lateen.api.meta import Ref
from lateen.api.virtual_service import (
    L4MatchAttributes,
    RouteDestination,
    TCPRoute,
    TLSMatchAttributes,
    TLSRoute,
    VirtualService,
)
from lateen.engine import Database, query
from lateen.model import host as hosts
from lateen.model import mesh, scope, stat_names
from lateen.model.destination_rules import Rule, rule_for
from lateen.model.protocol import Protocol
from lateen.model.service import Port
from lateen.model.view import View
from lateen.model.virtual_services import gateway_name


class Target(msgspec.Struct, frozen=True):
    """A cluster and its share of the connections."""

    host: str
    port: int
    subset: str = ""
    weight: int = 1


class Tunnel(msgspec.Struct, frozen=True):
    """TCP inside an HTTP request to the upstream."""

    authority: str
    use_post: bool = False


class Forwarding(msgspec.Struct, frozen=True, kw_only=True):
    """What a TCP proxy does with a connection."""

    targets: tuple[Target, ...]
    is_shared: bool = False
    """The rule names several destinations, even if all but one are without weight."""
    stat_prefix: str = ""
    """Empty is the cluster's name."""
    idle_timeout: int | None = None
    """Nanoseconds."""
    max_duration: int | None = None
    """Nanoseconds."""
    by_source_address: bool = False
    """One client's connections go to one endpoint."""
    tunnel: Tunnel | None = None
    by_sni: bool = False
    """The clusters are those that pass mesh TLS on unread (AUTO_PASSTHROUGH)."""


class L4Route(msgspec.Struct, frozen=True):
    """A `tcp` or `tls` rule that applies to this proxy, port and gateway by everything that is known beforehand."""

    ref: Ref
    subnets: tuple[str, ...]
    sni: tuple[str, ...]
    forwarding: Forwarding
    path: str
    """Where it is written: `spec.tls[0].match[0]`, `spec.tcp[0]`."""


@query
def has_l4_routes(db: Database, ref: Ref) -> bool:
    """Tell whether a VirtualService has `tcp` or `tls` rules; most have none, and then nothing else is read of it."""
    found = facts.get(db, ref)
    return (
        found is not None
        and isinstance(found.spec, VirtualService)
        and bool(found.spec.tcp or found.spec.tls)
    )


@query
def tls_routes(db: Database, view: View, ref: Ref, gateway: str, port: int) -> tuple[L4Route, ...]:
    """Return the `tls` matches of a VirtualService that hold here, in order, each with its forwarding.

    Args:
        db: the facts.
        view: the proxy's view; its labels and namespace are compared with the source conditions.
        ref: the VirtualService.
        gateway: `mesh`, or the Gateway's `namespace/name`.
        port: the port that `match.port` is compared with, which is also that of destinations without one.
    """
    return tuple(
        L4Route(
            ref,
            match.destination_subnets,
            match.sni_hosts,
            forwarding(db, view, ref, route.route, port),
            f"{path}.match[{place}]",
        )
        for path, route in _rules(db, ref, "tls")
        for place, match in enumerate(route.match)
        if isinstance(match, TLSMatchAttributes) and _holds(match, view, ref, gateway, port)
    )


@query
def tcp_routes(db: Database, view: View, ref: Ref, gateway: str, port: int) -> tuple[L4Route, ...]:
    """Return the `tcp` rules of a VirtualService that hold here; the one without subnets ends the list."""
    found: list[L4Route] = []
    for route in held_tcp_routes(db, view, ref, gateway, port):
        found.append(route)
        if not route.subnets:
            break
    return tuple(found)


def held_tcp_routes(db: Database, view: View, ref: Ref, gateway: str, port: int) -> Iterator[L4Route]:
    """Yield the `tcp` rules that hold here, with those that earlier ones leave nothing to.

    A rule whose matches all name subnets collects them into one entry (tls.go buildSidecarOutboundTCPFilterChainOpts).
    """
    for path, route in _rules(db, ref, "tcp"):
        held = [match for match in route.match if _holds(match, view, ref, gateway, port)]
        if held or not route.match:
            is_open = not route.match or any(not match.destination_subnets for match in held)
            subnets = () if is_open else tuple(cidr for match in held for cidr in match.destination_subnets)
            yield L4Route(ref, subnets, (), forwarding(db, view, ref, route.route, port), path)


def _rules(db: Database, ref: Ref, section: str) -> Iterator[tuple[str, TCPRoute | TLSRoute]]:
    """Yield the rules that lead somewhere, with their places."""
    found = facts.get(db, ref)
    if found is not None and isinstance(found.spec, VirtualService):
        for index, route in enumerate(getattr(found.spec, section)):
            if _destinations(route.route):
                yield f"spec.{section}[{index}]", route


def _destinations(routes: Iterable[RouteDestination]) -> list[RouteDestination]:
    return [route for route in routes if route.destination is not None and route.destination.host]


def _holds(
    match: L4MatchAttributes | TLSMatchAttributes, view: View, ref: Ref, gateway: str, port: int
) -> bool:
    named = [gateway_name(name, ref.namespace) for name in match.gateways]
    if (named and gateway not in named) or (match.port and match.port != port):
        return False
    if view.is_router:
        return True  # gateway.go l4SingleMatch asks for port and gateway only
    return (match.source_namespace or view.namespace) == view.namespace and _carries(
        view, match.source_labels
    )


def _carries(view: View, labels: Mapping[str, str]) -> bool:
    return labels.items() <= dict(view.labels).items()


def forwarding(
    db: Database, view: View, ref: Ref, routes: tuple[RouteDestination, ...], port: int
) -> Forwarding:
    """Resolve a rule's destinations; the DestinationRule of the first one decides about timeouts and hashing."""
    usable = _destinations(routes)
    targets = tuple(_target(db, view, ref, route, port) for route in usable)
    first = _named(ref, usable[0])
    weighted = tuple(target for target in targets if target.weight)
    if len(targets) == 1 or not weighted:
        return to_service(db, view, targets[0], named=first)
    settings = _settings(db, view, first, "")
    prefix = f"{ref.name}.{ref.namespace}"
    return msgspec.structs.replace(settings, targets=weighted, is_shared=True, stat_prefix=prefix)


def to_service(
    db: Database, view: View, target: Target, *, named: str = "", names_port: bool = True
) -> Forwarding:
    """Return the forwarding to one cluster, as the DestinationRule of the host that was named wants it.

    An ExternalName service is named, and its target's cluster is used. Statistics do not name the port of a service's
    own chains (tls.go).
    """
    host = named or target.host
    alone = msgspec.structs.replace(target, weight=1)
    settings = _settings(db, view, host, target.subset)
    prefix = _stat_prefix(db, view, host, target, names_port=names_port)
    return msgspec.structs.replace(settings, targets=(alone,), stat_prefix=prefix)


def _stat_prefix(db: Database, view: View, host: str, target: Target, *, names_port: bool) -> str:
    """Fill the mesh's `outboundClusterStatName`; empty is the cluster's name."""
    template = facts.mesh_config(db).outbound_cluster_stat_name
    service = scope.service(db, scope.scope_of(db, view), host) if template else None
    if service is None or not template:
        return ""
    known = service.port(target.port) if names_port else None
    port = known or Port("", target.port, Protocol.TCP)
    return stat_names.filled(template, stat_names.of_service(service), port, target.subset, 0)


def _named(ref: Ref, route: RouteDestination) -> str:
    named = route.destination.host if route.destination else ""
    return hosts.canonical(named, ref.namespace)


def _target(db: Database, view: View, ref: Ref, route: RouteDestination, port: int) -> Target:
    assert route.destination is not None
    destination, host = route.destination, _named(ref, route)
    service = scope.service(db, scope.scope_of(db, view), host)
    number = port
    if destination.port is not None and destination.port.number:
        number = destination.port.number
    elif service is not None and len(service.ports) == 1:
        number = service.ports[0].number
    real = service.external_name if service is not None and service.external_name else host
    return Target(real, number, destination.subset or "", route.weight or 0)


def _settings(db: Database, view: View, host: str, subset: str) -> Forwarding:
    rule = rule_for(db, view, host)
    if rule is None:
        return Forwarding(targets=(), idle_timeout=mesh.idle_timeout(view))
    tcp = _top_level_tcp(rule)
    idle = tcp.idle_timeout if tcp.idle_timeout is not None else mesh.idle_timeout(view)
    return Forwarding(
        targets=(),
        idle_timeout=idle,
        max_duration=tcp.max_connection_duration,
        by_source_address=_hashes_source_address(rule, subset),
        tunnel=_tunnel(rule, subset),
    )


def _top_level_tcp(rule: Rule) -> TCPSettings:
    """Only the rule's own pool counts here, neither the subset's nor the port's (networkfilter.go)."""
    pool = rule.traffic_policy.connection_pool if rule.traffic_policy else None
    return (pool.tcp if pool else None) or TCPSettings()


def _hashes_source_address(rule: Rule, subset: str) -> bool:
    chosen = rule.subset(subset) if subset else None
    for policy in (chosen.traffic_policy if chosen else None, rule.traffic_policy):
        if policy is not None and policy.load_balancer is not None:
            hashing = policy.load_balancer.consistent_hash
            return bool(hashing and hashing.use_source_ip)
    return False


def _tunnel(rule: Rule, subset: str) -> Tunnel | None:
    chosen = rule.subset(subset) if subset else rule
    policy = chosen.traffic_policy if chosen else None
    settings: TunnelSettings | None = policy.tunnel if policy else None
    if settings is None:
        return None
    host = f"[{settings.target_host}]" if ":" in settings.target_host else settings.target_host
    return Tunnel(f"{host}:{settings.target_port}", settings.protocol == "POST")
