"""Settings of one proxy: `mesh.v1alpha1.ProxyConfig`, in MeshConfig's `defaultConfig` and the annotation `proxy.istio.io/config`."""

from __future__ import annotations

from typing import Any, Literal

from lateen.api.common import Duration
from lateen.api.destination_rule import ClientTLSSettings, TcpKeepalive
from lateen.api.message import Int32, Message, OneOf, UInt32
from lateen.api.proxy_config import ProxyImage
from lateen.api.workload_group import ReadinessProbe

TracingServiceName = Literal["APP_LABEL_AND_NAMESPACE", "CANONICAL_NAME_ONLY", "CANONICAL_NAME_AND_NAMESPACE"]
AuthenticationPolicy = Literal["NONE", "MUTUAL_TLS", "INHERIT"]
InboundInterceptionMode = Literal["REDIRECT", "TPROXY", "NONE"]
ForwardClientCertDetails = Literal[
    "UNDEFINED", "SANITIZE", "FORWARD_ONLY", "APPEND_FORWARD", "SANITIZE_SET", "ALWAYS_FORWARD_ONLY"
]
MetadataExchangeMode = Literal["UNDEFINED", "IN_MESH"]
ConnectionProfile = Literal["SIDECAR", "EDGE"]
HeadersWithUnderscoresAction = Literal[
    "HEADERS_WITH_UNDERSCORES_UNSPECIFIED",
    "HEADERS_WITH_UNDERSCORES_ALLOW",
    "HEADERS_WITH_UNDERSCORES_REJECT_REQUEST",
    "HEADERS_WITH_UNDERSCORES_DROP_HEADER",
]
PathWithEscapedSlashesAction = Literal[
    "PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED",
    "KEEP_UNCHANGED",
    "REJECT_REQUEST",
    "UNESCAPE_AND_REDIRECT",
    "UNESCAPE_AND_FORWARD",
]


class ProxySettings(OneOf, frozen=True):
    """Settings of a proxy (`mesh.v1alpha1.ProxyConfig`; not the ProxyConfig object)."""

    oneofs = (("service_cluster", "tracing_service_name"),)

    config_path: str | None = None
    """Directory of the generated bootstrap; no effect here."""
    binary_path: str | None = None
    """Path of Envoy; no effect here."""
    service_cluster: str | None = None
    """Name of the workload in traces. Envoy: `--service-cluster`."""
    tracing_service_name: TracingServiceName | None = None
    """How that name is made; unset is APP_LABEL_AND_NAMESPACE."""
    drain_duration: Duration | None = None
    """Time to drain listeners; unset is 45s. Envoy: `--drain-time-s`."""
    discovery_address: str | None = None
    """Where the control plane is."""
    discovery_refresh_delay: Duration | None = None
    """Deprecated; no effect."""
    zipkin_address: str | None = None
    """Deprecated; no effect."""
    statsd_udp_address: str | None = None
    """Sink of statistics. Envoy: `stats_sinks`."""
    envoy_metrics_service_address: str | None = None
    """Deprecated; no effect."""
    proxy_admin_port: Int32 | None = None
    """Unset is 15000. Envoy: `admin`."""
    availability_zone: str | None = None
    """Deprecated; no effect."""
    control_plane_auth_policy: AuthenticationPolicy | None = None
    """How the control plane is authenticated."""
    custom_config_file: str | None = None
    """A bootstrap of one's own."""
    stat_name_length: Int32 | None = None
    """Unset is 189."""
    concurrency: Int32 | None = None
    """Worker threads, 0 for one per CPU. Envoy: `--concurrency`."""
    proxy_bootstrap_template_path: str | None = None
    """Template of the bootstrap; no effect here."""
    interception_mode: InboundInterceptionMode | None = None
    """How traffic is captured; unset is REDIRECT. Envoy: `bind_to_port`, `transparent`."""
    tracing: Tracing | None = None
    """Where traces go. Envoy: `tracing`."""
    sds: SDS | None = None
    """Deprecated; no effect."""
    envoy_access_log_service: RemoteService | None = None
    """Access logs over gRPC."""
    envoy_metrics_service: RemoteService | None = None
    """Metrics over gRPC."""
    proxy_metadata: dict[str, str] = {}
    """Environment and node metadata of the proxy, e.g. ISTIO_META_DNS_CAPTURE."""
    runtime_values: dict[str, str] = {}
    """Envoy: `layered_runtime`."""
    status_port: Int32 | None = None
    """Of the agent; unset is 15020."""
    extra_stat_tags: tuple[str, ...] = ()
    """More tags of statistics."""
    gateway_topology: Topology | None = None
    """What stands before a gateway. Envoy: `xff_num_trusted_hops`."""
    termination_drain_duration: Duration | None = None
    """Time between draining and exit; unset is 5s."""
    mesh_id: str | None = None
    """Name of the mesh; unset is the trust domain."""
    readiness_probe: ReadinessProbe | None = None
    """How a workload outside Kubernetes is checked."""
    proxy_stats_matcher: ProxyStatsMatcher | None = None
    """More statistics to keep. Envoy: `stats_matcher`."""
    hold_application_until_proxy_starts: bool | None = None
    """Start the application after the proxy; unset is false."""
    ca_certificates_pem: tuple[str, ...] = ()
    """More roots of trust."""
    image: ProxyImage | None = None
    """Image of the injected proxy."""
    private_key_provider: PrivateKeyProvider | None = None
    """Hardware for private keys; not supported."""
    proxy_headers: ProxyHeaders | None = None
    """Headers that proxies add. Envoy: HTTP connection manager."""
    file_flush_interval: Duration | None = None
    """Of log files. Envoy: `--file-flush-interval-msec`."""
    file_flush_min_size_kb: UInt32 | None = None
    """Of log files. Envoy: `--file-flush-min-size-kb`."""
    stats_compression: bool | None = None
    """Compress metrics; unset is true."""
    connection_settings: ConnectionSettings | None = None
    """Limits of a gateway's connections."""


