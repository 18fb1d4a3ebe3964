"""VirtualService HTTP routes for one proxy, gateway and port: which exist, under which names, and where they lead.

Source: pilot/pkg/networking/core/route/route.go (BuildHTTPRoutesForVirtualService, TranslateRoute). A destination that
nobody knows still makes a route: Envoy answers 503 (NC) to what takes it, and all other routes work.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from lateen.api import facts
from lateen.api.common import Destination, Percent
from lateen.api.load_balancer import ConsistentHashLB
from lateen.api.meta import Ref
from lateen.api.virtual_service import (
    Headers,
    HTTPDirectResponse,
    HTTPMatchRequest,
    HTTPRetry,
    HTTPRoute,
    HTTPRouteDestination,
)
from lateen.engine import Database
from lateen.model import routing_match
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.delegates import http_routes
from lateen.model.destination_rules import rule_for
from lateen.model.route_lookup import Lookup
from lateen.model.route_reach import reach
from lateen.model.routing_match import Caller
from lateen.model.routing_view import proxy_headers
from lateen.model.traffic_policy import hash_policy
from lateen.model.view import View

REDIRECT_CODES = frozenset({0, 301, 302, 303, 307, 308})  # what Envoy can say
UNUSABLE = HTTPDirectResponse(status=500)
EVERYTHING = 100  # per cent


class Source(msgspec.Struct, frozen=True, cache_hash=True):
    """Names the routes that one VirtualService gives to one listener."""

    ref: Ref
    port: int
    """The listener's port, see `Caller.port`."""
    gateway: str = MESH_GATEWAY
    tls: bool = False
    """The gateway's server terminates TLS: the default port of redirects is 443."""
    listener: str = ""
    """Of a sidecar: the name of the listener's routes, by which it is known what it lets in."""


class ServiceSource(msgspec.Struct, frozen=True):
    """Names the default route of a service's port."""

    host: str
    port: int


class Target(msgspec.Struct, frozen=True):
    """A cluster, by what its name is made of."""

    host: str
    port: int
    subset: str = ""


class WeightedTarget(msgspec.Struct, frozen=True, kw_only=True):
    """One destination of a route."""

    target: Target
    weight: int
    headers: Headers | None = None
    hash_policy: ConsistentHashLB | None = None


class Mirror(msgspec.Struct, frozen=True):
    """A cluster that gets copies of requests."""

    target: Target
    share: Percent | int
    """Per cent; a whole number for the deprecated `mirrorPercent`. Never 0."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One route as Envoy will have it: one condition, one action."""

    name: str
    source: Source
    condition: HTTPMatchRequest | None
    """None is every request."""
    http: HTTPRoute
    """The rule, delegates merged; its match, route, mirrors and retries are resolved in the fields here."""
    destinations: tuple[WeightedTarget, ...] = ()
    """Empty for redirects and direct responses; those without weight beside others are left out."""
    mirrors: tuple[Mirror, ...] = ()
    retries: HTTPRetry | None = None
    """The rule's, else the mesh's; None is Istio's default."""
    forwarded_host: bool = False
    """A rewrite appends the original host to `x-forwarded-host`."""

    @property
    def is_catch_all(self) -> bool:
        """Every request takes it."""
        return routing_match.is_catch_all(self.condition)


class ServiceRoute(msgspec.Struct, frozen=True, kw_only=True):
    """The only route of a service without VirtualService."""

    target: Target
    retries: HTTPRetry | None = None
    hash_policy: ConsistentHashLB | None = None


class _At(NamedTuple):
    """Where routes are made: for whom, of what."""

    db: Database
    view: View
    source: Source
    lookup: Lookup


def routes(db: Database, view: View, source: Source) -> tuple[Route, ...]:
    """Return the routes of a VirtualService for a view, in order; none after one that takes everything."""
    caller, found = caller_of(view, source), list[Route]()
    at = _At(db, view, source, Lookup(db, view, source.ref, source.gateway, source.listener))
    for http in http_routes(db, source.ref):
        for condition in http.match or (None,):
            if condition is None or routing_match.applies(condition, caller):
                found.append(_route(at, http, condition))
                if found[-1].is_catch_all:
                    return tuple(found)
    return tuple(found)


