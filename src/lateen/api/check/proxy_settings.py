"""Settings of proxies: `defaultConfig` (agent/validation.go ValidateMeshConfigProxyConfig, validateConnectionSettings)."""

from lateen.api.check.client_tls import client_tls
from lateen.api.check.primitives.addresses import is_ip
from lateen.api.check.primitives.dns import fqdn
from lateen.api.check.primitives.durations import SECOND, duration, span
from lateen.api.check.primitives.numbers import not_negative, port
from lateen.api.check.report import Report
from lateen.api.finding import Level
from lateen.api.meta import Ref
from lateen.api.proxy_settings import ConnectionSettings, PrivateKeyProvider, ProxySettings

SMALLEST_WINDOW = 65535
HOST_IP = "$(HOST_IP)"
OLD_ALLOCATION = "ISTIO_META_DNS_AUTO_ALLOCATE"


def proxy_settings(report: Report, path: str, given: ProxySettings) -> None:
    """Check the settings of proxies; what is unset has a good default."""
    duration(report, path, "drainDuration", given.drain_duration)
    if given.drain_duration is not None and given.drain_duration % SECOND:
        report.error(
            f"{path}.drainDuration",
            f"drainDuration is {given.drain_duration}; it is counted in whole seconds",
        )
    for field, number in (("proxyAdminPort", given.proxy_admin_port), ("statusPort", given.status_port)):
        if number is not None:
            port(report, f"{path}.{field}", number)
    not_negative(report, f"{path}.concurrency", given.concurrency)
    _names(report, path, given)
    _addresses(report, path, given)
    if given.private_key_provider is not None:
        _key_hardware(report, f"{path}.privateKeyProvider", given.private_key_provider)
    if given.control_plane_auth_policy == "INHERIT":
        report.error(
            f"{path}.controlPlaneAuthPolicy", "INHERIT has nothing to inherit from", "use MUTUAL_TLS or NONE"
        )
    if OLD_ALLOCATION in given.proxy_metadata:
        report.warning(
            f"{path}.proxyMetadata[{OLD_ALLOCATION}]", f"{OLD_ALLOCATION} is deprecated", "remove it"
        )
    if given.connection_settings is not None:
        _connections(report, f"{path}.connectionSettings", given.connection_settings)
    if given.tracing is not None:
        client_tls(report, f"{path}.tracing.tlsSettings", given.tracing.tls_settings)


def _names(report: Report, path: str, given: ProxySettings) -> None:
    """Check the texts that have a default and cannot be empty."""
    named = {
        "configPath": given.config_path,
        "binaryPath": given.binary_path,
        "serviceCluster": given.service_cluster,
        "discoveryAddress": given.discovery_address,
    }
    for field, text in named.items():
        if text == "":
            report.error(f"{path}.{field}", f"{field} is empty", "leave it out for the default")
    lightstep = given.tracing.lightstep if given.tracing is not None else None
    if lightstep is not None and not lightstep.access_token:
        report.error(f"{path}.tracing.lightstep.accessToken", "the accessToken is missing")


def _key_hardware(report: Report, path: str, given: PrivateKeyProvider) -> None:
    chosen = {"cryptomb": given.cryptomb, "qat": given.qat}
    if not any(chosen.values()):
        report.error(path, "it names no provider: one of cryptomb and qat is needed")
    for field, hardware in chosen.items():
        if hardware is not None and not hardware.poll_delay:
            report.error(f"{path}.{field}.pollDelay", "pollDelay is missing, or zero")


def wrong_settings(given: ProxySettings) -> str:
    """Say what is wrong with settings that come from elsewhere than MeshConfig; empty when nothing is."""
    report = Report(Ref("ProxyConfig", "", ""))
    proxy_settings(report, "", given)
    wrong = (one for one in report.found if one.level is Level.ERROR)
    return "; ".join(f"{one.path.removeprefix('.')}: {one.message}" for one in wrong)


def _addresses(report: Report, path: str, given: ProxySettings) -> None:
    named = {
        "discoveryAddress": given.discovery_address,
        "statsdUdpAddress": given.statsd_udp_address,
        "envoyMetricsServiceAddress": given.envoy_metrics_service_address,
        "envoyMetricsService.address": given.envoy_metrics_service and given.envoy_metrics_service.address,
        "envoyAccessLogService.address": given.envoy_access_log_service
        and given.envoy_access_log_service.address,
    }
    if given.tracing is not None:
        for field in ("zipkin", "datadog", "lightstep"):
            tracer = getattr(given.tracing, field)
            named[f"tracing.{field}.address"] = tracer.address or ":" if tracer is not None else None
    for field, text in named.items():
        if text:
            report.wrong(f"{path}.{field}", proxy_address(text.replace(HOST_IP, "127.0.0.1", 1)))


def proxy_address(text: str) -> str:
    """Say what is wrong with `host:port`; an IPv6 address stands in brackets."""
    host, _, number = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        return f"{text!r} is not of the form host:port; an IPv6 address stands in brackets"
    if not host or not (number.isascii() and number.isdigit()) or not 1 <= int(number) <= 65535:
        return f"{text!r} is not of the form host:port"
    return "" if is_ip(host) or not fqdn(host) else f"{host!r} is neither an IP address nor a DNS name"


def _connections(report: Report, path: str, given: ConnectionSettings) -> None:
    for field, value in _counts(given).items():
        not_negative(report, f"{path}.{field}", value)
    for field, limit in _limits(given).items():
        if limit is not None and limit <= 0:
            report.error(f"{path}.{field}", f"{field} is {limit}; it must be at least 1")
    windows = {
        "http2InitialStreamWindowSize": given.http2_initial_stream_window_size,
        "http2InitialConnectionWindowSize": given.http2_initial_connection_window_size,
    }
    for field, size in windows.items():
        if size is not None and size < SMALLEST_WINDOW:
            report.error(f"{path}.{field}", f"{field} is {size}; it must be at least {SMALLEST_WINDOW}")
    for field, value in (
        ("httpIdleTimeout", given.http_idle_timeout),
        ("httpMaxConnectionDuration", given.http_max_connection_duration),
        ("httpDrainTimeout", given.http_drain_timeout),
        ("httpRequestTimeout", given.http_request_timeout),
        ("httpRequestHeadersTimeout", given.http_request_headers_timeout),
        ("httpStreamIdleTimeout", given.http_stream_idle_timeout),
        ("httpMaxStreamDuration", given.http_max_stream_duration),
    ):
        span(report, path, field, value)


def _counts(given: ConnectionSettings) -> dict[str, int | None]:
    return {
        "listenerPerConnectionBufferLimitBytes": given.listener_per_connection_buffer_limit_bytes,
        "clusterPerConnectionBufferLimitBytes": given.cluster_per_connection_buffer_limit_bytes,
    }


def _limits(given: ConnectionSettings) -> dict[str, int | None]:
    return {
        "httpMaxConcurrentStreams": given.http_max_concurrent_streams,
        "listenerConnectionLimit": given.listener_connection_limit,
        "globalDownstreamConnectionLimit": given.global_downstream_connection_limit,
    }