class Tracing(OneOf, frozen=True):
    """Where traces go and what is in them."""

    oneofs = (("zipkin", "lightstep", "datadog", "stackdriver", "open_census_agent"),)

    zipkin: TracerAddress | None = None
    """A Zipkin collector."""
    lightstep: Lightstep | None = None
    """Deprecated; not supported."""
    datadog: TracerAddress | None = None
    """A Datadog agent."""
    stackdriver: dict[str, Any] | None = None
    """Not supported."""
    open_census_agent: dict[str, Any] | None = None
    """Not supported."""
    custom_tags: dict[str, CustomTag] = {}
    """More tags. Envoy: `custom_tags`."""
    max_path_tag_length: UInt32 | None = None
    """Unset is 256. Envoy: `max_path_tag_length`."""
    sampling: float | None = None
    """Percentage of requests; unset is 1. Envoy: `random_sampling`."""
    tls_settings: ClientTLSSettings | None = None
    """TLS to the collector."""
    enable_istio_tags: bool | None = None
    """Istio's own tags; unset is true."""


class TracerAddress(Message, frozen=True):
    """A collector (`Tracing.Zipkin`, `Tracing.Datadog`)."""

    address: str | None = None
    """host:port."""


class Lightstep(Message, frozen=True):
    """A Lightstep satellite (`Tracing.Lightstep`)."""

    address: str | None = None
    access_token: str | None = None


class CustomTag(OneOf, frozen=True):
    """A tag's value (`Tracing.CustomTag`)."""

    oneofs = (("literal", "environment", "header"),)

    literal: TagLiteral | None = None
    environment: TagSource | None = None
    header: TagSource | None = None


class TagLiteral(Message, frozen=True):
    """A fixed value (`Tracing.Literal`)."""

    value: str | None = None


class TagSource(Message, frozen=True):
    """A value from the environment or a request header (`Tracing.Environment`, `Tracing.RequestHeader`)."""

    name: str | None = None
    default_value: str | None = None


class SDS(Message, frozen=True):
    """Deprecated; no effect."""

    enabled: bool | None = None
    k8s_sa_jwt_path: str | None = None


class Topology(Message, frozen=True):
    """What stands before a gateway."""

    num_trusted_proxies: UInt32 | None = None
    """Proxies whose X-Forwarded-For counts; unset is 0. Envoy: `xff_num_trusted_hops`."""
    forward_client_cert_details: ForwardClientCertDetails | None = None
    """Unset is SANITIZE_SET on gateways. Envoy: `forward_client_cert_details`."""
    proxy_protocol: ProxyProtocolConfiguration | None = None
    """Expect a PROXY header. Envoy: listener filter `proxy_protocol`."""


class ProxyProtocolConfiguration(Message, frozen=True):
    """Presence says it all (`Topology.ProxyProtocolConfiguration`)."""


class PrivateKeyProvider(OneOf, frozen=True):
    """Hardware for private keys."""

    oneofs = (("cryptomb", "qat"),)

    cryptomb: KeyHardware | None = None
    qat: KeyHardware | None = None


