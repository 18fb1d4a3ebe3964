"""MeshConfig (`mesh.istio.io/v1alpha1`, key `mesh` of the ConfigMap `istio`): settings of the whole mesh."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import field

from lateen.api.common import Duration, LabelSelector
from lateen.api.destination_rule import (
    ClientTLSSettings,
    ConnectionPoolSettings,
    OutlierDetection,
    TcpKeepalive,
)
from lateen.api.extension_provider import ExtensionProvider
from lateen.api.load_balancer import LocalityLoadBalancerSetting, ZoneAwareLoadBalancerSetting
from lateen.api.message import Int32, Message, OneOf
from lateen.api.proxy_settings import ProxySettings
from lateen.api.virtual_service import HTTPRetry

IngressControllerMode = Literal["UNSPECIFIED", "OFF", "DEFAULT", "STRICT"]
AccessLogEncoding = Literal["TEXT", "JSON"]
OutboundMode = Literal["REGISTRY_ONLY", "ALLOW_ANY", "ALLOW_ANY_DYNAMIC_DNS"]
InboundMode = Literal["PASSTHROUGH", "LOCALHOST"]
MeshH2UpgradePolicy = Literal["DO_NOT_UPGRADE", "UPGRADE"]
NormalizationType = Literal["DEFAULT", "NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"]
MeshTLSProtocol = Literal["TLS_AUTO", "TLSV1_2", "TLSV1_3"]
ServiceScope = Literal["LOCAL", "GLOBAL"]
Visibility = Literal["VISIBILITY_UNSPECIFIED", "NONE", "NAMESPACE", "PUBLIC"]


class MeshConfig(Message, frozen=True):
    """Settings of the whole mesh. Fields are as written; the defaults named here are applied by whoever reads them."""

    proxy_listen_port: Int32 | None = None
    """Where captured outbound traffic goes; unset is 15001. Envoy: listener `virtualOutbound`."""
    proxy_inbound_listen_port: Int32 | None = None
    """Where captured inbound traffic goes; unset is 15006. Envoy: listener `virtualInbound`."""
    proxy_http_port: Int32 | None = None
    """HTTP proxy port on 127.0.0.1; unset or 0 is off. Envoy: listener `http_proxy`."""
    connect_timeout: Duration | None = None
    """To upstream hosts; unset is 10s. Envoy: `connect_timeout`."""
    hbone_idle_timeout: Duration | None = None
    """Ambient mode only."""
    protocol_detection_timeout: Duration | None = None
    """Wait for the first bytes; unset or 0 waits for ever. Envoy: `listener_filters_timeout`."""
    tcp_keepalive: TcpKeepalive | None = None
    """Of all clusters; unset is off. Envoy: `upstream_connection_options`."""
    ingress_class: str | None = None
    """Class of Kubernetes Ingress objects; not supported."""
    ingress_service: str | None = None
    """Service of the ingress gateway; not supported."""
    ingress_controller_mode: IngressControllerMode | None = None
    """Which Ingress objects count; not supported."""
    ingress_selector: str | None = None
    """Label `istio` of the ingress gateway; not supported."""
    enable_tracing: bool | None = None
    """Unset is true. Envoy: `tracing` of the HTTP connection manager."""
    access_log_file: str | None = None
    """e.g. /dev/stdout; unset or empty is no log. Envoy: `access_log`."""
    access_log_format: str | None = None
    """Unset is Istio's. Envoy: `log_format`."""
    access_log_encoding: AccessLogEncoding | None = None
    """Unset is TEXT. Envoy: `text_format_source` or `json_format`."""
    enable_envoy_access_log_service: bool | None = None
    """Log over gRPC; unset is false."""
    disable_envoy_listener_log: bool | None = None
    """No log of the listeners; unset is false."""
    default_config: ProxySettings | None = None
    """Settings of every proxy, overridden by annotation and ProxyConfig."""
    outbound_traffic_policy: MeshOutboundTrafficPolicy | None = None
    """Traffic to unknown hosts; unset is ALLOW_ANY. Envoy: PassthroughCluster or BlackHoleCluster."""
    inbound_traffic_policy: InboundTrafficPolicy | None = None
    """Address that inbound traffic has at the application; unset is PASSTHROUGH. Envoy: inbound cluster type."""
    config_sources: tuple[ConfigSource, ...] = ()
    """Other sources of configuration; not supported."""
    enable_auto_mtls: bool | None = None
    """mTLS wherever both sides can; unset is true. Envoy: `transport_socket_matches`."""
    trust_domain: str | None = None
    """Root of identities; unset is cluster.local."""
    trust_domain_aliases: tuple[str, ...] = ()
    """Other trust domains that count as the same."""
    ca_certificates: tuple[CertificateData, ...] = ()
    """Roots of trust domains; not supported."""
    default_service_export_to: tuple[str, ...] = ()
    """`exportTo` of services that say none; empty is `*`."""
    default_virtual_service_export_to: tuple[str, ...] = ()
    """`exportTo` of VirtualServices that say none; empty is `*`."""
    default_destination_rule_export_to: tuple[str, ...] = ()
    """`exportTo` of DestinationRules that say none; empty is `*`."""
    root_namespace: str | None = None
    """Namespace whose objects are for the whole mesh; unset is istio-system."""
    locality_lb_setting: LocalityLoadBalancerSetting | None = None
    """Preference by locality; unset is enabled."""
    zone_aware_lb_setting: ZoneAwareLoadBalancerSetting | None = None
    """Envoy's zone aware routing; unset is off."""
    dns_refresh_rate: Duration | None = None
    """Of DNS clusters; unset is 60s. Envoy: `dns_refresh_rate`."""
    h2_upgrade_policy: MeshH2UpgradePolicy | None = None
    """HTTP/2 to HTTP services; unset is DO_NOT_UPGRADE."""
    inbound_cluster_stat_name: str | None = None
    """Pattern such as `%SERVICE%`. Envoy: `alt_stat_name`."""
    outbound_cluster_stat_name: str | None = None
    """Pattern such as `%SERVICE%`. Envoy: `alt_stat_name`."""
    certificates: tuple[MeshCertificate, ...] = ()
    """Deprecated; no effect."""
    service_settings: tuple[ServiceSettings, ...] = ()
    """Services that stay in their cluster; multi-cluster only."""
    service_scope_configs: tuple[ServiceScopeConfigs, ...] = ()
    """Scope of services; ambient multi-cluster only."""
    enable_prometheus_merge: bool | None = None
    """The agent merges the application's metrics; unset is true."""
    verify_certificate_at_client: bool | None = None
    """Deprecated; no effect."""
    ca: CA | None = None
    """An external CA; not supported."""
    extension_providers: tuple[ExtensionProvider, ...] = ()
    """Named backends for telemetry and authorization."""
    default_providers: DefaultProviders | None = None
    """Backends that are used without a Telemetry object."""
    discovery_selectors: tuple[LabelSelector, ...] = ()
    """Namespaces that are looked at; empty is all."""
    path_normalization: ProxyPathNormalization | None = None
    """Unset is BASE. Envoy: `normalize_path`, `merge_slashes`."""
    default_http_retry_policy: HTTPRetry | None = None
    """Retries of routes that say none; unset is Istio's default. Envoy: `retry_policy`."""
    default_inbound_http_retry_policy: HTTPRetry | None = None
    """Retries towards the own application; unset is 2 on reset-before-request."""
    mesh_mtls: TLSConfig | None = field(name="meshMTLS", default=None)
    """TLS versions and ciphers inside the mesh."""
    tls_defaults: TLSConfig | None = None
    """TLS versions and ciphers elsewhere."""
    default_traffic_policy: DefaultTrafficPolicy | None = None
    """Blocks that DestinationRules leave unset."""
    service_entry_visibility: ServiceEntryVisibility | None = None
    """How widely ServiceEntries are seen at most, whatever their exportTo."""


