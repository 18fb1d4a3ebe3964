"""HTTP on a connection → Envoy's HTTP connection manager (listener_builder.go buildHTTPConnectionManager)."""

import msgspec
from envoy.config.core.v3.config_source_pb2 import AggregatedConfigSource, ApiVersion, ConfigSource
from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig
from envoy.config.core.v3.protocol_pb2 import Http1ProtocolOptions, Http2ProtocolOptions, HttpProtocolOptions
from envoy.config.listener.v3.listener_components_pb2 import Filter
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import (
    HttpConnectionManager,
    Rds,
    RequestIDExtension,
)
from envoy.extensions.http.header_formatters.preserve_case.v3.preserve_case_pb2 import (
    PreserveCaseFormatterConfig,
)
from envoy.extensions.request_id.uuid.v3.uuid_pb2 import UuidRequestIdConfig

from lateen.model.http_settings import ClientCertificate, HttpSettings, Limits, Side
from lateen.model.protocol import Protocol
from lateen.translate import message, names
from lateen.translate.access_log import access_logs
from lateen.translate.filter_chain import cidr_range
from lateen.translate.http_filters.table import http_filters

_REQUEST_ID = UuidRequestIdConfig(use_request_id_for_trace_sampling=message.boolean(True))


class Http(msgspec.Struct, frozen=True, kw_only=True):
    """What tells one connection manager from the others of its proxy."""

    stat_prefix: str
    """Begins the names of its statistics."""
    routes: str = ""
    """The name of the route configuration to fetch; empty when it is given with it."""
    protocol: Protocol
    """What the port is declared to carry."""
    absolute_urls: bool = False
    """It is the mesh's own forward proxy (`proxyHttpPort`), which is asked for absolute URLs."""
    caches: tuple[str, ...] = ()
    """The DNS caches of hosts that the proxy looks up itself."""


def http_filter(settings: HttpSettings, http: Http, routes: RouteConfiguration | None = None) -> Filter:
    """Return the network filter that speaks HTTP, with fetched routes or those given."""
    manager = HttpConnectionManager(
        codec_type=HttpConnectionManager.AUTO,
        stat_prefix=http.stat_prefix,
        http_filters=http_filters(settings, http.protocol, http.caches),
        server_name=settings.server_name,
        append_x_forwarded_port=settings.append_forwarded_port,
        use_remote_address=message.boolean(settings.side is Side.GATEWAY),
        xff_num_trusted_hops=settings.trusted_proxies,
        access_log=access_logs(settings.access_log),
        stream_idle_timeout=message.duration(0),
        proxy_100_continue=True,
        request_id_extension=RequestIDExtension(typed_config=message.any_of(_REQUEST_ID)),
    )
    manager.upgrade_configs.add(upgrade_type="websocket")
    if settings.pass_server_header:
        manager.server_header_transformation = HttpConnectionManager.PASS_THROUGH
    if not settings.generate_request_id:
        manager.generate_request_id.CopyFrom(message.boolean(False))
    _set_protocol_options(manager, settings, http)
    _set_normalization(manager, settings.normalization)
    _set_client_certificate(manager, settings.client_certificate)
    _set_limits(manager, settings.limits)
    if settings.internal_ranges:
        ranges = [cidr_range(one) for one in settings.internal_ranges]
        manager.internal_address_config.cidr_ranges.extend(ranges)
    _set_routes(manager, http.routes, routes)
    return Filter(name=names.HTTP_CONNECTION_MANAGER, typed_config=message.any_of(manager))


def _set_routes(manager: HttpConnectionManager, name: str, routes: RouteConfiguration | None) -> None:
    if routes is not None:
        manager.route_config.CopyFrom(routes)
        return
    source = ConfigSource(  # no limit on the first fetch: a listener without routes would answer 404
        ads=AggregatedConfigSource(),
        initial_fetch_timeout=message.duration(0),
        resource_api_version=ApiVersion.V3,
    )
    manager.rds.CopyFrom(Rds(config_source=source, route_config_name=name))


