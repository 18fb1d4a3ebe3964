"""Outbound clusters (Envoy: `Cluster`).

Most of a cluster is what its *traits* say, which hundreds of others have as well: that part is made once, and the names,
the metadata and the endpoints are put next to it.
"""

from functools import lru_cache

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import config_source_pb2, extension_pb2
from envoy.extensions.clusters.dynamic_forward_proxy.v3 import cluster_pb2 as dynamic_pb2
from envoy.extensions.network.dns_resolver.cares.v3.cares_dns_resolver_pb2 import CaresDnsResolverConfig

from lateen.model.cluster_discovery import Discovery
from lateen.model.clusters import Cluster, Traits
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
from lateen.translate.wire import field, numbers, text

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
_CLUSTER = numbers(cluster_pb2.Cluster)
_NAME, _STAT_NAME, _METADATA = (_CLUSTER[name] for name in ("name", "alt_stat_name", "metadata"))
_EDS, _ENDPOINTS, _TYPE = (
    _CLUSTER[name] for name in ("eds_cluster_config", "load_assignment", "cluster_type")
)
_SERVICE_NAME = numbers(cluster_pb2.Cluster.EdsClusterConfig)["service_name"]
_KINDS_KEPT = 2**10
"""How many kinds of cluster are remembered: about as many as the mesh has distinct policies."""


def outbound_cluster(one: Cluster, kube_cluster: str) -> bytes:
    """Return an outbound cluster's message, serialised (cluster_builder.go buildCluster)."""
    naming = names.sni_of_outbound if one.by_sni else names.outbound_cluster
    name = naming(one.host, one.port, one.subset)
    own = (text(_NAME, name), text(_STAT_NAME, names.stats_prefix(one.stat_name or name)), _metadata(one))
    return b"".join((*own, _found(one, name, kube_cluster), _common(one.traits)))


def _metadata(one: Cluster) -> bytes:
    said = cluster_metadata(
        None if one.traits.discovery is Discovery.DYNAMIC else (one.service,),
        rule=one.rule,
        subset=one.subset,
        external=one.external,
        originates_tls=one.originates_tls,
    )
    return field(_METADATA, said) if said else b""


def _found(one: Cluster, name: str, kube_cluster: str) -> bytes:
    """Return what of a cluster's own is about how its endpoints are found."""
    discovery = one.traits.discovery
    if discovery is Discovery.EDS:
        return field(_EDS, _ADS + text(_SERVICE_NAME, name))
    if discovery.is_dns:
        return field(_ENDPOINTS, cluster_load_assignment(name, one.groups, kube_cluster))
    return field(_TYPE, serialized(_dynamic(one))) if discovery is Discovery.DYNAMIC else b""


def _dynamic(one: Cluster) -> cluster_pb2.Cluster.CustomClusterType:
    """Resolve the request's own host.

    Envoy wants that name checked in TLS, as soon as the cluster has any HTTP options; or the exception declared, which
    plain text and a rule that checks less are.
    """
    traits = one.traits
    checked = traits.tls is not None and traits.tls.auto_sni and traits.tls.auto_san
    options = http_protocol_options(traits.http, traits.policy, traits.tls)
    config = dynamic_pb2.ClusterConfig(
        dns_cache_config=dns_cache(dns_cache_name(one.host), only_v6=traits.only_v6),
        allow_insecure_cluster_options=not checked and options is not None,
    )
    return cluster_pb2.Cluster.CustomClusterType(name=DYNAMIC_FORWARD_PROXY, typed_config=any_of(config))


def _ads() -> bytes:
    """Ask ADS for the endpoints, and wait for them without a limit."""
    source = config_source_pb2.ConfigSource(
        ads=config_source_pb2.AggregatedConfigSource(),
        initial_fetch_timeout=duration(0),
        resource_api_version=config_source_pb2.V3,
    )
    return serialized(cluster_pb2.Cluster.EdsClusterConfig(eds_config=source))


_ADS = _ads()


@lru_cache(maxsize=_KINDS_KEPT)
def _common(traits: Traits) -> bytes:
    """Return the part of a cluster that its traits alone say."""
    policy = traits.policy
    built = cluster_pb2.Cluster(
        connect_timeout=duration(traits.connect_timeout),
        per_connection_buffer_limit_bytes=optional_uint32(traits.buffer_bytes),
        circuit_breakers=circuit_breakers(policy.connection_pool, policy.retry_budget),
        upstream_connection_options=connection_options(traits.keepalives),
        typed_extension_protocol_options=typed_options(
            http_protocol_options(traits.http, policy, traits.tls)
        ),
        transport_socket=cluster_socket(traits.tls, policy.proxy_protocol),
    )
    _set_discovery(built, traits)
    _set_balancing(built, traits)
    return serialized(built)


def _set_discovery(built: cluster_pb2.Cluster, traits: Traits) -> None:
    if traits.discovery is Discovery.DYNAMIC:
        return
    built.type = _STATIC_TYPES[traits.discovery]
    if traits.looks_up and traits.discovery is not Discovery.EDS:
        _set_dns(built, traits)
    if traits.discovery is Discovery.ORIGINAL_DST and traits.original_port:
        built.original_dst_lb_config.upstream_port_override.CopyFrom(uint32(traits.original_port))


def _set_dns(built: cluster_pb2.Cluster, traits: Traits) -> None:
    resolver = CaresDnsResolverConfig(udp_max_queries=uint32(DNS_QUERIES_PER_SOCKET))
    family = cluster_pb2.Cluster.V6_ONLY if traits.only_v6 else cluster_pb2.Cluster.V4_ONLY
    built.dns_lookup_family = cluster_pb2.Cluster.ALL if traits.all_families else family
    built.typed_dns_resolver_config.CopyFrom(
        extension_pb2.TypedExtensionConfig(name=CARES_RESOLVER, typed_config=any_of(resolver))
    )
    built.dns_jitter.CopyFrom(duration(DNS_JITTER))
    built.dns_refresh_rate.CopyFrom(duration(traits.dns_refresh_rate))
    built.respect_dns_ttl = True


def _set_balancing(built: cluster_pb2.Cluster, traits: Traits) -> None:
    detection = traits.policy.outlier_detection
    if detection is not None:
        built.outlier_detection.CopyFrom(outlier_detection(detection))
    if traits.discovery is Discovery.DYNAMIC:
        built.lb_policy = cluster_pb2.Cluster.CLUSTER_PROVIDED
        return
    built.common_lb_config.CopyFrom(
        common_lb_config(
            traits.panic_percent,
            traits.preference,
            detects=detection is not None,
            keeps_draining=traits.keeps_draining,
        )
    )
    if traits.discovery is Discovery.ORIGINAL_DST:
        built.lb_policy = cluster_pb2.Cluster.CLUSTER_PROVIDED
    else:
        apply_load_balancer(built, traits.policy.load_balancer)