class KeyHardware(Message, frozen=True):
    """Settings of the hardware (`PrivateKeyProvider.CryptoMb`, `.QAT`)."""

    poll_delay: Duration | None = None
    fallback: bool | None = None


class ProxyStatsMatcher(Message, frozen=True):
    """Statistics to keep besides the usual ones (`ProxyConfig.ProxyStatsMatcher`)."""

    inclusion_prefixes: tuple[str, ...] = ()
    inclusion_suffixes: tuple[str, ...] = ()
    inclusion_regexps: tuple[str, ...] = ()


class ProxyHeaders(Message, frozen=True):
    """Headers that proxies add (`ProxyConfig.ProxyHeaders`)."""

    forwarded_client_cert: ForwardClientCertDetails | None = None
    """Envoy: `forward_client_cert_details`."""
    set_current_client_cert_details: SetCurrentClientCertDetails | None = None
    """Envoy: the field of the same name."""
    request_id: DisabledHeader | None = None
    """x-request-id. Envoy: `generate_request_id`."""
    server: ServerHeader | None = None
    """Envoy: `server_header_transformation`."""
    attempt_count: DisabledHeader | None = None
    """x-envoy-attempt-count. Envoy: `include_request_attempt_count`."""
    envoy_debug_headers: DisabledHeader | None = None
    """x-envoy-upstream-service-time and others. Envoy: `suppress_envoy_headers`."""
    metadata_exchange_headers: MetadataExchangeHeaders | None = None
    """x-envoy-peer-metadata."""
    preserve_http1_header_case: bool | None = None
    """Envoy: `preserve_case` formatter."""
    x_forwarded_host: EnabledHeader | None = None
    """Envoy: `append_x_forwarded_host`."""
    x_forwarded_port: EnabledHeader | None = None
    """Envoy: `append_x_forwarded_port`."""


class ServerHeader(Message, frozen=True):
    """The header `server` (`ProxyHeaders.Server`)."""

    disabled: bool | None = None
    value: str | None = None


class DisabledHeader(Message, frozen=True):
    """A header that is on by default (`ProxyHeaders.RequestId`, `.AttemptCount`, `.EnvoyDebugHeaders`)."""

    disabled: bool | None = None


class EnabledHeader(Message, frozen=True):
    """A header that is off by default (`ProxyHeaders.XForwardedHost`, `.XForwardedPort`)."""

    enabled: bool | None = None


class MetadataExchangeHeaders(Message, frozen=True):
    """When peers are told about the workload (`ProxyHeaders.MetadataExchangeHeaders`)."""

    mode: MetadataExchangeMode | None = None


class SetCurrentClientCertDetails(Message, frozen=True):
    """What x-forwarded-client-cert says (`ProxyHeaders.SetCurrentClientCertDetails`)."""

    subject: bool | None = None
    cert: bool | None = None
    chain: bool | None = None
    dns: bool | None = None
    uri: bool | None = None


class ConnectionSettings(Message, frozen=True):
    """Limits of a gateway's connections (`ProxyConfig.ConnectionSettings`)."""

    profile: ConnectionProfile | None = None
    """Unset is SIDECAR, which sets nothing; EDGE hardens the rest."""
    listener_per_connection_buffer_limit_bytes: Int32 | None = None
    cluster_per_connection_buffer_limit_bytes: Int32 | None = None
    http_idle_timeout: Duration | None = None
    http_max_connection_duration: Duration | None = None
    http_drain_timeout: Duration | None = None
    http_request_timeout: Duration | None = None
    http_request_headers_timeout: Duration | None = None
    http_stream_idle_timeout: Duration | None = None
    http_max_stream_duration: Duration | None = None
    http_max_concurrent_streams: Int32 | None = None
    http2_initial_stream_window_size: Int32 | None = None
    http2_initial_connection_window_size: Int32 | None = None
    http_headers_with_underscores_action: HeadersWithUnderscoresAction | None = None
    http_merge_slashes: bool | None = None
    http_path_with_escaped_slashes_action: PathWithEscapedSlashesAction | None = None
    listener_connection_limit: Int32 | None = None
    global_downstream_connection_limit: Int32 | None = None


class RemoteService(Message, frozen=True):
    """A gRPC service for logs or metrics."""

    address: str | None = None
    """host:port."""
    tls_settings: ClientTLSSettings | None = None
    tcp_keepalive: TcpKeepalive | None = None