class MeshOutboundTrafficPolicy(Message, frozen=True):
    """Traffic to hosts that nobody declared (`MeshConfig.OutboundTrafficPolicy`)."""

    mode: OutboundMode | None = None
    """Unset in a present policy is REGISTRY_ONLY."""
    tls: ClientTLSSettings | None = None
    """TLS of ALLOW_ANY_DYNAMIC_DNS."""


class InboundTrafficPolicy(Message, frozen=True):
    """How the application is reached (`MeshConfig.InboundTrafficPolicy`)."""

    mode: InboundMode | None = None
    """Unset is PASSTHROUGH. Envoy: ORIGINAL_DST, or STATIC 127.0.0.1."""


class CertificateData(OneOf, frozen=True):
    """Roots of trust domains (`MeshConfig.CertificateData`)."""

    oneofs = (("pem", "spiffe_bundle_url"),)

    pem: str | None = None
    """The certificates."""
    spiffe_bundle_url: str | None = None
    """Where they are."""
    cert_signers: tuple[str, ...] = ()
    """Kubernetes signers they are for."""
    trust_domains: tuple[str, ...] = ()
    """Trust domains they are for."""


class ServiceSettings(Message, frozen=True):
    """Settings of some services (`MeshConfig.ServiceSettings`)."""

    settings: ClusterLocality | None = None
    hosts: tuple[str, ...] = ()
    """Services, wildcards allowed."""


