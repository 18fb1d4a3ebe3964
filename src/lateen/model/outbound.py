"""The outbound listeners of a sidecar: their filter chains, and what happens to everything else.

Source: pilot/pkg/networking/core/{listener,tls}.go.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model import host as hosts
from lateen.model import mesh, outbound_plan, scope, tcp_routing
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.families import WILDCARDS
from lateen.model.filter_chain_match import PLAINTEXT_HTTP, RAW, ChainMatch, without_taken
from lateen.model.outbound_plan import Capture, Entry, Form, Member
from lateen.model.protocol import Protocol
from lateen.model.routing_domains import short_forms
from lateen.model.scope import Scope
from lateen.model.service import Resolution, Service
from lateen.model.tcp_routing import Forwarding, Target
from lateen.model.view import View
from lateen.model.virtual_services import Binding

HTTP_PROXY_ROUTES = "http_proxy"


class Unknown(StrEnum):
    """What happens to traffic that no service claims."""

    PASS = "pass"  # noqa: S105
    DROP = "drop"
    PROXY = "proxy"
    """A Sidecar's `egressProxy` takes it."""
    RESOLVE = "resolve"
    """HTTP goes where its Host header says, resolved by the proxy; the rest passes."""


class CatchAll(msgspec.Struct, frozen=True):
    """The treatment of unknown traffic."""

    unknown: Unknown
    proxy: Target | None = None


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """One filter chain: HTTP with a route configuration, or a TCP proxy."""

    match: ChainMatch = ChainMatch()
    routes: str = ""
    """The RDS name; empty for TCP."""
    protocol: Protocol
    forwarding: Forwarding | None = None
    resolves: str = ""
    """A wildcard host (`resolution: DYNAMIC_DNS`) whose names the proxy looks up itself; else empty."""
    origin: Ref | None = None
    """The VirtualService it comes from."""


class OutboundListener(msgspec.Struct, frozen=True):
    """One outbound listener."""

    bind: str
    port: int
    bound: bool
    chains: tuple[Chain, ...]
    """No two have the same conditions."""
    also: tuple[str, ...] = ()
    """Further addresses."""


@query
def catch_all(db: Database, chosen: Scope) -> CatchAll:
    """Return the treatment of unknown traffic: the Sidecar's policy, else the mesh's."""
    mode = scope.outbound_mode(db, chosen)
    if mode == "REGISTRY_ONLY":
        return CatchAll(Unknown.DROP)
    spec = scope.sidecar(db, chosen)
    policy = spec.outbound_traffic_policy if spec else None
    if policy is not None and policy.egress_proxy is not None and chosen.sidecar is not None:
        wanted = policy.egress_proxy
        host = wanted.host.lower()  # as it is written: istiod completes no short name here (listener.go)
        number = wanted.port.number if wanted.port else 0
        return CatchAll(Unknown.PROXY, Target(host, number, wanted.subset or ""))
    return CatchAll(Unknown.RESOLVE if mode == "ALLOW_ANY_DYNAMIC_DNS" else Unknown.PASS)


@query
def outbound_addresses(db: Database, view: View) -> tuple[tuple[str, int], ...]:
    """Return (bind, port) of a sidecar's outbound listeners, without `virtualOutbound` and the HTTP proxy."""
    return outbound_plan.addresses(db, outbound_plan.capture_of(db, view))


@query
def outbound_listener(db: Database, view: View, bind: str, port: int) -> OutboundListener | None:
    """Return one outbound listener of a sidecar."""
    found = outbound_plan.entry(db, outbound_plan.capture_of(db, view), bind, port)
    if found is None:
        return None
    chains = (chain for member in found.members for chain in _chains(db, view, found, member))
    return OutboundListener(bind, port, found.bound, tuple(_distinct(chains)), found.also)


def _distinct(chains: Iterable[Chain]) -> Iterator[Chain]:
    """Leave out the conditions that an earlier chain has: the first service keeps them."""
    taken: set[tuple[str, ...]] = set()
    for chain in chains:
        match = without_taken(chain.match, taken)
        if match is not None:
            yield msgspec.structs.replace(chain, match=match)


@query
def outbound_route_names(db: Database, view: View) -> tuple[str, ...]:
    """Return the RDS names that a sidecar's outbound listeners ask for, sorted."""
    capture = outbound_plan.capture_of(db, view)
    found = {
        name for number in outbound_plan.ports(db, capture) for name in _names_on_port(db, capture, number)
    }
    if mesh.http_proxy_port(db, view):
        found.add(HTTP_PROXY_ROUTES)
    return tuple(sorted(found))


@query
def _names_on_port(db: Database, capture: Capture, number: int) -> frozenset[str]:
    return frozenset(
        _route_name(entry, member)
        for entry in outbound_plan.entries(db, capture, number).values()
        for member in entry.members
        if member.form is not Form.TCP
    )


def _chains(db: Database, view: View, entry: Entry, member: Member) -> Iterator[Chain]:
    if member.form is not Form.HTTP:
        yield from _opaque_chains(db, view, entry, member)
    if member.form is not Form.TCP:
        yield Chain(
            match=_http_match(entry, member),
            routes=_route_name(entry, member),
            protocol=member.port.protocol,
            resolves=_resolves(_service(db, scope.scope_of(db, view), member)),
        )


