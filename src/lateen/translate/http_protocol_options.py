"""The HTTP that a cluster speaks (Envoy: `HttpProtocolOptions` of upstreams)."""

from collections.abc import Sequence

from envoy.config.common.matcher.v3.matcher_pb2 import HttpHeadersMatch, MatchPredicate
from envoy.config.core.v3 import extension_pb2, protocol_pb2
from envoy.config.route.v3.route_components_pb2 import HeaderMatcher
from envoy.extensions.http.header_formatters.preserve_case.v3.preserve_case_pb2 import (
    PreserveCaseFormatterConfig,
)
from envoy.extensions.upstreams.http.v3.http_protocol_options_pb2 import HttpProtocolOptions
from envoy.type.matcher.v3.string_pb2 import StringMatcher
from google.protobuf.any_pb2 import Any as AnyMessage

from lateen.api.destination_rule import ConnectionPoolSettings, HTTPSettings
from lateen.model.clusters import Http, Upstream
from lateen.model.traffic_policy import Policy
from lateen.model.upstream_tls import UpstreamTLS
from lateen.translate import names
from lateen.translate.message import any_of, duration, optional_duration, optional_uint32


def http_protocol_options(http: Http, policy: Policy, tls: UpstreamTLS | None) -> HttpProtocolOptions | None:
    """Return the options, or None when every one of them is Envoy's default."""
    built = HttpProtocolOptions(
        common_http_protocol_options=_common(policy.connection_pool),
        upstream_http_protocol_options=_names(tls),
        outlier_detection=_outlier_detection(policy),
    )
    if http == Http() and not built.ListFields():
        return None
    _set_protocol(built, http, policy.connection_pool.http if policy.connection_pool else None)
    return built


def passthrough_options(idle_timeout: int, *, preserve_case: bool) -> HttpProtocolOptions:
    """Return the options of clusters that pass on what they do not know: the client's protocol, and an idle time."""
    built = HttpProtocolOptions(
        common_http_protocol_options=protocol_pb2.HttpProtocolOptions(idle_timeout=duration(idle_timeout))
    )
    _set_protocol(built, Http(Upstream.CLIENT, preserve_case), None)
    return built


def typed_options(options: HttpProtocolOptions | None) -> dict[str, AnyMessage]:
    """Wrap options for a cluster's `typed_extension_protocol_options`."""
    name = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
    return {} if options is None else {name: any_of(options)}


def _set_protocol(built: HttpProtocolOptions, http: Http, settings: HTTPSettings | None) -> None:
    http1 = _http1(preserve_case=http.preserve_case)
    if http.upstream is Upstream.HTTP2:
        built.explicit_http_config.http2_protocol_options.CopyFrom(_http2(settings))
    elif http.upstream is Upstream.CLIENT:
        built.use_downstream_protocol_config.http_protocol_options.CopyFrom(http1)
        built.use_downstream_protocol_config.http2_protocol_options.SetInParent()
    else:
        built.explicit_http_config.http_protocol_options.CopyFrom(http1)


def _http1(*, preserve_case: bool) -> protocol_pb2.Http1ProtocolOptions:
    if not preserve_case:
        return protocol_pb2.Http1ProtocolOptions()
    formatter = extension_pb2.TypedExtensionConfig(
        name=names.PRESERVE_CASE, typed_config=any_of(PreserveCaseFormatterConfig())
    )
    return protocol_pb2.Http1ProtocolOptions(
        header_key_format=protocol_pb2.Http1ProtocolOptions.HeaderKeyFormat(stateful_formatter=formatter)
    )


def _http2(settings: HTTPSettings | None) -> protocol_pb2.Http2ProtocolOptions:
    if settings is None:
        return protocol_pb2.Http2ProtocolOptions()
    built = protocol_pb2.Http2ProtocolOptions(
        max_concurrent_streams=optional_uint32(settings.max_concurrent_streams or None)
    )
    ping = settings.http2_keep_alive
    if ping is not None:
        interval, timeout = optional_duration(ping.interval), optional_duration(ping.timeout)
        built.connection_keepalive.CopyFrom(
            protocol_pb2.KeepaliveSettings(interval=interval, timeout=timeout)
        )
    return built


def _common(pool: ConnectionPoolSettings | None) -> protocol_pb2.HttpProtocolOptions | None:
    """Limit age, idleness and requests of a connection; `tcp.idleTimeout` stands in for `http.idleTimeout`."""
    http = pool.http if pool else None
    tcp = pool.tcp if pool else None
    idle = http.idle_timeout if http else None
    if idle is None and tcp:
        idle = tcp.idle_timeout
    built = protocol_pb2.HttpProtocolOptions(
        idle_timeout=optional_duration(idle),
        max_connection_duration=optional_duration(tcp.max_connection_duration if tcp else None),
        max_requests_per_connection=optional_uint32(
            (http.max_requests_per_connection if http else None) or None
        ),
    )
    streams = bool(http and (http.max_concurrent_streams or http.http2_keep_alive))
    return built if built.ListFields() or streams else None


def _names(tls: UpstreamTLS | None) -> protocol_pb2.UpstreamHttpProtocolOptions | None:
    if tls is None or not (tls.auto_sni or tls.auto_san):
        return None
    return protocol_pb2.UpstreamHttpProtocolOptions(auto_sni=tls.auto_sni, auto_san_validation=tls.auto_san)


def _outlier_detection(policy: Policy) -> HttpProtocolOptions.OutlierDetection | None:
    detection = policy.outlier_detection
    if detection is None or not detection.outlier_detection_http_error_codes:
        return None
    matcher = _any_status(detection.outlier_detection_http_error_codes)
    return HttpProtocolOptions.OutlierDetection(error_matcher=matcher)


def _any_status(codes: Sequence[int]) -> MatchPredicate:
    rules = [_status(code) for code in codes]
    return rules[0] if len(rules) == 1 else MatchPredicate(or_match=MatchPredicate.MatchSet(rules=rules))


def _status(code: int) -> MatchPredicate:
    header = HeaderMatcher(name=":status", string_match=StringMatcher(exact=str(code)))
    return MatchPredicate(http_response_headers_match=HttpHeadersMatch(headers=[header]))
