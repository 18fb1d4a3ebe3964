"""ConnectionPoolSettings (validation.go validateConnectionPool, and the CRD's schema)."""

from lateen.api.check.primitives.durations import duration
from lateen.api.check.primitives.numbers import not_negative
from lateen.api.check.report import Report
from lateen.api.destination_rule import ConnectionPoolSettings, HTTPSettings, TCPSettings


def connection_pool(report: Report, path: str, pool: ConnectionPoolSettings | None) -> None:
    """Check limits of connections and requests."""
    if pool is None:
        return
    if pool.tcp is None and pool.http is None:
        report.error(path, "the pool is empty: tcp, http or both are needed")
    if pool.http is not None:
        _http(report, f"{path}.http", pool.http)
    if pool.tcp is not None:
        _tcp(report, f"{path}.tcp", pool.tcp)


def _http(report: Report, path: str, http: HTTPSettings) -> None:
    counts = {
        "http1MaxPendingRequests": http.http1_max_pending_requests,
        "http2MaxRequests": http.http2_max_requests,
        "maxRequestsPerConnection": http.max_requests_per_connection,
        "maxRetries": http.max_retries,
        "maxConcurrentStreams": http.max_concurrent_streams,
    }
    for field, value in counts.items():
        not_negative(report, f"{path}.{field}", value)
    duration(report, path, "idleTimeout", http.idle_timeout)
    if http.h2_upgrade_policy == "UPGRADE" and http.use_client_protocol:
        report.error(
            f"{path}.useClientProtocol", "useClientProtocol and h2UpgradePolicy: UPGRADE exclude each other"
        )
    if http.http2_keep_alive is not None:
        pings = {"interval": http.http2_keep_alive.interval, "timeout": http.http2_keep_alive.timeout}
        for field, span in pings.items():
            if span is None:
                report.error(
                    f"{path}.http2KeepAlive.{field}", f"{field} is missing; interval and timeout are needed"
                )
            duration(report, f"{path}.http2KeepAlive", field, span)


def _tcp(report: Report, path: str, tcp: TCPSettings) -> None:
    not_negative(report, f"{path}.maxConnections", tcp.max_connections)
    duration(report, path, "connectTimeout", tcp.connect_timeout)
    duration(report, path, "maxConnectionDuration", tcp.max_connection_duration)
    duration(report, path, "idleTimeout", tcp.idle_timeout, zero=True)
    if tcp.tcp_keepalive is not None:
        duration(report, f"{path}.tcpKeepalive", "time", tcp.tcp_keepalive.time)
        duration(report, f"{path}.tcpKeepalive", "interval", tcp.tcp_keepalive.interval)
