"""Outbound clusters (Envoy: `Cluster`)."""

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import config_source_pb2, extension_pb2
from envoy.extensions.clusters.dynamic_forward_proxy.v3 import cluster_pb2 as dynamic_pb2
from envoy.extensions.network.dns_resolver.cares.v3.cares_dns_resolver_pb2 import CaresDnsResolverConfig

from lateen.model.cluster_discovery import Discovery
from lateen.model.clusters import Cluster
from lateen.translate import names
from lateen.translate.circuit_breaker import circuit_breakers
from lateen.translate.connection_pool import connection_options
from lateen.translate.dns_cache import dns_cache, dns_cache_name
from lateen.translate.endpoint import cluster_load_assignment
from lateen.translate.http_protocol_options import http_protocol_options, typed_options
from lateen.translate.load_balancer import apply_load_balancer, common_lb_config
from lateen.translate.message import any_of, duration, optional_uint32, serialized, uint32
from lateen.translate.metadata import cluster_metadata
from lateen.translate.outlier_detection import outlier_detection
from lateen.translate.upstream_tls import cluster_socket

DYNAMIC_FORWARD_PROXY = "envoy.clusters.dynamic_forward_proxy"
CARES_RESOLVER = "envoy.network.dns_resolver.cares"
DNS_JITTER = 100_000_000  # pilot/pkg/features: PILOT_DNS_JITTER_DURATION
DNS_QUERIES_PER_SOCKET = 100  # pilot/pkg/features: PILOT_DNS_CARES_UDP_MAX_QUERIES
_STATIC_TYPES = {
    Discovery.EDS: cluster_pb2.Cluster.EDS,
    Discovery.STRICT_DNS: cluster_pb2.Cluster.STRICT_DNS,
    Discovery.LOGICAL_DNS: cluster_pb2.Cluster.LOGICAL_DNS,
    Discovery.ORIGINAL_DST: cluster_pb2.Cluster.ORIGINAL_DST,
}


def outbound_cluster(one: Cluster, kube_cluster: str) -> bytes:
    """Return an outbound cluster's message, serialised (cluster_builder.go buildCluster)."""
    built = _base(one)
    _set_discovery(built, one, kube_cluster)
    _set_balancing(built, one)
    socket = cluster_socket(one.tls, one.policy.proxy_protocol)
    if socket is not None:
        built.transport_socket.CopyFrom(socket)
    return serialized(built)


def _base(one: Cluster) -> cluster_pb2.Cluster:
    naming = names.sni_of_outbound if one.by_sni else names.outbound_cluster
    name = naming(one.host, one.port, one.subset)
    pool = one.policy.connection_pool
    return cluster_pb2.Cluster(
        name=name,
        alt_stat_name=names.stats_prefix(one.stat_name or name),
        connect_timeout=duration(one.connect_timeout),
        per_connection_buffer_limit_bytes=optional_uint32(one.buffer_bytes),
        circuit_breakers=circuit_breakers(pool, one.policy.retry_budget),
        upstream_connection_options=connection_options(one.keepalives),
        typed_extension_protocol_options=typed_options(http_protocol_options(one.http, one.policy, one.tls)),
        metadata=cluster_metadata(
            None if one.discovery is Discovery.DYNAMIC else (one.service,),
            rule=one.rule,
            subset=one.subset,
            external=one.external,
            originates_tls=one.originates_tls,
        ),
    )


def _set_discovery(built: cluster_pb2.Cluster, one: Cluster, kube_cluster: str) -> None:
    if one.discovery is Discovery.DYNAMIC:
        _set_dynamic(built, one)
        return
    built.type = _STATIC_TYPES[one.discovery]
    if one.discovery is Discovery.EDS:
        built.eds_cluster_config.CopyFrom(_eds(built.name))
        return
    if one.looks_up:
        _set_dns(built, one)
    if one.discovery.is_dns:
        built.load_assignment.CopyFrom(cluster_load_assignment(built.name, one.groups, kube_cluster))
    elif one.original_port:
        built.original_dst_lb_config.upstream_port_override.CopyFrom(uint32(one.original_port))


def _eds(name: str) -> cluster_pb2.Cluster.EdsClusterConfig:
    """Ask ADS for the endpoints, and wait for them without a limit."""
    source = config_source_pb2.ConfigSource(
        ads=config_source_pb2.AggregatedConfigSource(),
        initial_fetch_timeout=duration(0),
        resource_api_version=config_source_pb2.V3,
    )
    return cluster_pb2.Cluster.EdsClusterConfig(eds_config=source, service_name=name)


def _set_dns(built: cluster_pb2.Cluster, one: Cluster) -> None:
    resolver = CaresDnsResolverConfig(udp_max_queries=uint32(DNS_QUERIES_PER_SOCKET))
    family = cluster_pb2.Cluster.V6_ONLY if one.only_v6 else cluster_pb2.Cluster.V4_ONLY
    built.dns_lookup_family = cluster_pb2.Cluster.ALL if one.all_families else family
    built.typed_dns_resolver_config.CopyFrom(
        extension_pb2.TypedExtensionConfig(name=CARES_RESOLVER, typed_config=any_of(resolver))
    )
    built.dns_jitter.CopyFrom(duration(DNS_JITTER))
    built.dns_refresh_rate.CopyFrom(duration(one.dns_refresh_rate))
    built.respect_dns_ttl = True


def _set_dynamic(built: cluster_pb2.Cluster, one: Cluster) -> None:
    """Resolve the request's own host.

    Envoy wants that name checked in TLS, as soon as the cluster has any HTTP options; or the exception declared, which
    plain text and a rule that checks less are.
    """
    checked = one.tls is not None and one.tls.auto_sni and one.tls.auto_san
    config = dynamic_pb2.ClusterConfig(
        dns_cache_config=dns_cache(dns_cache_name(one.host), only_v6=one.only_v6),
        allow_insecure_cluster_options=not checked and bool(built.typed_extension_protocol_options),
    )
    built.cluster_type.name = DYNAMIC_FORWARD_PROXY
    built.cluster_type.typed_config.CopyFrom(any_of(config))


def _set_balancing(built: cluster_pb2.Cluster, one: Cluster) -> None:
    detection = one.policy.outlier_detection
    if detection is not None:
        built.outlier_detection.CopyFrom(outlier_detection(detection))
    if one.discovery is Discovery.DYNAMIC:
        built.lb_policy = cluster_pb2.Cluster.CLUSTER_PROVIDED
        return
    built.common_lb_config.CopyFrom(
        common_lb_config(
            one.panic_percent,
            one.preference,
            detects=detection is not None,
            keeps_draining=one.keeps_draining,
        )
    )
    if one.discovery is Discovery.ORIGINAL_DST:
        built.lb_policy = cluster_pb2.Cluster.CLUSTER_PROVIDED
    else:
        apply_load_balancer(built, one.policy.load_balancer)