def _set_protocol_options(manager: HttpConnectionManager, settings: HttpSettings, http: Http) -> None:
    if (
        settings.http10
        or http.absolute_urls
        or settings.preserve_header_case
        or settings.side is Side.GATEWAY
    ):
        options = Http1ProtocolOptions(accept_http_10=settings.http10)
        if http.absolute_urls:
            options.allow_absolute_url.CopyFrom(message.boolean(True))
        if settings.preserve_header_case:
            formatter = message.any_of(PreserveCaseFormatterConfig())
            extension = TypedExtensionConfig(name=names.PRESERVE_CASE, typed_config=formatter)
            options.header_key_format.stateful_formatter.CopyFrom(extension)
        manager.http_protocol_options.CopyFrom(options)
    if settings.side is Side.INBOUND and http.protocol.is_http2:
        manager.http2_protocol_options.CopyFrom(Http2ProtocolOptions())
    if settings.idle_timeout is not None:
        idle = HttpProtocolOptions(idle_timeout=message.duration(settings.idle_timeout))
        manager.common_http_protocol_options.CopyFrom(idle)


def _set_normalization(manager: HttpConnectionManager, chosen: str) -> None:
    manager.normalize_path.CopyFrom(message.boolean(chosen != "NONE"))
    manager.merge_slashes = chosen in ("MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES")
    manager.path_with_escaped_slashes_action = (
        HttpConnectionManager.UNESCAPE_AND_FORWARD
        if chosen == "DECODE_AND_MERGE_SLASHES"
        else HttpConnectionManager.KEEP_UNCHANGED
    )


def _set_client_certificate(manager: HttpConnectionManager, chosen: ClientCertificate | None) -> None:
    if chosen is None:
        return
    manager.MergeFrom(HttpConnectionManager(forward_client_cert_details=chosen.mode))
    if chosen.writes:
        details = HttpConnectionManager.SetCurrentClientCertDetails(
            subject=message.boolean(chosen.subject),
            uri=chosen.uri,
            dns=chosen.dns,
            cert=chosen.cert,
            chain=chosen.chain,
        )
        manager.set_current_client_cert_details.CopyFrom(details)


def _set_limits(manager: HttpConnectionManager, limits: Limits) -> None:
    """Put `connectionSettings` over what is already there (connection_settings.go)."""
    _set_timeouts(manager, limits)
    if limits.underscores:
        common = HttpProtocolOptions(headers_with_underscores_action=limits.underscores)
        manager.common_http_protocol_options.MergeFrom(common)
    if limits.merge_slashes is not None:
        manager.merge_slashes = limits.merge_slashes
    if limits.escaped_slashes:
        manager.MergeFrom(HttpConnectionManager(path_with_escaped_slashes_action=limits.escaped_slashes))
    streams = (
        ("max_concurrent_streams", limits.max_concurrent_streams),
        ("initial_stream_window_size", limits.stream_window),
        ("initial_connection_window_size", limits.connection_window),
    )
    for field, number in streams:
        if number is not None:
            getattr(manager.http2_protocol_options, field).CopyFrom(message.uint32(number))


def _set_timeouts(manager: HttpConnectionManager, limits: Limits) -> None:
    own = (
        ("stream_idle_timeout", limits.stream_idle_timeout),
        ("request_timeout", limits.request_timeout),
        ("request_headers_timeout", limits.request_headers_timeout),
        ("drain_timeout", limits.drain_timeout),
    )
    common = (
        ("idle_timeout", limits.idle_timeout),
        ("max_connection_duration", limits.max_connection_duration),
        ("max_stream_duration", limits.max_stream_duration),
    )
    for field, nanoseconds in own:
        if nanoseconds is not None:
            getattr(manager, field).CopyFrom(message.duration(nanoseconds))
    for field, nanoseconds in common:
        if nanoseconds is not None:
            getattr(manager.common_http_protocol_options, field).CopyFrom(message.duration(nanoseconds))
