"""Routes and virtual hosts made message by message: what the program joins of encoded pieces, said plainly."""

from collections.abc import Iterable

from envoy.config.core.v3.base_pb2 import Metadata
from envoy.config.route.v3.route_components_pb2 import (
    Decorator,
    Route,
    RouteAction,
    RouteMatch,
    VirtualHost,
    WeightedCluster,
)
from envoy.type.matcher.v3.regex_pb2 import RegexMatcher
from google.protobuf.struct_pb2 import Struct, Value

from lateen.api.virtual_service import HTTPMatchRequest
from lateen.model import routing, routing_sidecar
from lateen.model.routing import ServiceRoute, Target, WeightedTarget
from lateen.translate import headers, match, message
from lateen.translate.direct_response import direct_response_action
from lateen.translate.hash_policy import hash_policy
from lateen.translate.headers import HeaderChanges
from lateen.translate.http_filters.cors import cors_of_route
from lateen.translate.http_filters.fault import fault_of_route
from lateen.translate.mirror import mirror_policy
from lateen.translate.redirect import redirect_action
from lateen.translate.retry import retry_policy
from lateen.translate.rewrite import rewrite_path


def head(one: routing_sidecar.VirtualHost, *, attempt_count: bool) -> VirtualHost:
    """Return a virtual host without routes."""
    return VirtualHost(
        name=f"{one.host}:{one.port}",
        domains=one.domains,
        include_request_attempt_count=attempt_count,
        require_tls=VirtualHost.ALL if one.require_tls else VirtualHost.NONE,
    )


def with_routes(resolved: Iterable[routing.Route]) -> VirtualHost:
    """Return the routes of a VirtualService, those that take every request last."""
    ordered = sorted(resolved, key=lambda one: one.is_catch_all)
    return VirtualHost(routes=[route(one) for one in ordered])


def route(resolved: routing.Route) -> Route:
    """Return one route of a VirtualService."""
    condition, http, source = resolved.condition, resolved.http, resolved.source
    path = f"/apis/networking.istio.io/v1/namespaces/{source.ref.namespace}/virtual-service/{source.ref.name}"
    origin = Struct(fields={"config": Value(string_value=path)})
    made = Route(
        name=resolved.name,
        match=route_match(condition),
        metadata=Metadata(filter_metadata={"istio": origin}),
        stat_prefix=(condition.stat_prefix if condition else None) or "",
    )
    if http.redirect is not None:
        made.redirect.CopyFrom(redirect_action(http.redirect, source.port, tls=source.tls))
    elif http.direct_response is not None:
        made.direct_response.CopyFrom(direct_response_action(http.direct_response))
    else:
        made.route.CopyFrom(_action(resolved))
    for changes in (headers.changes(http.headers), _own_changes(resolved)):
        headers.write(made, changes)
    made.decorator.operation = _operation(made, resolved)
    if (fault := fault_of_route(http.fault)) is not None:
        made.typed_per_filter_config["envoy.filters.http.fault"].CopyFrom(message.any_of(fault))
    if http.cors_policy is not None:
        cors = message.any_of(cors_of_route(http.cors_policy))
        made.typed_per_filter_config["envoy.filters.http.cors"].CopyFrom(cors)
    return made


def service_route(resolved: ServiceRoute) -> VirtualHost:
    """Return the only route of a service without VirtualService, in a virtual host."""
    action = RouteAction(
        cluster=_cluster(resolved.target),
        timeout=message.duration(0),
        max_grpc_timeout=message.duration(0),
        retry_policy=retry_policy(resolved.retries, hashed=False),
    )
    if hashed := hash_policy(resolved.hash_policy):
        action.hash_policy.append(hashed)
    operation = f"{resolved.target.host}:{resolved.target.port}/*"
    only = Route(
        name="default", match=RouteMatch(prefix="/"), decorator=Decorator(operation=operation), route=action
    )
    return VirtualHost(routes=[only])


def route_match(condition: HTTPMatchRequest | None) -> RouteMatch:
    """Return the condition on requests."""
    if condition is None:
        return RouteMatch(prefix="/")
    matched = _path(condition)
    matched.case_sensitive.value = not condition.ignore_uri_case
    matched.headers.extend(match._headers(condition))
    queries = sorted(condition.query_params.items())
    matched.query_parameters.extend(match.query_parameter(name, wanted) for name, wanted in queries)
    matched.dynamic_metadata.extend(match._claims(condition))
    return matched


def _path(condition: HTTPMatchRequest) -> RouteMatch:
    uri = condition.uri
    if uri is not None and uri.exact is not None:
        return RouteMatch(path=uri.exact)
    if uri is not None and uri.prefix is not None:
        return RouteMatch(prefix=uri.prefix)
    if uri is not None and uri.regex is not None:
        return RouteMatch(safe_regex=RegexMatcher(regex=uri.regex))
    return RouteMatch(prefix="/")


def _action(resolved: routing.Route) -> RouteAction:
    http, destinations = resolved.http, resolved.destinations
    alone = len(http.route) == 1
    action = RouteAction(
        timeout=message.duration(http.timeout or 0),
        max_grpc_timeout=message.duration(http.timeout or 0),
        request_mirror_policies=[mirror_policy(mirror) for mirror in resolved.mirrors],
        hash_policy=[found for one in destinations if (found := hash_policy(one.hash_policy))],
        append_x_forwarded_host=http.rewrite is not None and resolved.forwarded_host,
        retry_policy=retry_policy(resolved.retries, hashed=alone and destinations[0].hash_policy is not None),
    )
    if alone:
        action.cluster = _cluster(destinations[0].target)
    else:
        action.weighted_clusters.CopyFrom(WeightedCluster(clusters=[_weight(one) for one in destinations]))
    rewrite_path(action, http.rewrite)
    named = http.rewrite.authority if http.rewrite else None
    own = headers.changes(http.headers).authority or _own_changes(resolved).authority
    if authority := named or own:
        action.host_rewrite_literal = authority
    return action


def _weight(one: WeightedTarget) -> WeightedCluster.ClusterWeight:
    changes = headers.changes(one.headers)
    weight = WeightedCluster.ClusterWeight(name=_cluster(one.target), host_rewrite_literal=changes.authority)
    if not changes.authority:
        weight.ClearField("host_rewrite_literal")
    weight.weight.value = one.weight
    headers.write(weight, changes)
    return weight


def _cluster(target: Target) -> str:
    return f"outbound|{target.port}|{target.subset}|{target.host}"


def _own_changes(resolved: routing.Route) -> HeaderChanges:
    alone = len(resolved.http.route) == 1 and resolved.destinations
    return headers.changes(resolved.destinations[0].headers) if alone else headers.NONE


def _operation(made: Route, resolved: routing.Route) -> str:
    path = made.match.path or made.match.safe_regex.regex
    path = f"{made.match.prefix}*" if made.match.HasField("prefix") else path
    if made.route.cluster:
        target = resolved.destinations[0].target
        return f"{target.host}:{target.port}{path}"
    return f"{resolved.source.ref.name}:{resolved.source.port}{path}"
