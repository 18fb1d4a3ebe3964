"""Clusters that every proxy has, whatever services there are (Envoy: `Cluster`).

Proxies and meshes differ in few of their settings, so that each is encoded once for those that are alike.
"""

from functools import lru_cache

from envoy.config.cluster.v3 import cluster_pb2
from envoy.extensions.clusters.dynamic_forward_proxy.v3 import cluster_pb2 as dynamic_pb2
from envoy.extensions.upstreams.http.v3.http_protocol_options_pb2 import HttpProtocolOptions

from lateen.model.clusters import Http
from lateen.model.defaults import PASSTHROUGH_IDLE_TIMEOUT
from lateen.model.fixed_clusters import FixedClusters
from lateen.model.traffic_policy import Policy
from lateen.translate import names
from lateen.translate.circuit_breaker import circuit_breakers
from lateen.translate.cluster import DYNAMIC_FORWARD_PROXY
from lateen.translate.cluster_inbound import source_address
from lateen.translate.connection_pool import connection_options
from lateen.translate.dns_cache import ALLOW_ANY_CACHE, dns_cache
from lateen.translate.http_protocol_options import http_protocol_options, passthrough_options, typed_options
from lateen.translate.message import any_of, duration, optional_uint32, serialized
from lateen.translate.upstream_tls import cluster_socket

_RECENT = 2**6


@lru_cache(_RECENT)
def black_hole(settings: FixedClusters) -> bytes:
    """Return the cluster without endpoints, for traffic that must not go anywhere."""
    built = cluster_pb2.Cluster(
        name=names.BLACK_HOLE,
        alt_stat_name=names.stats_prefix(names.BLACK_HOLE),
        type=cluster_pb2.Cluster.STATIC,
        connect_timeout=duration(settings.mesh_connect_timeout),
        lb_policy=cluster_pb2.Cluster.ROUND_ROBIN,
    )
    return serialized(built)


@lru_cache(_RECENT)
def passthrough(settings: FixedClusters) -> bytes:
    """Return the cluster that sends traffic where the client meant it to go."""
    return serialized(_passthrough(settings))


@lru_cache(_RECENT)
def inbound_passthrough(settings: FixedClusters, *, marked: bool) -> bytes:
    """Return the same for the application's ports that no service declares.

    Its statistics carry PassthroughCluster's name, as Istio's do (cluster_builder.go buildInboundPassthroughCluster).
    """
    built = _passthrough(settings)
    built.name = names.INBOUND_PASSTHROUGH
    built.upstream_bind_config.CopyFrom(source_address(settings.sources, marked=marked))
    return serialized(built)


@lru_cache(_RECENT)
def dynamic_dns(settings: FixedClusters) -> bytes:
    """Return the cluster of ALLOW_ANY_DYNAMIC_DNS: it resolves the request's host."""
    tls = settings.dynamic_tls
    config = dynamic_pb2.ClusterConfig(
        dns_cache_config=dns_cache(ALLOW_ANY_CACHE, only_v6=settings.only_v6),
        allow_insecure_cluster_options=tls is None or not (tls.auto_sni and tls.auto_san),
    )
    options = http_protocol_options(Http(), Policy(), tls) or _passthrough_options(settings)
    built = cluster_pb2.Cluster(
        name=names.DYNAMIC_DNS,
        alt_stat_name=names.stats_prefix(names.DYNAMIC_DNS),
        connect_timeout=duration(settings.mesh_connect_timeout),
        per_connection_buffer_limit_bytes=optional_uint32(settings.buffer_bytes),
        lb_policy=cluster_pb2.Cluster.CLUSTER_PROVIDED,
        circuit_breakers=circuit_breakers(None, None),
        upstream_connection_options=connection_options(settings.mesh_keepalives),
        typed_extension_protocol_options=typed_options(options),
        transport_socket=cluster_socket(tls, None),
    )
    built.cluster_type.name = DYNAMIC_FORWARD_PROXY
    built.cluster_type.typed_config.CopyFrom(any_of(config))
    return serialized(built)


def _passthrough(settings: FixedClusters) -> cluster_pb2.Cluster:
    return cluster_pb2.Cluster(
        name=names.PASSTHROUGH,
        alt_stat_name=names.stats_prefix(names.PASSTHROUGH),
        type=cluster_pb2.Cluster.ORIGINAL_DST,
        connect_timeout=duration(settings.connect_timeout),
        per_connection_buffer_limit_bytes=optional_uint32(settings.buffer_bytes),
        lb_policy=cluster_pb2.Cluster.CLUSTER_PROVIDED,
        circuit_breakers=circuit_breakers(settings.pool, None),
        upstream_connection_options=connection_options(settings.keepalives),
        typed_extension_protocol_options=typed_options(_passthrough_options(settings)),
    )


def _passthrough_options(settings: FixedClusters) -> HttpProtocolOptions:
    return passthrough_options(PASSTHROUGH_IDLE_TIMEOUT, preserve_case=settings.preserve_case)
