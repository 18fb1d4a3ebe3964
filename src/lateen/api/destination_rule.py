"""DestinationRule (networking.istio.io): how a client's proxy talks to a service once routing has chosen it."""

from __future__ import annotations

from typing import Literal

from lateen.api.common import Duration, MatchLabels, PortSelector
from lateen.api.load_balancer import LoadBalancerSettings
from lateen.api.message import Int32, Message, UInt32

H2UpgradePolicy = Literal["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"]
ClientTLSMode = Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]
ProxyProtocolVersion = Literal["V1", "V2"]


class DestinationRule(Message, frozen=True):
    """Traffic policy and subsets of one host."""

    host: str = ""
    """Service that the policy is for: short, fully qualified, or a wildcard; required."""
    traffic_policy: TrafficPolicy | None = None
    """Policy for all ports and subsets. Envoy: fields of the outbound clusters."""
    subsets: tuple[Subset, ...] = ()
    """Named groups of endpoints. Envoy: one more cluster each."""
    export_to: tuple[str, ...] = ()
    """Namespaces that see it: `.`, `*` or names; empty is the mesh's default."""
    workload_selector: MatchLabels | None = None
    """Client workloads in the same namespace that the rule is for; unset is all."""


class TrafficPolicy(Message, frozen=True):
    """How to balance, limit, eject and encrypt."""

    load_balancer: LoadBalancerSettings | None = None
    """Choice of the endpoint. Envoy: `lb_policy` and locality settings."""
    connection_pool: ConnectionPoolSettings | None = None
    """Limits and time-outs. Envoy: `circuit_breakers`, HTTP protocol options."""
    outlier_detection: OutlierDetection | None = None
    """Ejection of failing endpoints. Envoy: `outlier_detection`."""
    tls: ClientTLSSettings | None = None
    """TLS to the service; unset lets auto mTLS decide. Envoy: `transport_socket`."""
    port_level_settings: tuple[PortTrafficPolicy, ...] = ()
    """Policies of single ports, each replacing the four blocks above for its port."""
    tunnel: TunnelSettings | None = None
    """Carry TCP in an HTTP CONNECT. Envoy: `tunneling_config`."""
    proxy_protocol: ProxyProtocol | None = None
    """Send a PROXY header first. Envoy: `upstream_proxy_protocol`."""
    retry_budget: RetryBudget | None = None
    """Retries as a share of active requests. Envoy: `retry_budget` of the circuit breaker."""


class PortTrafficPolicy(Message, frozen=True):
    """The policy of one port (`TrafficPolicy.PortTrafficPolicy`)."""

    port: PortSelector | None = None
    """The service port; required."""
    load_balancer: LoadBalancerSettings | None = None
    """As in TrafficPolicy."""
    connection_pool: ConnectionPoolSettings | None = None
    """As in TrafficPolicy."""
    outlier_detection: OutlierDetection | None = None
    """As in TrafficPolicy."""
    tls: ClientTLSSettings | None = None
    """As in TrafficPolicy."""


class TunnelSettings(Message, frozen=True):
    """TCP inside HTTP (`TrafficPolicy.TunnelSettings`)."""

    protocol: str | None = None
    """CONNECT or POST; unset is CONNECT. Envoy: `use_post`."""
    target_host: str = ""
    """Where the tunnel leads; required. Envoy: `hostname`."""
    target_port: UInt32 = 0
    """Port there; required. Envoy: `hostname`."""


class ProxyProtocol(Message, frozen=True):
    """PROXY header to the service (`TrafficPolicy.ProxyProtocol`)."""

    version: ProxyProtocolVersion | None = None
    """V1 (text) or V2 (binary); unset is V1."""


class RetryBudget(Message, frozen=True):
    """Concurrent retries relative to requests (`TrafficPolicy.RetryBudget`)."""

    percent: float | None = None
    """Share of active requests that may be retries; unset is 20. Envoy: `budget_percent`."""
    min_retry_concurrency: UInt32 | None = None
    """Always allowed; unset is 3. Envoy: `min_retry_concurrency`."""
    budget_interval: Duration | None = None
    """Window in which requests count; unset is Envoy's."""


class Subset(Message, frozen=True):
    """A named group of the host's endpoints, such as a version."""

    name: str = ""
    """Used by routes; required. Envoy: in the cluster name."""
    labels: dict[str, str] = {}
    """Labels of the endpoints; empty is all. Envoy: which endpoints the cluster has."""
    traffic_policy: TrafficPolicy | None = None
    """Replaces blocks of the host's policy."""


class ConnectionPoolSettings(Message, frozen=True):
    """Limits of connections and requests."""

    tcp: TCPSettings | None = None
    """For every protocol."""
    http: HTTPSettings | None = None
    """For HTTP."""


class TCPSettings(Message, frozen=True):
    """Connection limits (`ConnectionPoolSettings.TCPSettings`)."""

    max_connections: Int32 | None = None
    """Connections at a time; unset or 0 is no limit. Envoy: `max_connections`."""
    connect_timeout: Duration | None = None
    """Unset is the mesh's 10s. Envoy: `connect_timeout`."""
    tcp_keepalive: TcpKeepalive | None = None
    """Unset is the mesh's. Envoy: `upstream_connection_options.tcp_keepalive`."""
    max_connection_duration: Duration | None = None
    """Unset is no limit. Envoy: `max_connection_duration`."""
    idle_timeout: Duration | None = None
    """Unset is Envoy's 1h; 0s is none. Envoy: `idle_timeout`."""


