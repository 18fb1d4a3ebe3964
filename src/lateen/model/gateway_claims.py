"""Which `tcp` and `tls` rules a gateway's servers are asked to carry out, and which of them leave nothing to others.

Source: pilot/pkg/networking/core/gateway.go (buildGatewayNetworkFiltersFromTCPRoutes, buildGatewayNetworkFiltersFromTLSRoutes).
"""

from collections.abc import Iterator

import msgspec

from lateen.api.meta import Ref
from lateen.engine import Database
from lateen.model import host as hosts
from lateen.model import tcp_routing, virtual_services
from lateen.model.gateway import GatewayListener, GatewayServer, Kind, ServerHost
from lateen.model.tcp_routing import L4Route
from lateen.model.view import View
from lateen.model.virtual_services import Binding


class Claim(msgspec.Struct, frozen=True):
    """A rule, or a match of one, that holds at a server."""

    server: GatewayServer
    route: L4Route
    by: L4Route | None
    """The one before it that makes this one be left out; None when it is used."""
    taken: tuple[str, ...] = ()
    """Which of its server names ones before it have."""


def by_server(
    db: Database, view: View, listener: GatewayListener
) -> Iterator[tuple[GatewayServer, Iterator[Claim]]]:
    """Yield a listener's servers, in order, with the claims on each; those of one have to be read before the next."""
    taken: dict[str, L4Route] = {}
    for server in listener.servers:
        yield server, _of_server(db, view, server, taken)


def _of_server(db: Database, view: View, server: GatewayServer, taken: dict[str, L4Route]) -> Iterator[Claim]:
    if server.kind is Kind.PASSTHROUGH:
        yield from _passed_on(db, view, server, taken)
    elif server.kind in (Kind.TCP, Kind.TLS):
        yield from _forwarded(db, view, server)


def _forwarded(db: Database, view: View, server: GatewayServer) -> Iterator[Claim]:
    """The first `tcp` rule that holds decides; its subnets and sources have no meaning at a gateway."""
    first: L4Route | None = None
    for ref in _bound(db, view, server):
        for route in tcp_routing.held_tcp_routes(db, view, ref, server.gateway_name, server.port):
            yield Claim(server, route, first)
            first = first or route


def _passed_on(db: Database, view: View, server: GatewayServer, taken: dict[str, L4Route]) -> Iterator[Claim]:
    """A match that shares a server name with one before is left out with all its names."""
    for ref in _bound(db, view, server):
        for route in tcp_routing.tls_routes(db, view, ref, server.gateway_name, server.port):
            shared = tuple(name for name in route.sni if name in taken)
            yield Claim(server, route, taken[shared[0]] if shared else None, shared)
            if not shared:
                taken.update(dict.fromkeys(route.sni, route))


def _bound(db: Database, view: View, server: GatewayServer) -> Iterator[Ref]:
    """Yield the VirtualServices with opaque routes that are bound to the server's Gateway and share a host with it."""
    for binding in virtual_services.for_gateway(db, server.gateway_name, view.namespace):
        if tcp_routing.has_l4_routes(db, binding.ref) and any(_shares(one, binding) for one in server.hosts):
            yield binding.ref


def _shares(server_host: ServerHost, binding: Binding) -> bool:
    if server_host.namespace not in ("", binding.ref.namespace):
        return False
    return any(hosts.matches(server_host.host, host) for host in binding.hosts)
