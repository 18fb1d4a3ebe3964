"""HTTP filters before the router that can answer a request or change its fate: fault injection and CORS.

Sources: source/extensions/filters/http/fault/fault_filter.cc, …/cors/cors_filter.cc. A filter's settings for a route
are those of the most specific level that has any.
"""

from typing import TypeVar

import msgspec
from envoy.config.route.v3.route_components_pb2 import FilterConfig
from envoy.extensions.filters.http.cors.v3.cors_pb2 import CorsPolicy
from envoy.extensions.filters.http.fault.v3.fault_pb2 import HTTPFault
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message

from lateen.simulate.choices import nanoseconds
from lateen.simulate.conditions import fraction
from lateen.simulate.fields import METHOD, Fields
from lateen.simulate.packed import opened
from lateen.simulate.routes import Selected
from lateen.simulate.strings import matches_header, matches_string
from lateen.simulate.trace import Delay

M = TypeVar("M", bound=Message)


class Abort(msgspec.Struct, frozen=True):
    """A fault that answers."""

    share: float
    status: int
    grpc_status: int | None = None


class Fault(msgspec.Struct, frozen=True):
    """What the fault filter does to a request."""

    delay: Delay | None = None
    abort: Abort | None = None


class Cors(msgspec.Struct, frozen=True):
    """What the CORS filter does: headers for the response, which is the filter's own for a preflight."""

    response_headers: tuple[tuple[str, str], ...]
    answers: bool


def settings(name: str, selected: Selected, kind: type[M]) -> M | None:
    """Return a filter's settings of the most specific level that has any; None when it has none or is disabled."""
    for level in selected.levels:
        if name in level.typed_per_filter_config:
            return _opened(level.typed_per_filter_config[name], kind)
    return None


def _opened(packed: AnyMessage, kind: type[M]) -> M | None:
    wrapper = opened(packed, FilterConfig)
    if wrapper is not None:
        return None if wrapper.disabled else _opened(wrapper.config, kind)
    return opened(packed, kind)


def fault(own: HTTPFault, name: str, selected: Selected, fields: Fields) -> Fault:
    """Return what the fault filter does; `own` is the filter's own configuration, used where no route has any."""
    found = settings(name, selected, HTTPFault) or own
    if not all(matches_header(matcher, fields) for matcher in found.headers):
        return Fault()
    if found.upstream_cluster and found.upstream_cluster != cluster_name(selected, fields):
        return Fault()
    return Fault(_delay(found), _abort(found))


def _delay(found: HTTPFault) -> Delay | None:
    share = fraction(found.delay.percentage)
    if not share or found.delay.WhichOneof("fault_delay_secifier") != "fixed_delay":
        return None
    return Delay(nanoseconds=nanoseconds(found.delay.fixed_delay), share=share)


def _abort(found: HTTPFault) -> Abort | None:
    share = fraction(found.abort.percentage)
    kind = found.abort.WhichOneof("error_type")
    if not share or kind not in ("http_status", "grpc_status"):
        return None
    if kind == "grpc_status":
        return Abort(share, 200, found.abort.grpc_status)
    return Abort(share, found.abort.http_status)


def cluster_name(selected: Selected, fields: Fields) -> str:
    """Return the cluster that the selected route leads to; empty when it leads to none."""
    if selected.weighted is not None:
        return selected.weighted.name or fields.first(selected.weighted.cluster_header) or ""
    if selected.route is None or selected.route.WhichOneof("action") != "route":
        return ""
    action = selected.route.route
    if action.WhichOneof("cluster_specifier") == "cluster_header":
        return fields.first(action.cluster_header) or ""
    return action.cluster


def cors(name: str, selected: Selected, fields: Fields) -> Cors | None:
    """Return what the CORS filter does; None when it leaves the request alone."""
    forwards = selected.route is not None and selected.route.WhichOneof("action") == "route"
    policy = (
        settings(name, selected, CorsPolicy) if forwards else None
    )  # redirects and direct responses have none
    origin = fields.first("origin")
    if policy is None or not origin or not _enabled(policy):
        return None
    allowed = any(matches_string(matcher, origin) for matcher in policy.allow_origin_string_match)
    preflight = fields.value(METHOD) == "OPTIONS" and bool(fields.get("access-control-request-method"))
    if preflight:
        if not allowed:
            return None if _forwards_strangers(policy) else Cors((), answers=True)
        return Cors((*_common(policy, origin), *_preflight(policy)), answers=True)
    exposed = (("access-control-expose-headers", policy.expose_headers),) if policy.expose_headers else ()
    return Cors((*_common(policy, origin), *exposed), answers=False) if allowed else None


def _forwards_strangers(policy: CorsPolicy) -> bool:
    return (
        not policy.HasField("forward_not_matching_preflights") or policy.forward_not_matching_preflights.value
    )


def _enabled(policy: CorsPolicy) -> bool:
    return not policy.HasField("filter_enabled") or fraction(policy.filter_enabled.default_value) > 0


def _common(policy: CorsPolicy, origin: str) -> tuple[tuple[str, str], ...]:
    credentials = (("access-control-allow-credentials", "true"),) if policy.allow_credentials.value else ()
    return (("access-control-allow-origin", origin), *credentials)


def _preflight(policy: CorsPolicy) -> tuple[tuple[str, str], ...]:
    found = (
        ("access-control-allow-methods", policy.allow_methods),
        ("access-control-allow-headers", policy.allow_headers),
        ("access-control-max-age", policy.max_age),
    )
    return tuple((name, value) for name, value in found if value)