class ClusterLocality(Message, frozen=True):
    """Whether a service stays in its cluster (`MeshConfig.ServiceSettings.Settings`)."""

    cluster_local: bool | None = None
    """Unset is false."""


class ServiceScopeConfigs(Message, frozen=True):
    """Scope of services (`MeshConfig.ServiceScopeConfigs`)."""

    namespace_selector: LabelSelector | None = None
    services_selector: LabelSelector | None = None
    scope: ServiceScope | None = None
    """Unset is LOCAL."""


class CA(Message, frozen=True):
    """An external CA (`MeshConfig.CA`)."""

    address: str | None = None
    tls_settings: ClientTLSSettings | None = None
    request_timeout: Duration | None = None
    istiod_side: bool | None = None


class DefaultProviders(Message, frozen=True):
    """Names of extension providers (`MeshConfig.DefaultProviders`)."""

    tracing: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    access_logging: tuple[str, ...] = ()


class ProxyPathNormalization(Message, frozen=True):
    """How paths are made canonical (`MeshConfig.ProxyPathNormalization`)."""

    normalization: NormalizationType | None = None
    """Unset is DEFAULT, which is BASE."""


class TLSConfig(Message, frozen=True):
    """TLS versions and ciphers (`MeshConfig.TLSConfig`)."""

    min_protocol_version: MeshTLSProtocol | None = None
    """Unset is TLS 1.2."""
    ecdh_curves: tuple[str, ...] = ()
    """Key exchange groups; empty is Envoy's."""
    cipher_suites: tuple[str, ...] = ()
    """Empty is Envoy's."""


class DefaultTrafficPolicy(Message, frozen=True):
    """Blocks for DestinationRules that leave them unset (`MeshConfig.DefaultTrafficPolicy`)."""

    connection_pool: ConnectionPoolSettings | None = None
    outlier_detection: OutlierDetection | None = None


class ServiceEntryVisibility(Message, frozen=True):
    """Visibility of ServiceEntries."""

    default_visibility: Visibility | None = None
    """Unset is PUBLIC."""
    apply_to_sidecars: bool | None = None
    """Unset is false: ambient mode only."""
    policies: tuple[VisibilityPolicy, ...] = ()


class VisibilityPolicy(Message, frozen=True):
    """Visibility for some namespaces (`ServiceEntryVisibility.Policy`)."""

    visibility: Visibility | None = None
    matching_rules: tuple[VisibilityMatchRule, ...] = ()


class VisibilityMatchRule(Message, frozen=True):
    """Which namespaces (`ServiceEntryVisibility.MatchRule`)."""

    namespace_selector: LabelSelector | None = None


class ConfigSource(Message, frozen=True):
    """A server of configuration."""

    address: str | None = None
    tls_settings: ClientTLSSettings | None = None
    subscribed_resources: tuple[Any, ...] = ()


class MeshCertificate(Message, frozen=True):
    """Deprecated (`mesh.v1alpha1.Certificate`)."""

    secret_name: str | None = None
    dns_names: tuple[str, ...] = ()


class MeshNetworks(Message, frozen=True):
    """Networks of the mesh (key `meshNetworks` of the ConfigMap `istio`)."""

    networks: dict[str, Network] = {}


class Network(Message, frozen=True):
    """Endpoints and gateways of one network."""

    endpoints: tuple[NetworkEndpoints, ...] = ()
    gateways: tuple[IstioNetworkGateway, ...] = ()


class NetworkEndpoints(OneOf, frozen=True):
    """Which endpoints are in the network (`Network.NetworkEndpoints`)."""

    oneofs = (("from_cidr", "from_registry"),)

    from_cidr: str | None = None
    from_registry: str | None = None


class IstioNetworkGateway(OneOf, frozen=True):
    """How the network is reached (`Network.IstioNetworkGateway`)."""

    oneofs = (("registry_service_name", "address"),)

    registry_service_name: str | None = None
    address: str | None = None
    port: int = 0
    locality: str | None = None
