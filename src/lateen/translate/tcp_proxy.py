"""Connections whose bytes are not read → Envoy's TCP proxy (pilot/pkg/networking/core/networkfilter.go)."""

from envoy.config.listener.v3.listener_components_pb2 import Filter
from envoy.extensions.filters.network.mongo_proxy.v3.mongo_proxy_pb2 import MongoProxy
from envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.sni_dynamic_forward_proxy_pb2 import (
    FilterConfig,
)
from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy
from envoy.type.v3.hash_policy_pb2 import HashPolicy

from lateen.model.mesh import AccessLog
from lateen.model.protocol import Protocol
from lateen.model.tcp_routing import Forwarding, Target
from lateen.translate import message, names
from lateen.translate.access_log import access_logs
from lateen.translate.dns_cache import dns_cache, dns_cache_name

SNI_LOOKUP = "envoy.extensions.filters.network.sni_dynamic_forward_proxy"
MONGO = "envoy.filters.network.mongo_proxy"


def forwarding_filters(forwarding: Forwarding, protocol: Protocol, log: AccessLog | None) -> list[Filter]:
    """Return the filters that send a connection on; MongoDB's statistics come from a filter of their own."""
    proxy = _tcp_proxy(forwarding, log)
    filters = [Filter(name=names.TCP_PROXY, typed_config=message.any_of(proxy))]
    if protocol is Protocol.MONGO:
        filters.insert(0, mongo_statistics(proxy.stat_prefix))
    return filters


def mongo_statistics(stat_prefix: str) -> Filter:
    """Return the filter that counts what is said in MongoDB's protocol."""
    return Filter(name=MONGO, typed_config=message.any_of(MongoProxy(stat_prefix=stat_prefix)))


def cluster_filter(
    cluster: str, log: AccessLog | None = None, idle_timeout: int | None = None, stat_prefix: str = ""
) -> Filter:
    """Return the filter that sends every connection to one cluster by its name.

    Args:
        cluster: its name.
        log: the access log; None for none.
        idle_timeout: nanoseconds; None is Envoy's hour.
        stat_prefix: begins the names of its statistics; empty is the cluster's name.
    """
    proxy = TcpProxy(
        stat_prefix=stat_prefix or cluster,
        cluster=cluster,
        idle_timeout=message.optional_duration(idle_timeout),
        access_log=access_logs(log),
    )
    return Filter(name=names.TCP_PROXY, typed_config=message.any_of(proxy))


def name_lookup(host: str, port: int, *, only_v6: bool) -> Filter:
    """Return the filter that resolves the server name of a TLS connection to a wildcard host."""
    cache = dns_cache(dns_cache_name(host), only_v6=only_v6)
    config = FilterConfig(dns_cache_config=cache, port_value=port)
    return Filter(name=SNI_LOOKUP, typed_config=message.any_of(config))


def cluster_of(target: Target, *, by_sni: bool = False) -> str:
    """Name the cluster of a target."""
    name = names.sni_of_outbound if by_sni else names.outbound_cluster
    return name(target.host, target.port, target.subset)


def _tcp_proxy(forwarding: Forwarding, log: AccessLog | None) -> TcpProxy:
    clusters = [cluster_of(target, by_sni=forwarding.by_sni) for target in forwarding.targets]
    proxy = TcpProxy(
        stat_prefix=forwarding.stat_prefix or clusters[0],
        idle_timeout=message.optional_duration(forwarding.idle_timeout),
        max_downstream_connection_duration=message.optional_duration(forwarding.max_duration),
        access_log=access_logs(log),
    )
    if forwarding.is_shared:
        for cluster, target in zip(clusters, forwarding.targets, strict=True):
            proxy.weighted_clusters.clusters.add(name=cluster, weight=target.weight)
    else:
        proxy.cluster = clusters[0]
    if forwarding.by_source_address:
        proxy.hash_policy.append(HashPolicy(source_ip=HashPolicy.SourceIp()))
    if forwarding.tunnel is not None:
        proxy.tunneling_config.hostname = forwarding.tunnel.authority
        proxy.tunneling_config.use_post = forwarding.tunnel.use_post
    return proxy
