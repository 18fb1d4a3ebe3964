"""LAT0112: a server that ends TLS and a match that passes it on with the same server name on one port.

istiod gives Envoy both chains, which then refuses the listener; here the first one keeps the name (`without_taken`).
"""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.gateway.subject import views
from lateen.analyze.report import found, joined
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model import gateway_claims
from lateen.model.filter_chain_match import ChainMatch
from lateen.model.gateway import GatewayListener, GatewayServer, Kind, gateway_listeners
from lateen.model.tcp_routing import L4Route
from lateen.model.view import View

ENDS_TLS = (Kind.HTTPS, Kind.TLS)
Clash = tuple[GatewayServer, L4Route, bool]
"""A server, a match with a name of its, and whether the server comes first."""


@deferred
def server_names(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which servers of a Gateway share server names with matches that pass TLS on."""
    told: dict[Finding, None] = {}
    for view in views(db, ref):
        for server, route, is_first in _clashes(db, view):
            if server.gateway == ref:
                told[_finding(ref, server, route, is_first)] = None
    return tuple(told)


@deferred
def _clashes(db: Database, view: View) -> tuple[Clash, ...]:
    listeners = gateway_listeners(db, view)
    return tuple(
        clash
        for listener in listeners
        if {one.kind for one in listener.servers} & set(ENDS_TLS)
        for clash in _on_listener(db, view, listener)
    )


def _on_listener(db: Database, view: View, listener: GatewayListener) -> Iterator[Clash]:
    servers: list[GatewayServer] = []
    routes: list[L4Route] = []
    for server, claims in gateway_claims.by_server(db, view, listener):
        if server.kind in ENDS_TLS:
            servers.append(server)
            yield from ((server, route, False) for route in routes if _shared(server, route))
        elif server.kind is Kind.PASSTHROUGH:
            used = [claim.route for claim in claims if claim.by is None]
            routes += used
            yield from ((one, route, True) for route in used for one in servers if _shared(one, route))


def _shared(server: GatewayServer, route: L4Route) -> list[str]:
    passed = _names(route.sni)
    return [name for name in _names(server.sni) if name in passed]


def _names(sni: tuple[str, ...]) -> tuple[str, ...]:
    return ChainMatch(sni=sni).server_names or ("*",)


def _finding(ref: Ref, server: GatewayServer, route: L4Route, is_first: bool) -> Finding:  # noqa: FBT001  as in Clash
    names, other = joined(_shared(server, route)), f"VirtualService {route.ref.namespace}/{route.ref.name}"
    winner, loser = ("server", "match") if is_first else ("match", "server")
    message = (
        f"server {server.index + 1} and {route.path} of {other}, which passes TLS on, both have {names} "
        f"on port {server.port}: the {winner} comes first, so the {loser} does not get it"
    )
    hint = "give them different names or ports: TLS of one name is either ended or passed on"
    return found(Code.SERVER_NAME_TAKEN, ref, f"spec.servers[{server.index}].hosts", message, hint)