class TcpKeepalive(Message, frozen=True):
    """SO_KEEPALIVE (`ConnectionPoolSettings.TCPSettings.TcpKeepalive`)."""

    probes: UInt32 | None = None
    """Unanswered probes before the connection is dead; unset is the system's. Envoy: `keepalive_probes`."""
    time: Duration | None = None
    """Idle time before the first probe; unset is the system's. Envoy: `keepalive_time`."""
    interval: Duration | None = None
    """Between probes; unset is the system's. Envoy: `keepalive_interval`."""


class HTTPSettings(Message, frozen=True):
    """HTTP limits (`ConnectionPoolSettings.HTTPSettings`)."""

    http1_max_pending_requests: Int32 | None = None
    """Queued requests, HTTP/2 too; unset or 0 is no limit. Envoy: `max_pending_requests`."""
    http2_max_requests: Int32 | None = None
    """Active requests of any HTTP version; unset or 0 is no limit. Envoy: `max_requests`."""
    max_requests_per_connection: Int32 | None = None
    """1 switches keep-alive off; unset or 0 is no limit. Envoy: `max_requests_per_connection`."""
    max_retries: Int32 | None = None
    """Retries at a time; unset or 0 is no limit. Envoy: `max_retries`."""
    idle_timeout: Duration | None = None
    """Of upstream connections; unset is Envoy's 1h. Envoy: `idle_timeout`."""
    h2_upgrade_policy: H2UpgradePolicy | None = None
    """Speak HTTP/2 upstream; unset is the mesh's. Envoy: `explicit_http_config`."""
    use_client_protocol: bool | None = None
    """Keep the protocol of the caller; unset is false. Envoy: `use_downstream_protocol_config`."""
    max_concurrent_streams: Int32 | None = None
    """Per HTTP/2 connection; unset or 0 is Envoy's. Envoy: `max_concurrent_streams`."""
    http2_keep_alive: ConnectionKeepalive | None = None
    """HTTP/2 pings. Envoy: `connection_keepalive`."""


class ConnectionKeepalive(Message, frozen=True):
    """HTTP/2 pings (`ConnectionPoolSettings.HTTPSettings.ConnectionKeepalive`)."""

    interval: Duration | None = None
    """Between pings."""
    timeout: Duration | None = None
    """For the answer."""


class OutlierDetection(Message, frozen=True):
    """Ejection of endpoints that fail."""

    consecutive_errors: Int32 | None = None
    """Deprecated; no effect."""
    split_external_local_origin_errors: bool | None = None
    """Count connect errors apart from answers; unset is false. Envoy: the field of the same name."""
    consecutive_local_origin_failures: UInt32 | None = None
    """Connect errors in a row, needs the split; unset is Envoy's 5. Envoy: `consecutive_local_origin_failure`."""
    consecutive_gateway_errors: UInt32 | None = None
    """502, 503 and 504 in a row; unset or 0 is off. Envoy: `consecutive_gateway_failure`."""
    consecutive_5xx_errors: UInt32 | None = None
    """Errors in a row; unset is Envoy's 5, 0 is off. Envoy: `consecutive_5xx`."""
    interval: Duration | None = None
    """Between sweeps; unset is Envoy's 10s. Envoy: `interval`."""
    base_ejection_time: Duration | None = None
    """Of the first ejection; unset is Envoy's 30s. Envoy: `base_ejection_time`."""
    max_ejection_percent: Int32 | None = None
    """Share of endpoints that may be out; unset or 0 is Envoy's 10. Envoy: `max_ejection_percent`."""
    min_health_percent: Int32 | None = None
    """Below this share all endpoints are used; unset is 0. Envoy: `healthy_panic_threshold`."""
    outlier_detection_http_error_codes: tuple[UInt32, ...] = ()
    """Only these statuses count as errors; empty is every 5xx. Envoy: `error_matcher`."""


class ClientTLSSettings(Message, frozen=True):
    """TLS from the client's proxy to the service."""

    mode: ClientTLSMode | None = None
    """DISABLE when unset inside a present `tls` block. Envoy: `transport_socket`."""
    client_certificate: str | None = None
    """File with the client's certificate, for MUTUAL. Envoy: SDS `file-cert:`."""
    private_key: str | None = None
    """File with its key, for MUTUAL. Envoy: SDS `file-cert:`."""
    ca_certificates: str | None = None
    """File with the CAs that may sign the server; unset does not verify in SIMPLE. Envoy: SDS `file-root:`."""
    credential_name: str | None = None
    """Secret with key, certificate and CA, on gateways. Envoy: SDS `kubernetes://`."""
    subject_alt_names: tuple[str, ...] = ()
    """Accepted names of the server. Envoy: `match_typed_subject_alt_names`."""
    sni: str | None = None
    """Server name to ask for; unset is the host. Envoy: `sni`."""
    insecure_skip_verify: bool | None = None
    """Accept any server certificate; unset is false. Envoy: no CA in the validation context."""
    ca_crl: str | None = None
    """File with revoked certificates. Envoy: `crl`."""
