"""Extension providers of MeshConfig: named backends for telemetry and authorization."""

from __future__ import annotations

from typing import Any

from lateen.api.common import Duration
from lateen.api.message import Message, OneOf, UInt32


class ExtensionProvider(OneOf, frozen=True):
    """One named backend (`MeshConfig.ExtensionProvider`)."""

    oneofs = (
        (
            "envoy_ext_authz_http",
            "envoy_ext_authz_grpc",
            "zipkin",
            "lightstep",
            "datadog",
            "stackdriver",
            "opencensus",
            "skywalking",
            "opentelemetry",
            "prometheus",
            "envoy_file_access_log",
            "envoy_http_als",
            "envoy_tcp_als",
            "envoy_otel_als",
            "sds",
        ),
    )

    name: str | None = None
    """Unique; what Telemetry and AuthorizationPolicy refer to."""
    envoy_ext_authz_http: dict[str, Any] | None = None
    """Authorization over HTTP; not supported yet."""
    envoy_ext_authz_grpc: dict[str, Any] | None = None
    """Authorization over gRPC; not supported yet."""
    zipkin: ZipkinProvider | None = None
    """Traces to Zipkin."""
    lightstep: dict[str, Any] | None = None
    """Deprecated; not supported."""
    datadog: dict[str, Any] | None = None
    """Traces to Datadog; not supported yet."""
    stackdriver: dict[str, Any] | None = None
    """Not supported."""
    opencensus: dict[str, Any] | None = None
    """Deprecated; not supported."""
    skywalking: dict[str, Any] | None = None
    """Not supported."""
    opentelemetry: OpenTelemetryProvider | None = None
    """Traces over OTLP."""
    prometheus: PrometheusProvider | None = None
    """Metrics for Prometheus."""
    envoy_file_access_log: FileAccessLogProvider | None = None
    """Access logs into a file."""
    envoy_http_als: dict[str, Any] | None = None
    """HTTP access logs over gRPC; not supported yet."""
    envoy_tcp_als: dict[str, Any] | None = None
    """TCP access logs over gRPC; not supported yet."""
    envoy_otel_als: dict[str, Any] | None = None
    """Access logs over OTLP; not supported yet."""
    sds: dict[str, Any] | None = None
    """Certificates from elsewhere; not supported yet."""


class ZipkinProvider(Message, frozen=True):
    """A Zipkin collector (`ZipkinTracingProvider`)."""

    service: str | None = None
    """`namespace/host` or host of the collector."""
    port: UInt32 | None = None
    """Its port."""
    max_tag_length: UInt32 | None = None
    """Unset is 256."""
    enable_64bit_trace_id: bool | None = None
    """Unset is false, 128 bits."""
    path: str | None = None
    """Unset is /api/v2/spans."""
    trace_context_option: str | None = None
    """USE_B3 or USE_B3_WITH_W3C_PROPAGATION; unset is USE_B3."""
    timeout: Duration | None = None
    """Unset is 5s."""
    headers: tuple[ProviderHeader, ...] = ()
    """Headers of the report."""


class ProviderHeader(OneOf, frozen=True):
    """A header sent to a backend (`MeshConfig.ExtensionProvider.HttpHeader`)."""

    oneofs = (("value", "env_name"),)

    name: str | None = None
    value: str | None = None
    env_name: str | None = None
    """Environment variable of the proxy that has the value."""


class OpenTelemetryProvider(Message, frozen=True):
    """An OTLP collector (`OpenTelemetryTracingProvider`)."""

    service: str | None = None
    """`namespace/host` or host of the collector."""
    port: UInt32 | None = None
    """Its port."""
    max_tag_length: UInt32 | None = None
    """Unset is 256."""
    http: ProviderHTTP | None = None
    """Over HTTP instead of gRPC."""
    grpc: ProviderGRPC | None = None
    """Settings of gRPC."""
    resource_detectors: dict[str, Any] | None = None
    """What is said about the workload."""
    service_attribute_enrichment: str | None = None
    """ISTIO_CANONICAL or OTEL_SEMANTIC_CONVENTIONS."""
    dynatrace_sampler: dict[str, Any] | None = None
    """Not supported."""


class ProviderHTTP(Message, frozen=True):
    """How to report over HTTP (`HttpService`)."""

    path: str | None = None
    timeout: Duration | None = None
    headers: tuple[ProviderHeader, ...] = ()


class ProviderGRPC(Message, frozen=True):
    """How to report over gRPC (`GrpcService`)."""

    timeout: Duration | None = None
    initial_metadata: tuple[ProviderHeader, ...] = ()


class PrometheusProvider(Message, frozen=True):
    """Presence says it all (`PrometheusMetricsProvider`)."""


class FileAccessLogProvider(Message, frozen=True):
    """A log file (`EnvoyFileAccessLogProvider`)."""

    path: str | None = None
    """e.g. /dev/stdout."""
    log_format: FileLogFormat | None = None
    """Unset is Istio's."""
    omit_empty_values: bool | None = None
    """Unset is false."""


class FileLogFormat(OneOf, frozen=True):
    """A format (`EnvoyFileAccessLogProvider.LogFormat`)."""

    oneofs = (("text", "labels"),)

    text: str | None = None
    """As text."""
    labels: dict[str, Any] | None = None
    """As JSON."""
