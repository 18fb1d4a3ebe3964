"""The filter chains of a gateway's listener: one per server, or per VirtualService match behind a server.

Source: pilot/pkg/networking/core/gateway.go (buildGatewayTCPBasedFilterChains and what it calls).
"""

from collections.abc import Iterator

import msgspec

from lateen.api.gateway import ServerTLSSettings
from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model import gateway_claims, scope, tcp_routing
from lateen.model import host as hosts
from lateen.model.destination_rules import rule_for
from lateen.model.filter_chain_match import ISTIO_MUTUAL, ChainMatch, without_taken
from lateen.model.gateway import GatewayListener, GatewayServer, Kind, gateway_listener
from lateen.model.gateway_claims import Claim
from lateen.model.protocol import Protocol
from lateen.model.tcp_routing import Forwarding, Target
from lateen.model.view import View


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
    for server, claims in gateway_claims.by_server(db, view, listener):
        yield from _of_server(db, view, server, claims)


def _of_server(
    db: Database, view: View, server: GatewayServer, claims: Iterator[Claim]
) -> Iterator[GatewayChain]:
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
            yield from (_opaque(one, ChainMatch(sni=one.route.sni)) for one in claims if one.by is None)
        case Kind.AUTO_PASSTHROUGH:
            yield from _passed_by_name(db, view, server)
        case Kind.TCP | Kind.TLS:
            match = ChainMatch(sni=server.sni) if server.tls is not None else ChainMatch()
            first = next(claims, None)
            if first is not None:
                yield _opaque(first, match, server.tls)


def _opaque(claim: Claim, match: ChainMatch, tls: ServerTLSSettings | None = None) -> GatewayChain:
    route = claim.route
    return GatewayChain(
        match=match, protocol=claim.server.protocol, forwarding=route.forwarding, tls=tls, origin=route.ref
    )


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
