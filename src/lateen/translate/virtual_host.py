"""VirtualHost, in pieces of bytes: who it is and what it does change at different times.

The serialised form of a message is the concatenation of its fields, so a virtual host is the bytes of its head and the
bytes of its routes one after the other, and neither is made again because the other changed. They are joined when a
route configuration is: whole virtual hosts would be held beside their routes.
"""

from collections.abc import Iterable
from functools import lru_cache

import msgspec
from envoy.config.route.v3.route_components_pb2 import DirectResponseAction, Route, RouteAction, RouteMatch
from envoy.config.route.v3.route_components_pb2 import VirtualHost as Message

from lateen.model import routing
from lateen.model.outbound import CatchAll, Unknown
from lateen.model.routing import ServiceRoute
from lateen.model.routing_sidecar import VirtualHost
from lateen.translate import message, names
from lateen.translate.route import route, service_route
from lateen.translate.route_configuration import Pieces, as_field
from lateen.translate.wire import field, numbers, text

BLOCKED_STATUS = 502
_NAME, _DOMAINS, _ROUTES = (numbers(Message)[name] for name in ("name", "domains", "routes"))


class Routes(msgspec.Struct, frozen=True):
    """The routes of one VirtualService or service, serialised as fields of a virtual host."""

    ordinary: bytes
    catch_all: bytes = b""
    """Those that take every request: at the end when several VirtualServices share a host."""


def head(virtual_host: VirtualHost, *, attempt_count: bool) -> bytes:
    """Serialise everything but the routes."""
    name = text(_NAME, names.virtual_host(virtual_host.host, virtual_host.port))
    domains = (text(_DOMAINS, domain) for domain in virtual_host.domains)
    return b"".join((name, *domains, _settings(attempt_count, virtual_host.require_tls)))


@lru_cache
def _settings(attempt_count: bool, require_tls: bool) -> bytes:  # noqa: FBT001  a key
    """Return what of a head many virtual hosts have in common."""
    required = Message.ALL if require_tls else Message.NONE
    return message.serialized(Message(include_request_attempt_count=attempt_count, require_tls=required))


def routes(resolved: Iterable[routing.Route]) -> Routes:
    """Serialise the routes of a VirtualService."""
    ordinary, last = list[bytes](), list[bytes]()
    for one in resolved:
        (last if one.is_catch_all else ordinary).append(field(_ROUTES, route(one)))
    return Routes(b"".join(ordinary), b"".join(last))


def routes_of_service(resolved: ServiceRoute) -> Routes:
    """Serialise the default route of a service."""
    return Routes(field(_ROUTES, service_route(resolved)))


def in_order(start: bytes, parts: Iterable[Routes]) -> Pieces:
    """Put a head and the routes of one or more VirtualServices into the order that they have in a virtual host."""
    every = tuple(parts)
    found = (start, *(part.ordinary for part in every), *(part.catch_all for part in every))
    return as_field(tuple(piece for piece in found if piece))


@lru_cache
def catch_all(where: CatchAll, *, attempt_count: bool, forwarded_host: bool) -> Pieces:
    """Serialise the last virtual host of a sidecar, for hosts that nobody declared: nearly always the same."""
    if where.unknown is Unknown.DROP:
        return _unknown(names.BLOCK_ALL_HOST, None, attempt_count=attempt_count)
    action = RouteAction(
        cluster=_cluster(where),
        timeout=message.duration(0),
        max_grpc_timeout=message.duration(0),
        append_x_forwarded_host=forwarded_host,
    )
    resolves = where.unknown is Unknown.RESOLVE
    name = names.ALLOW_ANY_DYNAMIC_DNS_HOST if resolves else names.ALLOW_ANY_HOST
    return _unknown(name, action, attempt_count=attempt_count)


def black_hole(port: int) -> Pieces:
    """Serialise the virtual host of a gateway's port without VirtualServices: 404 for everything."""
    return as_field((message.serialized(Message(name=names.black_hole_virtual_host(port), domains=["*"])),))


def _cluster(where: CatchAll) -> str:
    if where.proxy is not None:
        return names.outbound_cluster(where.proxy.host, where.proxy.port, where.proxy.subset)
    return names.DYNAMIC_DNS if where.unknown is Unknown.RESOLVE else names.PASSTHROUGH


def _unknown(name: str, action: RouteAction | None, *, attempt_count: bool) -> Pieces:
    taken = Route(name=name, match=RouteMatch(prefix="/"))
    if action is not None:
        taken.route.CopyFrom(action)
    else:
        taken.direct_response.CopyFrom(DirectResponseAction(status=BLOCKED_STATUS))
    made = Message(name=name, domains=["*"], routes=[taken], include_request_attempt_count=attempt_count)
    return as_field((message.serialized(made),))
