"""Route configurations as resources, joined from pieces that are each a query.

An edit of a VirtualService's route re-runs the routes of that VirtualService, and one join of bytes; domains, other
virtual hosts and everything about them stay as they are.
"""

from collections.abc import Iterable
from itertools import zip_longest

import msgspec

from lateen.compile import patches
from lateen.compile.patches import Group, Outcome
from lateen.compile.resource import Resource, in_pieces, resource
from lateen.engine import Database, query
from lateen.model import routing, scope
from lateen.model.gateway import Kind, gateway_listeners
from lateen.model.gateway_routing import first_port, gateway_virtual_hosts
from lateen.model.outbound import catch_all, outbound_route_names
from lateen.model.routing import ServiceSource, Source
from lateen.model.routing_sidecar import (
    Listener,
    VirtualHost,
    distinguishes_ports,
    listener_of,
    twin,
    virtual_hosts,
)
from lateen.model.routing_view import proxy_headers, routing_view
from lateen.model.view import View
from lateen.translate import patch_route
from lateen.translate import virtual_host as write
from lateen.translate.route_configuration import Pieces, route_configuration, unknown_route_configuration
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
    return sidecar_routes(db, _representative(db, routing_view(db, view), name), name)


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
    found = _sidecar_virtual_hosts(db, view, listener)
    if listener.sniffed_host is None:
        found = (*found, _catch_all(db, view))
    ignored = not distinguishes_ports(db, view, listener)
    return in_pieces(name, route_configuration(name, found, ignore_port=ignored))


@query
def _representative(db: Database, view: View, name: str) -> View:
    """Return the view of anyone, if a route configuration is the same for anyone; else the proxy's own."""
    listener = listener_of(name)
    other = twin(db, view, listener.whole) if listener is not None else None
    if listener is None or other is None:
        return view
    rest = (_catch_all, proxy_headers)
    same = virtual_hosts(db, view, listener) == virtual_hosts(db, other, listener) and all(
        one(db, view) == one(db, other) for one in rest
    )
    return other if same else view


@query
def gateway_routes(db: Database, view: View, name: str) -> Resource:
    """Return a route configuration of a gateway."""
    found = gateway_virtual_hosts(db, view, name)
    if found is None:
        return resource(name, unknown_route_configuration(name))
    if not found:
        return in_pieces(name, route_configuration(name, [write.black_hole(first_port(db, view, name))]))
    return in_pieces(name, route_configuration(name, _all(db, _gateway_heads(db, view, name))))


class _Head(msgspec.Struct, frozen=True):
    """A virtual host before its routes are joined to it."""

    start: bytes
    parts: tuple[tuple[View, Source | ServiceSource], ...]


@query
def _sidecar_virtual_hosts(db: Database, view: View, listener: Listener) -> tuple[Pieces, ...]:
    """Return the virtual hosts of a listener; those that are anyone's are not gathered again."""
    heads = _sidecar_heads(db, view, listener)
    if all(heads):
        return _all(db, heads)
    other = twin(db, view, listener.whole)
    assert other is not None
    theirs = _sidecar_virtual_hosts(db, other, listener)
    return tuple(
        _one(db, own) if own is not None else shared for own, shared in zip(heads, theirs, strict=False)
    )


@query
def _sidecar_heads(db: Database, view: View, listener: Listener) -> tuple[_Head | None, ...]:
    """Return the heads of the virtual hosts of a listener; None for one that anyone has at that place."""
    found, other = virtual_hosts(db, view, listener), twin(db, view, listener.whole)
    theirs = virtual_hosts(db, other, listener) if other is not None else ()
    count = proxy_headers(db, view).attempt_count
    return tuple(
        None if one == shared else _head(one, view, attempt_count=count)
        for one, shared in zip_longest(found, theirs[: len(found)])
    )


@query
def _gateway_heads(db: Database, view: View, name: str) -> tuple[_Head, ...]:
    count = proxy_headers(db, view).attempt_count
    found = gateway_virtual_hosts(db, view, name) or ()
    return tuple(_head(one, view, attempt_count=count) for one in found)


def _head(one: VirtualHost, view: View, *, attempt_count: bool) -> _Head:
    made_for = one.made_for or view
    return _Head(
        write.head(one, attempt_count=attempt_count), tuple((made_for, source) for source in one.sources)
    )


def _all(db: Database, heads: Iterable[_Head | None]) -> tuple[Pieces, ...]:
    return tuple(_one(db, one) for one in heads if one is not None)


def _one(db: Database, head: _Head) -> Pieces:
    return write.in_order(head.start, (_routes(db, *part) for part in head.parts))


@query
def _routes(db: Database, view: View, source: Source | ServiceSource) -> Routes:
    """Serialise the routes of one VirtualService, or the default route of a service, for one listener."""
    if isinstance(source, Source):
        return write.routes(routing.routes(db, view, source))
    return write.routes_of_service(routing.service_route(db, view, source.host, source.port))


@query
def _catch_all(db: Database, view: View) -> Pieces:
    headers = proxy_headers(db, view)
    where = catch_all(db, scope.scope_of(db, view))
    return write.catch_all(where, attempt_count=headers.attempt_count, forwarded_host=headers.forwarded_host)
