"""What the router does with a route: forward, redirect, answer, or fail."""

from collections.abc import Mapping, Sequence

import msgspec
from envoy.config.route.v3.route_components_pb2 import RetryPolicy, Route, RouteAction

from lateen.simulate.choices import nanoseconds
from lateen.simulate.conditions import probability
from lateen.simulate.configuration import Configuration
from lateen.simulate.fields import AUTHORITY, PATH, Fields
from lateen.simulate.http_filters import cluster_name
from lateen.simulate.mutations import change_request, change_response
from lateen.simulate.request import Connection
from lateen.simulate.rewrites import location, redirect_status, rewrite_path, rewrite_request
from lateen.simulate.routes import Selected
from lateen.simulate.substitutions import values
from lateen.simulate.targets import reach
from lateen.simulate.trace import AnyStep, ClusterReached, Mirror, Outcome, Retry, Unsupported

DEFAULT_TIMEOUT = 15_000_000_000
"""Nanoseconds; Envoy's when a route sets none."""
_NOT_FOUND = {
    RouteAction.SERVICE_UNAVAILABLE: 503,
    RouteAction.NOT_FOUND: 404,
    RouteAction.INTERNAL_SERVER_ERROR: 500,
}


def act(
    configuration: Configuration,
    selected: Selected,
    fields: Fields,
    connection: Connection,
    steps: list[AnyStep],
) -> Outcome:
    """Return what becomes of a request that reached the router."""
    base = Outcome(
        kind="response",
        route_configuration=selected.configuration.name,
        virtual_host=selected.virtual_host_name,
        route=selected.route_name,
        path=fields.value(PATH),
        authority=fields.value(AUTHORITY),
    )
    route = selected.route
    kind = route.WhichOneof("action") if route is not None else None
    if route is None or kind is None:
        return msgspec.structs.replace(base, status=404, flag="NR")
    if kind == "route":
        return _forwarded(configuration, selected, route.route, fields, connection, steps, base)
    if kind in ("redirect", "direct_response"):
        return _answered(selected, route, fields, connection, base)
    steps.append(Unsupported(what=f"route action {kind}"))
    return base


def _answered(
    selected: Selected, route: Route, fields: Fields, connection: Connection, base: Outcome
) -> Outcome:
    response, quoted = Fields(), fields.copy()
    rewrite_path(route.match, route.redirect, quoted)
    removed = change_response(selected.mutation_order, response, quoted, values(connection, selected, ""))
    base = msgspec.structs.replace(base, response_headers=response.pairs(), response_headers_removed=removed)
    if route.WhichOneof("action") == "redirect":
        return msgspec.structs.replace(
            base,
            kind="redirect",
            status=redirect_status(route.redirect),
            location=location(route.match, route.redirect, fields),
        )
    source = route.direct_response.body
    body = source.inline_string or source.inline_bytes.decode(errors="replace")
    return msgspec.structs.replace(base, status=route.direct_response.status, body=body)


def _forwarded(  # noqa: PLR0913, PLR0917  everything that decides, by name at the one caller
    configuration: Configuration,
    selected: Selected,
    action: RouteAction,
    fields: Fields,
    connection: Connection,
    steps: list[AnyStep],
    base: Outcome,
) -> Outcome:
    name = cluster_name(selected, fields)
    cluster = configuration.cluster(name)
    base = msgspec.structs.replace(base, cluster=name)
    if cluster is None:
        steps.append(ClusterReached(cluster=name, found=False, reason="no such cluster"))
        return msgspec.structs.replace(
            base, status=_NOT_FOUND[action.cluster_not_found_response_code], flag="NC"
        )
    reached = reach(configuration, cluster, f"{connection.address}:{connection.port}")
    steps.append(ClusterReached(cluster=name, found=True, kind=reached.kind, reason=reached.reason))
    base = msgspec.structs.replace(_with_policies(base, selected, action), endpoints=reached.targets)
    if not reached.targets and reached.reason != "the extension decides":
        return msgspec.structs.replace(base, status=503, flag="UH")
    return _sent(base, selected, action, fields, values(connection, selected, name))


def _with_policies(base: Outcome, selected: Selected, action: RouteAction) -> Outcome:
    return msgspec.structs.replace(
        base,
        timeout=nanoseconds(action.timeout) if action.HasField("timeout") else DEFAULT_TIMEOUT,
        retry=_retry(selected, action),
        mirrors=_mirrors(selected, action),
        hash_policy=tuple(_hash_policy(one) for one in action.hash_policy),
    )


def _sent(
    base: Outcome, selected: Selected, action: RouteAction, fields: Fields, known: Mapping[str, str]
) -> Outcome:
    assert selected.route is not None
    sent, response = fields.copy(), Fields()
    change_request(selected.mutation_order, sent, known)
    rewrite_request(selected.route.match, action, selected.weighted, sent)
    removed = change_response(selected.mutation_order, response, sent, known)
    return msgspec.structs.replace(
        base,
        kind="cluster",
        path=sent.value(PATH),
        authority=sent.value(AUTHORITY),
        request_headers=tuple(pair for pair in sent.pairs() if not pair[0].startswith(":")),
        response_headers=response.pairs(),
        response_headers_removed=removed,
    )


def _retry(selected: Selected, action: RouteAction) -> Retry | None:
    policy: RetryPolicy | None = action.retry_policy if action.HasField("retry_policy") else None
    if (
        policy is None
        and selected.virtual_host is not None
        and selected.virtual_host.HasField("retry_policy")
    ):
        policy = selected.virtual_host.retry_policy
    if policy is None:
        return None
    return Retry(
        attempts=policy.num_retries.value if policy.HasField("num_retries") else 1,
        on=policy.retry_on,
        per_try_timeout=nanoseconds(policy.per_try_timeout) if policy.HasField("per_try_timeout") else None,
        status_codes=tuple(policy.retriable_status_codes),
    )


def _mirrors(selected: Selected, action: RouteAction) -> tuple[Mirror, ...]:
    levels: list[Sequence[RouteAction.RequestMirrorPolicy]] = [action.request_mirror_policies]
    if selected.virtual_host is not None:
        levels.append(selected.virtual_host.request_mirror_policies)
    levels.append(selected.configuration.request_mirror_policies)
    policies = next((level for level in levels if level), ())
    return tuple(Mirror(cluster=policy.cluster, share=probability(policy)) for policy in policies)


def _hash_policy(policy: RouteAction.HashPolicy) -> str:
    kind = policy.WhichOneof("policy_specifier")
    names = {
        "header": f"header {policy.header.header_name}",
        "cookie": f"cookie {policy.cookie.name}",
        "query_parameter": f"query {policy.query_parameter.name}",
        "connection_properties": "source address",
        "filter_state": f"filter state {policy.filter_state.key}",
    }
    return names.get(kind or "", str(kind))
