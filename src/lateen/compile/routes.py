"""Route configurations as resources, joined from pieces that are each a query.

An edit of a VirtualService's route re-runs the routes of that VirtualService, and one join of bytes; domains, other
virtual hosts and everything about them stay as they are.
"""

from collections.abc import Iterable

from lateen.compile import patches
from lateen.compile.patches import Group, Outcome
from lateen.compile.resource import Resource, resource
from lateen.engine import Database, query
from lateen.model import routing, scope
from lateen.model.gateway import Kind, gateway_listeners
from lateen.model.gateway_routing import first_port, gateway_virtual_hosts
from lateen.model.outbound import catch_all, outbound_route_names
from lateen.model.routing import Source
from lateen.model.routing_sidecar import (
    ServiceSource,
    VirtualHost,
    distinguishes_ports,
    listener_of,
    virtual_hosts,
)
from lateen.model.routing_view import proxy_headers, routing_view
from lateen.model.view import View
from lateen.translate import patch_route
from lateen.translate import virtual_host as write
from lateen.translate.route_configuration import route_configuration, unknown_route_configuration
from lateen.translate.virtual_host import Routes


def route(db: Database, view: View, name: str) -> Resource | None:
    """Return a route configuration by name; an empty one for a name that no listener refers to.

    Envoy asks for the routes of listeners that it is draining, and would wait for an answer.
    """
    if patches.patches(db, view, Group.ROUTES):
        return _patched(db, view, name).resource
    return _unpatched(db, view, name)


def _unpatched(db: Database, view: View, name: str) -> Resource:
    if view.is_router:
        return gateway_routes(db, view, name)
    return sidecar_routes(db, routing_view(db, view), name)


@query
def _patched(db: Database, view: View, name: str) -> Outcome:
    made = _unpatched(db, view, name)
    if not view.is_router and listener_of(name) is None:
        return Outcome(made)
    port = patch_route.gateway_route(name).port
    servers = (
        (server for one in gateway_listeners(db, view) for server in one.servers) if view.is_router else ()
    )
    ports = (one.port for one in servers if patch_route.gateway_route(one.route_name).port == port)
    mine, context = patches.patches(db, view, Group.ROUTES), patches.context_of(view)
    return patches.outcome(patch_route.patched(name, made.body, context, mine, frozenset(ports)))


@query
def route_names(db: Database, view: View) -> tuple[str, ...]:
    """Return the names of all route configurations that a proxy's listeners refer to, sorted."""
    if not view.is_router:
        return tuple(sorted(outbound_route_names(db, view)))
    named = {
        server.route_name
        for listener in gateway_listeners(db, view)
        for server in listener.servers
        if server.kind in (Kind.HTTP, Kind.HTTPS)
    }
    return tuple(sorted(named))


@query
def sidecar_routes(db: Database, view: View, name: str) -> Resource:
    """Return an outbound route configuration of a sidecar; `view` is a routing view."""
    listener = listener_of(name)
    if listener is None:
        return resource(name, unknown_route_configuration(name))
    found = _joined(db, view, _sidecar_heads(db, view, name))
    if listener.sniffed_host is None:
        found = (*found, _catch_all(db, view))
    ignored = not distinguishes_ports(db, view, listener)
    return resource(name, route_configuration(name, found, ignore_port=ignored))


@query
def gateway_routes(db: Database, view: View, name: str) -> Resource:
    """Return a route configuration of a gateway."""
    found = gateway_virtual_hosts(db, view, name)
    if found is None:
        return resource(name, unknown_route_configuration(name))
    if not found:
        return resource(name, route_configuration(name, [write.black_hole(first_port(db, view, name))]))
    return resource(name, route_configuration(name, _joined(db, view, _gateway_heads(db, view, name))))


Heads = tuple[tuple[bytes, tuple[Source | ServiceSource, ...]], ...]


@query
def _sidecar_heads(db: Database, view: View, name: str) -> Heads:
    listener = listener_of(name)
    return _heads(db, view, virtual_hosts(db, view, listener) if listener else ())


@query
def _gateway_heads(db: Database, view: View, name: str) -> Heads:
    return _heads(db, view, gateway_virtual_hosts(db, view, name) or ())


def _heads(db: Database, view: View, found: Iterable[VirtualHost]) -> Heads:
    count = proxy_headers(db, view).attempt_count
    return tuple((write.head(one, attempt_count=count), one.sources) for one in found)


def _joined(db: Database, view: View, heads: Heads) -> tuple[bytes, ...]:
    return tuple(write.joined(start, (_routes(db, view, one) for one in sources)) for start, sources in heads)


@query
def _routes(db: Database, view: View, source: Source | ServiceSource) -> Routes:
    """Serialise the routes of one VirtualService, or the default route of a service, for one listener."""
    if isinstance(source, Source):
        return write.routes(routing.routes(db, view, source))
    return write.routes_of_service(routing.service_route(db, view, source.host, source.port))


@query
def _catch_all(db: Database, view: View) -> bytes:
    headers = proxy_headers(db, view)
    where = catch_all(db, scope.scope_of(db, view))
    return write.catch_all(where, attempt_count=headers.attempt_count, forwarded_host=headers.forwarded_host)
