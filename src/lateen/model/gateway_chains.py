"""The filter chains of a gateway's listener: one per server, or per VirtualService match behind a server.

Source: pilot/pkg/networking/core/gateway.go (buildGatewayTCPBasedFilterChains and what it calls).
"""

from collections.abc import Iterator

import msgspec

from lateen.api.gateway import ServerTLSSettings
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model import host as hosts
from lateen.model import scope, tcp_routing, virtual_services
from lateen.model.destination_rules import rule_for
from lateen.model.filter_chain_match import ISTIO_MUTUAL, ChainMatch, without_taken
from lateen.model.gateway import GatewayListener, GatewayServer, Kind, ServerHost, gateway_listener
from lateen.model.protocol import Protocol
from lateen.model.tcp_routing import Forwarding, L4Route, Target
from lateen.model.view import View
from lateen.model.virtual_services import Binding


class GatewayChain(msgspec.Struct, frozen=True, kw_only=True):
    """One filter chain: HTTP with a route configuration, or a TCP proxy, behind TLS that is ended or passed on."""

    match: ChainMatch = ChainMatch()
    protocol: Protocol
    routes: str = ""
    """The RDS name; empty for TCP."""
    forwarding: Forwarding | None = None
    tls: ServerTLSSettings | None = None
    """TLS that ends here."""
    name: str = ""
    """The server's; begins the statistics of HTTPS."""
    origin: Ref | None = None


@query
def gateway_chains(db: Database, view: View, bind: str, port: int) -> tuple[GatewayChain, ...]:
    """Return the chains of one listener; none when nothing is routed there, and then there is no listener."""
    listener = gateway_listener(db, view, bind, port)
    if listener is None:
        return ()
    found = []
    taken: set[tuple[str, ...]] = set()
    for chain in _chains(db, view, listener):
        match = without_taken(chain.match, taken)
        if match is not None:
            found.append(msgspec.structs.replace(chain, match=match))
    return tuple(found)


def _chains(db: Database, view: View, listener: GatewayListener) -> Iterator[GatewayChain]:
    if listener.kind is Kind.HTTP:
        yield GatewayChain(protocol=listener.servers[0].protocol, routes=listener.route_name)
        return
    passed: set[str] = set()
    for server in listener.servers:
        yield from _of_server(db, view, server, passed)


def _of_server(db: Database, view: View, server: GatewayServer, passed: set[str]) -> Iterator[GatewayChain]:
    match server.kind:
        case Kind.HTTP:
            yield GatewayChain(protocol=server.protocol, routes=server.route_name)
        case Kind.HTTPS:
            yield GatewayChain(
                match=ChainMatch(sni=server.sni),
                protocol=server.protocol,
                routes=server.route_name,
                tls=server.tls,
                name=server.name,
            )
        case Kind.PASSTHROUGH:
            yield from _passed_on(db, view, server, passed)
        case Kind.AUTO_PASSTHROUGH:
            yield from _passed_by_name(db, view, server)
        case _:
            yield from _by_tcp_route(db, view, server)


def _by_tcp_route(db: Database, view: View, server: GatewayServer) -> Iterator[GatewayChain]:
    """The first `tcp` rule that fits decides; its subnets and sources have no meaning at a gateway."""
    for ref in _bound(db, view, server):
        routes = tcp_routing.tcp_routes(db, view, ref, server.gateway_name, server.port)
        if routes:
            match = ChainMatch(sni=server.sni) if server.tls is not None else ChainMatch()
            yield _opaque(server, match, routes[0], server.tls)
            return


def _passed_on(db: Database, view: View, server: GatewayServer, passed: set[str]) -> Iterator[GatewayChain]:
    """Pass matches on, but none that shares a server name with one before: such a match is left out with all its names."""
    for ref in _bound(db, view, server):
        for route in tcp_routing.tls_routes(db, view, ref, server.gateway_name, server.port):
            if passed.isdisjoint(route.sni):
                passed.update(route.sni)
                yield _opaque(server, ChainMatch(sni=route.sni), route, None)


def _opaque(
    server: GatewayServer, match: ChainMatch, route: L4Route, tls: ServerTLSSettings | None
) -> GatewayChain:
    return GatewayChain(
        match=match, protocol=server.protocol, forwarding=route.forwarding, tls=tls, origin=route.ref
    )


def _bound(db: Database, view: View, server: GatewayServer) -> Iterator[Ref]:
    """Yield the VirtualServices with opaque routes that are bound to the server's Gateway and share a host with it."""
    for binding in virtual_services.for_gateway(db, server.gateway_name, view.namespace):
        if tcp_routing.has_l4_routes(db, binding.ref) and any(_shares(one, binding) for one in server.hosts):
            yield binding.ref


def _shares(server_host: ServerHost, binding: Binding) -> bool:
    if server_host.namespace not in ("", binding.ref.namespace):
        return False
    return any(hosts.matches(server_host.host, host) for host in binding.hosts)


def _passed_by_name(db: Database, view: View, server: GatewayServer) -> Iterator[GatewayChain]:
    """Yield a chain per service port and subset, whose server name says which cluster a mesh client means.

    None for hosts with a wildcard: Envoy refuses server names with a `*` in the middle, and with them the listener.
    """
    for service in scope.services(db, scope.scope_of(db, view)):
        if (
            service.external
            or "*" in service.host
            or not any(hosts.subset_of(service.host, host) for host in server.sni)
        ):
            continue
        rule = rule_for(db, view, service.host)
        subsets = ("", *(subset.name for subset in (rule.subsets if rule else ())))
        for port in service.ports:
            if port.protocol is not Protocol.UDP:
                for subset in subsets:
                    yield _by_name(db, view, Target(service.host, port.number, subset), port.protocol)


def _by_name(db: Database, view: View, target: Target, protocol: Protocol) -> GatewayChain:
    name = f"outbound_.{target.port}_.{target.subset}_.{target.host}"
    forwarding = tcp_routing.to_service(db, view, target)
    return GatewayChain(
        match=ChainMatch(sni=(name,), application_protocols=ISTIO_MUTUAL),
        protocol=protocol,
        forwarding=msgspec.structs.replace(forwarding, by_sni=True, tunnel=None),
    )
