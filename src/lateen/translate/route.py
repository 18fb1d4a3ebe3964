"""A resolved route → Envoy's Route, encoded (pilot/pkg/networking/core/route/route.go, TranslateRoute).

A mesh has thousands of routes, and most say where requests go, how long they may take and nothing more: that is encoded
by hand, and what many have in common is encoded once. Whatever is rare is a message, whose bytes are put next to it.
"""

from functools import lru_cache

from envoy.config.route.v3.route_components_pb2 import Decorator, Route, RouteAction, RouteMatch

from lateen.api.meta import Ref
from lateen.api.virtual_service import HTTPRetry
from lateen.model import routing
from lateen.model.routing import ServiceRoute, WeightedTarget
from lateen.translate import headers, message, names
from lateen.translate.direct_response import direct_response_action
from lateen.translate.hash_policy import hash_policy
from lateen.translate.headers import HeaderChanges
from lateen.translate.http_filters.cors import cors_of_route
from lateen.translate.http_filters.fault import fault_of_route
from lateen.translate.match import described, route_match
from lateen.translate.message import serialized
from lateen.translate.metadata import route_metadata
from lateen.translate.mirror import mirror_policy
from lateen.translate.redirect import redirect_action
from lateen.translate.retry import retry_policy
from lateen.translate.rewrite import new_authority, rewrite_path
from lateen.translate.weighted import cluster_of, weighted_clusters
from lateen.translate.wire import field, numbers, text

GROUP, VERSION = "networking.istio.io", "v1"
_ROUTE, _ACTION = numbers(Route), numbers(RouteAction)
_NAME, _MATCH, _METADATA, _DECORATOR, _STAT_PREFIX = (
    _ROUTE[name] for name in ("name", "match", "metadata", "decorator", "stat_prefix")
)
_LEADS, _REDIRECTS, _ANSWERS = (_ROUTE[name] for name in ("route", "redirect", "direct_response"))
_CLUSTER, _WEIGHTED = _ACTION["cluster"], _ACTION["weighted_clusters"]
_OPERATION = numbers(Decorator)["operation"]
_RECENT = 2**6


def route(resolved: routing.Route) -> bytes:
    """Return one route of a VirtualService."""
    condition = resolved.condition
    prefix = condition.stat_prefix if condition else None
    return b"".join(
        (
            text(_NAME, resolved.name) if resolved.name else b"",
            field(_MATCH, route_match(condition)),
            field(_METADATA, _origin(resolved.source.ref)),
            text(_STAT_PREFIX, prefix) if prefix else b"",
            _answer(resolved),
            field(_DECORATOR, text(_OPERATION, _operation(resolved))),
            _further(resolved),
        )
    )


def service_route(resolved: ServiceRoute) -> bytes:
    """Return the only route of a service without VirtualService."""
    target, hashed = resolved.target, hash_policy(resolved.hash_policy)
    action = (
        text(_CLUSTER, cluster_of(target)),
        _pace(0, resolved.retries, hashed=False),
        serialized(RouteAction(hash_policy=[hashed])) if hashed else b"",
    )
    operation = f"{names.virtual_host(target.host, target.port)}/*"
    return b"".join(
        (
            text(_NAME, names.DEFAULT_ROUTE),
            field(_MATCH, route_match(None)),
            field(_LEADS, b"".join(action)),
            field(_DECORATOR, text(_OPERATION, operation)),
        )
    )


def default_route(action: RouteAction, operation: str) -> Route:
    """Return a route for every request, named `default`, with its name in traces."""
    return Route(
        name=names.DEFAULT_ROUTE,
        match=RouteMatch(prefix="/"),
        decorator=Decorator(operation=f"{operation}/*"),
        route=action,
    )


def _answer(resolved: routing.Route) -> bytes:
    """Return what is done with a request: a redirect, an answer, or the way to a cluster."""
    http, source = resolved.http, resolved.source
    if http.redirect is not None:
        return field(_REDIRECTS, serialized(redirect_action(http.redirect, source.port, tls=source.tls)))
    if http.direct_response is not None:
        return field(_ANSWERS, serialized(direct_response_action(http.direct_response)))
    return field(_LEADS, _action(resolved))