def _http_match(entry: Entry, member: Member) -> ChainMatch:
    """A wildcard or detecting listener takes HTTP only, so that other bytes find another chain."""
    is_only_http = member.port.protocol is Protocol.HTTP_PROXY or (
        member.form is Form.HTTP and entry.bind not in WILDCARDS
    )
    if is_only_http:
        return ChainMatch()
    return ChainMatch(application_protocols=PLAINTEXT_HTTP, transport=RAW)


def _route_name(entry: Entry, member: Member) -> str:
    if not entry.port:
        return entry.bind
    if member.form is Form.DETECTED and entry.bind not in WILDCARDS:
        return f"{member.host}:{entry.port}"
    return str(entry.port)


def _opaque_chains(db: Database, view: View, entry: Entry, member: Member) -> Iterator[Chain]:
    chosen = scope.scope_of(db, view)
    service = _service(db, chosen, member)
    if service is None:
        return
    if member.port.protocol.is_tls:
        yield from _tls_chains(db, view, entry, member, service)
    else:
        yield from _tcp_chains(db, view, member, service)


@query
def _bound_to(db: Database, chosen: Scope, egress: int, host: str) -> tuple[Ref, ...]:
    """Return the VirtualServices with opaque routes for a host, in order of precedence."""
    found = _opaque_bindings(db, chosen, egress)
    return tuple(one.ref for one in found if any(hosts.matches(name, host) for name in one.hosts))


@query
def _opaque_bindings(db: Database, chosen: Scope, egress: int) -> tuple[Binding, ...]:
    """Return the few that have opaque routes at all; stays equal while services come and go."""
    bindings = scope.bindings(db, chosen, egress)
    return tuple(one for one in bindings if tcp_routing.has_l4_routes(db, one.ref))


def _service(db: Database, chosen: Scope, member: Member) -> Service | None:
    return scope.imported_as(db, chosen.seen, member.egress, (member.host, member.origin))


def _tls_chains(db: Database, view: View, entry: Entry, member: Member, service: Service) -> Iterator[Chain]:
    own: tuple[str, ...] = (member.cidr,) if member.cidr else ()
    made: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()
    for ref in _bound_to(db, scope.scope_of(db, view), member.egress, member.host):
        for route in tcp_routing.tls_routes(db, view, ref, MESH_GATEWAY, entry.port):
            own = (
                route.subnets if route.subnets and entry.port else own
            )  # later matches keep them, as in tls.go
            if (route.sni, route.subnets) in made:
                continue
            made.add((route.sni, route.subnets))
            match = ChainMatch(sni=route.sni, cidrs=own)
            yield Chain(match=match, protocol=member.port.protocol, forwarding=route.forwarding, origin=ref)
    if not made:
        sni = _names(service, view) if _needs_sni(entry, member, service, own) else ()
        yield _default_chain(db, view, member, service, ChainMatch(sni=sni, cidrs=own))


def _needs_sni(entry: Entry, member: Member, service: Service, own: tuple[str, ...]) -> bool:
    """The name tells services apart where the address does not: on a shared wildcard or range."""
    is_shared = member.address in WILDCARDS and entry.bind in WILDCARDS
    return bool(own) or hosts.is_cidr(member.address) or is_shared or bool(_resolves(service))


def _resolves(service: Service | None) -> str:
    is_dynamic = service is not None and service.resolution is Resolution.DYNAMIC_DNS
    return service.host if service is not None and is_dynamic and hosts.is_wildcard(service.host) else ""


def _names(service: Service, view: View) -> tuple[str, ...]:
    """Name a service and its aliases; only aliases also by their short forms (tls.go)."""
    short = (name for alias in service.aliases for name in (alias, *short_forms(alias, view)))
    return (service.host, *short)


def _tcp_chains(db: Database, view: View, member: Member, service: Service) -> Iterator[Chain]:
    own = (member.cidr,) if member.cidr else ()
    for ref in _bound_to(db, scope.scope_of(db, view), member.egress, member.host):
        for route in tcp_routing.tcp_routes(db, view, ref, MESH_GATEWAY, member.port.number):
            is_last = not route.subnets or not member.port.number
            match = ChainMatch(cidrs=own if is_last else route.subnets)
            yield Chain(match=match, protocol=member.port.protocol, forwarding=route.forwarding, origin=ref)
            if is_last:
                return
    yield _default_chain(db, view, member, service, ChainMatch(cidrs=own))


def _default_chain(db: Database, view: View, member: Member, service: Service, match: ChainMatch) -> Chain:
    """Return the chain to the service itself: its only port, else the listener's."""
    number = service.ports[0].number if len(service.ports) == 1 else member.port.number
    target = Target(service.host, number)
    return Chain(
        match=match,
        protocol=member.port.protocol,
        forwarding=tcp_routing.to_service(db, view, target, names_port=False),
        resolves=_resolves(service),
    )