def has_routes(db: Database, view: View, source: Source) -> bool:
    """Tell whether a VirtualService has any route here; what it reads stays equal while routes change."""
    return reach(db, source.ref).is_for(caller_of(view, source))


def caller_of(view: View, source: Source) -> Caller:
    """Return for whom, and where, a view's routes of a source are."""
    return Caller(view.namespace, view.labels, source.gateway, source.port)


def service_route(db: Database, view: View, host: str, port: int) -> ServiceRoute:
    """Return the route of a service that no VirtualService claims."""
    return ServiceRoute(
        target=Target(host, port),
        retries=facts.mesh_config(db).default_http_retry_policy,
        hash_policy=hash_policy(rule_for(db, view, host), port, ""),
    )


def _route(at: _At, http: HTTPRoute, condition: HTTPMatchRequest | None) -> Route:
    usable = _usable(http)
    answers = usable.redirect is not None or usable.direct_response is not None
    return Route(
        name=_name(http, condition),
        source=at.source,
        condition=condition,
        http=usable,
        destinations=() if answers else tuple(_destinations(at, usable)),
        mirrors=() if answers else tuple(_mirrors(at, usable)),
        retries=http.retries or facts.mesh_config(at.db).default_http_retry_policy,
        forwarded_host=proxy_headers(at.db, at.view).forwarded_host,
    )


def _name(http: HTTPRoute, condition: HTTPMatchRequest | None) -> str:
    suffix = condition.name if condition else None
    return f"{http.name or ''}.{suffix}" if suffix else http.name or ""


def _usable(http: HTTPRoute) -> HTTPRoute:
    """Answer 500 where no action can be said (checks refuse such a rule): Envoy would refuse the whole answer."""
    if http.redirect is not None:
        unusable = (http.redirect.redirect_code or 0) not in REDIRECT_CODES
    elif http.direct_response is not None:
        unusable = False
    else:
        unusable = not _weighing(http)
    return msgspec.structs.replace(http, redirect=None, direct_response=UNUSABLE) if unusable else http


def _weighing(http: HTTPRoute) -> tuple[HTTPRouteDestination, ...]:
    """Leave out destinations without weight; the only one needs none."""
    if len(http.route) == 1:
        return http.route if http.route[0].destination else ()
    return tuple(one for one in http.route if one.destination and (one.weight or 0) > 0)


def _destinations(at: _At, http: HTTPRoute) -> Iterator[WeightedTarget]:
    for one in _weighing(http):
        destination = one.destination
        assert destination is not None
        port = destination.port.number if destination.port else None
        yield WeightedTarget(
            target=_target(at, destination),
            weight=one.weight or 0,
            headers=one.headers,
            hash_policy=hash_policy(at.lookup.rule(destination.host), port, destination.subset or ""),
        )


def _mirrors(at: _At, http: HTTPRoute) -> Iterator[Mirror]:
    """Yield mirrors; unlike a fault, a mirror without percentage takes everything."""
    if http.mirror is not None and (share := _mirror_share(http)):
        yield Mirror(_target(at, http.mirror), share)
    for policy in http.mirrors:
        share = _given_share(policy.percentage) if policy.percentage else EVERYTHING
        if policy.destination is not None and share:
            yield Mirror(_target(at, policy.destination), share)


def _mirror_share(http: HTTPRoute) -> Percent | int | None:
    if http.mirror_percentage is not None:
        return _given_share(http.mirror_percentage)
    return EVERYTHING if http.mirror_percent is None else http.mirror_percent or None


def _given_share(share: Percent) -> Percent | None:
    return share if (share.value or 0) > 0 else None


def _target(at: _At, destination: Destination) -> Target:
    """Name the cluster.

    An ExternalName service stands for its target. The port is the one given, else the service's only one, else the
    listener's.
    """
    service = at.lookup.service(destination.host)
    host = service.external_name if service and service.external_name else destination.host
    if destination.port is not None:
        port = destination.port.number
    elif service is not None and len(service.ports) == 1:
        port = service.ports[0].number
    else:
        port = at.source.port
    return Target(host, port, destination.subset or "")