def _action(resolved: routing.Route) -> bytes:
    """Return where requests go and how: without a `timeout` never in a hurry."""
    destinations, timeout = resolved.destinations, int(resolved.http.timeout or 0)
    if not _is_alone(resolved):
        where = field(_WEIGHTED, weighted_clusters(destinations))
        return where + _pace(timeout, resolved.retries, hashed=False) + _further_action(resolved)
    only = destinations[0]
    pace = _pace(timeout, resolved.retries, hashed=only.hash_policy is not None)
    return text(_CLUSTER, cluster_of(only.target)) + pace + _further_action(resolved)


@lru_cache(_RECENT)
def _pace(timeout: int, retries: HTTPRetry | None, *, hashed: bool) -> bytes:
    """Return the part of an action about time: its limit in nanoseconds, which is gRPC's own too, and retries."""
    limit = message.duration(timeout)
    return serialized(
        RouteAction(timeout=limit, max_grpc_timeout=limit, retry_policy=retry_policy(retries, hashed=hashed))
    )


def _further_action(resolved: routing.Route) -> bytes:
    """Return what most actions lack: mirrors, hashing, rewrites."""
    rewrite, mirrors = resolved.http.rewrite, resolved.mirrors
    hashes = _hash_policies(resolved.destinations)
    authority = new_authority(
        rewrite, headers.changes(resolved.http.headers).authority, _own_changes(resolved).authority
    )
    if rewrite is None and not (mirrors or hashes or authority):
        return b""
    action = RouteAction(
        request_mirror_policies=[mirror_policy(mirror) for mirror in mirrors],
        hash_policy=hashes,
        append_x_forwarded_host=rewrite is not None and resolved.forwarded_host,
    )
    rewrite_path(action, rewrite)
    if authority:
        action.host_rewrite_literal = authority
    return serialized(action)


def _hash_policies(destinations: tuple[WeightedTarget, ...]) -> list[RouteAction.HashPolicy]:
    return [found for one in destinations if (found := hash_policy(one.hash_policy))]


def _is_alone(resolved: routing.Route) -> bool:
    """A destination that is the only one declared; one whose rivals have no weight is still a weighted cluster."""
    return len(resolved.http.route) == 1


def _own_changes(resolved: routing.Route) -> HeaderChanges:
    """Return the operations of the only destination, which Envoy carries out with the route's."""
    alone = _is_alone(resolved) and resolved.destinations
    return headers.changes(resolved.destinations[0].headers) if alone else headers.NONE


def _further(resolved: routing.Route) -> bytes:
    """Return what most routes lack: operations on headers, settings of filters."""
    http, made = resolved.http, None
    for changes in (headers.changes(http.headers), _own_changes(resolved)):
        if changes is not headers.NONE:
            made = made or Route()
            headers.write(made, changes)
    if http.fault is not None or http.cors_policy is not None:
        made = made or Route()
        _configure_filters(made, resolved)
    return serialized(made) if made is not None else b""


def _configure_filters(made: Route, resolved: routing.Route) -> None:
    fault = fault_of_route(resolved.http.fault)
    if fault is not None:
        made.typed_per_filter_config[names.FAULT].CopyFrom(message.any_of(fault))
    if resolved.http.cors_policy is not None:
        cors = cors_of_route(resolved.http.cors_policy)
        made.typed_per_filter_config[names.CORS].CopyFrom(message.any_of(cors))


def _operation(resolved: routing.Route) -> str:
    """Name the operation in traces: by the only destination, else by the VirtualService (route.go GetRouteOperation)."""
    path = described(resolved.condition)
    if _is_alone(resolved) and resolved.destinations:
        target = resolved.destinations[0].target
        return f"{target.host}:{target.port}{path}"
    return f"{resolved.source.ref.name}:{resolved.source.port}{path}"


@lru_cache(_RECENT)
def _origin(ref: Ref) -> bytes:
    return route_metadata(names.config_path(GROUP, VERSION, ref.namespace, "virtual-service", ref.name))
