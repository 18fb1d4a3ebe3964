"""The virtual hosts of a gateway's route configurations: VirtualServices bound to the Gateways, by host.

Source: pilot/pkg/networking/core/gateway.go (buildGatewayHTTPRouteConfig). Unlike on sidecars, several VirtualServices
for one host are merged: the routes of each in order of precedence, those that take everything at the end. The routes of
a VirtualService are made once per Gateway, for the first server that needs them.
"""

from collections.abc import Iterator

import msgspec

from lateen.engine import Database, query
from lateen.model import host as hosts
from lateen.model import routing, virtual_services
from lateen.model.gateway import GatewayRoutes, GatewayServer, gateway_routes
from lateen.model.routing import ServiceSource, Source
from lateen.model.routing_sidecar import VirtualHost
from lateen.model.view import View
from lateen.model.virtual_services import Binding


@query
def gateway_virtual_hosts(db: Database, view: View, route_config_name: str) -> tuple[VirtualHost, ...] | None:
    """Return the virtual hosts of an RDS name, sorted by name; None when no listener has the name.

    Empty when nothing is bound: then everything is answered with 404.
    """
    feeding = gateway_routes(db, view, route_config_name)
    if feeding is None:
        return None
    found = _Merge()
    for server in feeding.servers:
        for binding in virtual_services.for_gateway(db, server.gateway_name, view.namespace):
            found.bind(db, view, server, binding)
        if server.https_redirect:
            found.redirect(server)
    return tuple(sorted(_collapsed(found.virtual_hosts), key=lambda one: f"{one.host}:{one.port}"))


def first_port(db: Database, view: View, route_config_name: str) -> int:
    """Return the declared port of the first server of an RDS name, which names a virtual host without routes."""
    feeding: GatewayRoutes | None = gateway_routes(db, view, route_config_name)
    return feeding.servers[0].port if feeding else 0


class _Merge:
    """Virtual hosts so far, by domain."""

    def __init__(self) -> None:
        self.virtual_hosts: dict[str, VirtualHost] = {}
        self._sources: dict[tuple[str, Binding], Source] = {}

    def bind(self, db: Database, view: View, server: GatewayServer, binding: Binding) -> None:
        """Add a VirtualService to the domains that it and the server have in common, if it has any route here."""
        shared = tuple(_intersection(server, binding))
        if not shared:
            return
        made = Source(binding.ref, server.port, server.gateway_name, tls=server.tls is not None)
        source = self._sources.get((server.gateway_name, binding), made)
        if not routing.has_routes(db, view, source):
            return
        self._sources[server.gateway_name, binding] = source
        for host in shared:
            self._add(host, server, (source,))

    def redirect(self, server: GatewayServer) -> None:
        """Answer plain requests for the server's hosts with a redirect to https, also where nothing is bound.

        Istio takes the host as it is written, with its namespace (spec: Gateway, "Which routes").
        """
        for host in server.hosts:
            self._add(host.text.lower(), server, ())

    def _add(self, domain: str, server: GatewayServer, sources: tuple[Source, ...]) -> None:
        held = self.virtual_hosts.get(domain, VirtualHost(domain, server.port, (domain,), ()))
        self.virtual_hosts[domain] = msgspec.structs.replace(
            held,
            sources=(*held.sources, *sources),
            require_tls=held.require_tls or server.https_redirect,
        )


def _intersection(server: GatewayServer, binding: Binding) -> Iterator[str]:
    """Yield the more specific host of each pair that overlaps, each once."""
    found: dict[str, None] = {}
    for own in server.hosts:
        if own.namespace in ("", binding.ref.namespace):
            for bound in binding.hosts:
                shared = hosts.intersection(own.host, bound)
                if shared is not None:
                    found[shared] = None
    yield from found


def _collapsed(found: dict[str, VirtualHost]) -> Iterator[VirtualHost]:
    """Unite virtual hosts with the same routes under the most specific of their hosts.

    Istio repeats the routes of a VirtualService for each server of its Gateway. That decides which virtual hosts are
    the same, but a repeated route is never reached, so each is said once.
    """
    united: dict[str, VirtualHost] = {}
    known: dict[tuple[Source | ServiceSource, ...], str] = {}
    for domain in sorted(found, key=hosts.specificity_key):
        one = found[domain]
        held = united.get(known.get(one.sources, ""))
        if held is not None and held.require_tls == one.require_tls:
            united[held.host] = msgspec.structs.replace(held, domains=(*held.domains, domain))
        else:
            known[one.sources] = domain
            united[domain] = one
    for one in united.values():
        yield msgspec.structs.replace(one, sources=tuple(dict.fromkeys(one.sources)))
