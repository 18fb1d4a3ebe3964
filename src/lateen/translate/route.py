"""A resolved route → Envoy's Route (pilot/pkg/networking/core/route/route.go, TranslateRoute)."""

from functools import lru_cache

from envoy.config.core.v3.base_pb2 import Metadata
from envoy.config.route.v3.route_components_pb2 import Decorator, Route, RouteAction, RouteMatch
from google.protobuf.struct_pb2 import Struct, Value

from lateen.api.meta import Ref
from lateen.model import routing
from lateen.model.routing import ServiceRoute
from lateen.translate import headers, message, names
from lateen.translate.direct_response import direct_response_action
from lateen.translate.hash_policy import hash_policy
from lateen.translate.headers import HeaderChanges
from lateen.translate.http_filters.cors import cors_of_route
from lateen.translate.http_filters.fault import fault_of_route
from lateen.translate.match import route_match
from lateen.translate.mirror import mirror_policy
from lateen.translate.redirect import redirect_action
from lateen.translate.retry import retry_policy
from lateen.translate.rewrite import new_authority, rewrite_path
from lateen.translate.weighted import cluster_of, weighted_clusters

METADATA = "istio"  # filter_metadata that names the object a route comes from
GROUP, VERSION = "networking.istio.io", "v1"


def route(resolved: routing.Route) -> Route:
    """Return one route of a VirtualService."""
    condition, http = resolved.condition, resolved.http
    made = Route(
        name=resolved.name,
        match=route_match(condition),
        metadata=_origin(resolved.source.ref),
        stat_prefix=(condition.stat_prefix if condition else None) or "",
    )
    if http.redirect is not None:
        source = resolved.source
        made.redirect.CopyFrom(redirect_action(http.redirect, source.port, tls=source.tls))
    elif http.direct_response is not None:
        made.direct_response.CopyFrom(direct_response_action(http.direct_response))
    else:
        made.route.CopyFrom(_action(resolved))
    for changes in (headers.changes(http.headers), _own_changes(resolved)):
        headers.write(made, changes)
    made.decorator.operation = _operation(made, resolved)
    _configure_filters(made, resolved)
    return made


def service_route(resolved: ServiceRoute) -> Route:
    """Return the only route of a service without VirtualService."""
    target = resolved.target
    action = RouteAction(
        cluster=cluster_of(target),
        timeout=message.duration(0),
        max_grpc_timeout=message.duration(0),
        retry_policy=retry_policy(resolved.retries, hashed=False),
    )
    if hashed := hash_policy(resolved.hash_policy):
        action.hash_policy.append(hashed)
    return default_route(action, names.virtual_host(target.host, target.port))


def default_route(action: RouteAction, operation: str) -> Route:
    """Return a route for every request, named `default`, with its name in traces."""
    return Route(
        name=names.DEFAULT_ROUTE,
        match=RouteMatch(prefix="/"),
        decorator=Decorator(operation=f"{operation}/*"),
        route=action,
    )


def _action(resolved: routing.Route) -> RouteAction:
    """Return where requests go and how: without a `timeout` never in a hurry, gRPC's own limit included."""
    http, destinations = resolved.http, resolved.destinations
    timeout = message.duration(http.timeout or 0)
    action = RouteAction(
        timeout=timeout,
        max_grpc_timeout=timeout,
        request_mirror_policies=[mirror_policy(mirror) for mirror in resolved.mirrors],
        hash_policy=[found for one in destinations if (found := hash_policy(one.hash_policy))],
        append_x_forwarded_host=http.rewrite is not None and resolved.forwarded_host,
    )
    hashed = len(destinations) == 1 and destinations[0].hash_policy is not None
    if retries := retry_policy(resolved.retries, hashed=_is_alone(resolved) and hashed):
        action.retry_policy.CopyFrom(retries)
    if _is_alone(resolved):
        action.cluster = cluster_of(destinations[0].target)
    else:
        action.weighted_clusters.CopyFrom(weighted_clusters(destinations))
    rewrite_path(action, http.rewrite)
    authority = new_authority(
        http.rewrite, headers.changes(http.headers).authority, _own_changes(resolved).authority
    )
    if authority:
        action.host_rewrite_literal = authority
    return action


def _is_alone(resolved: routing.Route) -> bool:
    """A destination that is the only one declared; one whose rivals have no weight is still a weighted cluster."""
    return len(resolved.http.route) == 1


def _own_changes(resolved: routing.Route) -> HeaderChanges:
    """Return the operations of the only destination, which Envoy carries out with the route's."""
    alone = _is_alone(resolved) and resolved.destinations
    return headers.changes(resolved.destinations[0].headers) if alone else headers.NONE


def _configure_filters(made: Route, resolved: routing.Route) -> None:
    fault = fault_of_route(resolved.http.fault)
    if fault is not None:
        made.typed_per_filter_config[names.FAULT].CopyFrom(message.any_of(fault))
    if resolved.http.cors_policy is not None:
        cors = cors_of_route(resolved.http.cors_policy)
        made.typed_per_filter_config[names.CORS].CopyFrom(message.any_of(cors))


def _operation(made: Route, resolved: routing.Route) -> str:
    """Name the operation in traces: by the only destination, else by the VirtualService (route.go GetRouteOperation)."""
    path = _described(made.match)
    if made.route.cluster:
        target = resolved.destinations[0].target
        return f"{target.host}:{target.port}{path}"
    return f"{resolved.source.ref.name}:{resolved.source.port}{path}"


def _described(match: RouteMatch) -> str:
    if match.HasField("prefix"):
        return f"{match.prefix}*"
    return match.path if match.HasField("path") else match.safe_regex.regex


@lru_cache(64)
def _origin(ref: Ref) -> Metadata:
    path = names.config_path(GROUP, VERSION, ref.namespace, "virtual-service", ref.name)
    return Metadata(filter_metadata={METADATA: Struct(fields={"config": Value(string_value=path)})})
