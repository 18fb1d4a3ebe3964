"""Clusters and endpoints made message by message: what the program joins of encoded pieces, said plainly."""

from collections.abc import Iterable
from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import address_pb2, base_pb2, config_source_pb2, extension_pb2, health_check_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2
from envoy.extensions.clusters.dynamic_forward_proxy.v3 import cluster_pb2 as dynamic_pb2
from envoy.extensions.network.dns_resolver.cares.v3.cares_dns_resolver_pb2 import CaresDnsResolverConfig

from lateen.model.cluster_discovery import Discovery
from lateen.model.clusters import Cluster, Identity
from lateen.model.defaults import UNLIMITED
from lateen.model.endpoint import Endpoint
from lateen.model.locality import Group, Member
from lateen.model.subsets import split_locality
from lateen.translate import metadata, names
from lateen.translate.circuit_breaker import circuit_breakers
from lateen.translate.connection_pool import connection_options
from lateen.translate.dns_cache import dns_cache, dns_cache_name
from lateen.translate.http_protocol_options import http_protocol_options, typed_options
from lateen.translate.load_balancer import apply_load_balancer, common_lb_config
from lateen.translate.message import any_of, duration, optional_uint32, uint32
from lateen.translate.outlier_detection import outlier_detection
from lateen.translate.upstream_tls import cluster_socket

Message = cluster_pb2.Cluster
ISTIO, SOCKETS = "istio", "envoy.transport_socket_match"


def cluster(one: Cluster, kube_cluster: str) -> cluster_pb2.Cluster:
    """Return an outbound cluster."""
    traits, policy = one.traits, one.traits.policy
    name = (names.sni_of_outbound if one.by_sni else names.outbound_cluster)(one.host, one.port, one.subset)
    built = cluster_pb2.Cluster(
        name=name,
        alt_stat_name=f"{one.stat_name or name};",
        connect_timeout=duration(traits.connect_timeout),
        per_connection_buffer_limit_bytes=optional_uint32(traits.buffer_bytes),
        circuit_breakers=circuit_breakers(policy.connection_pool, policy.retry_budget),
        upstream_connection_options=connection_options(traits.keepalives),
        typed_extension_protocol_options=typed_options(
            http_protocol_options(traits.http, policy, traits.tls)
        ),
        transport_socket=cluster_socket(traits.tls, policy.proxy_protocol),
        metadata=_metadata({ISTIO: _own(one)}),
    )
    _discover(built, one, kube_cluster)
    if policy.outlier_detection is not None:
        built.outlier_detection.CopyFrom(outlier_detection(policy.outlier_detection))
    if traits.discovery is not Discovery.DYNAMIC:
        built.common_lb_config.CopyFrom(
            common_lb_config(
                traits.panic_percent,
                traits.preference,
                detects=policy.outlier_detection is not None,
                keeps_draining=traits.keeps_draining,
            )
        )
    if traits.discovery in (Discovery.DYNAMIC, Discovery.ORIGINAL_DST):
        built.lb_policy = Message.CLUSTER_PROVIDED
    else:
        apply_load_balancer(built, policy.load_balancer)
    return built


def assignment(name: str, groups: Iterable[Group], kube_cluster: str) -> endpoint_pb2.ClusterLoadAssignment:
    """Return a cluster's endpoints."""
    return endpoint_pb2.ClusterLoadAssignment(
        cluster_name=name, endpoints=[_locality(group, kube_cluster) for group in groups]
    )


def _own(one: Cluster) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if one.traits.discovery is not Discovery.DYNAMIC:
        fields["services"] = [_service(one.service)]
    if one.external:
        fields["external"] = True
    if one.rule is not None:
        path = f"namespaces/{one.rule.namespace}/destination-rule/{one.rule.name}"
        fields["config"] = f"/apis/networking.istio.io/v1/{path}"
    if one.rule is not None and one.originates_tls:
        fields["alpn_override"] = "false"
    if one.subset:
        fields["subset"] = one.subset
    return fields


def _service(one: Identity) -> dict[str, str]:
    return {"host": one.host, "name": one.name, "namespace": one.namespace}


def _discover(built: cluster_pb2.Cluster, one: Cluster, kube_cluster: str) -> None:
    traits = one.traits
    if traits.discovery is Discovery.DYNAMIC:
        checked = traits.tls is not None and traits.tls.auto_sni and traits.tls.auto_san
        config = dynamic_pb2.ClusterConfig(
            dns_cache_config=dns_cache(dns_cache_name(one.host), only_v6=traits.only_v6),
            allow_insecure_cluster_options=not checked and bool(built.typed_extension_protocol_options),
        )
        built.cluster_type.name = "envoy.clusters.dynamic_forward_proxy"
        built.cluster_type.typed_config.CopyFrom(any_of(config))
        return
    built.type = Message.DiscoveryType.Value(traits.discovery.value)
    if traits.discovery is Discovery.EDS:
        built.eds_cluster_config.service_name = built.name
        source = built.eds_cluster_config.eds_config
        source.ads.SetInParent()
        source.initial_fetch_timeout.SetInParent()
        source.resource_api_version = config_source_pb2.V3
        return
    if traits.looks_up:
        family = Message.V6_ONLY if traits.only_v6 else Message.V4_ONLY
        built.dns_lookup_family = Message.ALL if traits.all_families else family
        resolver = CaresDnsResolverConfig(udp_max_queries=uint32(100))
        built.typed_dns_resolver_config.CopyFrom(
            extension_pb2.TypedExtensionConfig(
                name="envoy.network.dns_resolver.cares", typed_config=any_of(resolver)
            )
        )
        built.dns_jitter.CopyFrom(duration(100_000_000))
        built.dns_refresh_rate.CopyFrom(duration(traits.dns_refresh_rate))
        built.respect_dns_ttl = True
    if traits.discovery.is_dns:
        built.load_assignment.CopyFrom(assignment(built.name, one.groups, kube_cluster))
    elif traits.original_port:
        built.original_dst_lb_config.upstream_port_override.value = traits.original_port


def _locality(group: Group, kube_cluster: str) -> endpoint_components_pb2.LocalityLbEndpoints:
    region, zone, sub_zone = split_locality(group.locality)
    return endpoint_components_pb2.LocalityLbEndpoints(
        locality=base_pb2.Locality(region=region, zone=zone, sub_zone=sub_zone),
        lb_endpoints=[_endpoint(member, kube_cluster) for member in group.members],
        load_balancing_weight=uint32(min(group.weight, UNLIMITED)) if group.weight else None,
        priority=group.priority,
    )


def _endpoint(member: Member, kube_cluster: str) -> endpoint_components_pb2.LbEndpoint:
    one = member.endpoint
    sections = {ISTIO: {"workload": _workload(one, kube_cluster)}}
    if member.mtls:
        sections[SOCKETS] = {"tlsMode": "istio"}
    return endpoint_components_pb2.LbEndpoint(
        endpoint=endpoint_components_pb2.Endpoint(address=_address(one)),
        health_status=health_check_pb2.HealthStatus.Value(one.health.name),
        load_balancing_weight=uint32(member.weight),
        metadata=_metadata(sections),
    )


def _address(one: Endpoint) -> address_pb2.Address:
    if one.is_unix:
        return address_pb2.Address(pipe=address_pb2.Pipe(path=one.address))
    return address_pb2.Address(
        socket_address=address_pb2.SocketAddress(address=one.address, port_value=one.port)
    )


def _workload(one: Endpoint, kube_cluster: str) -> str:
    labels = dict(one.labels)
    name = next((labels[key] for key in metadata.CANONICAL_NAME if labels.get(key)), one.workload_name)
    revision = next((labels[key] for key in metadata.CANONICAL_REVISION if labels.get(key)), "")
    shown = "" if revision == "latest" else revision
    return f"{one.workload_name};{one.namespace};{name};{shown};{kube_cluster}"


def _metadata(sections: dict[str, dict[str, Any]]) -> base_pb2.Metadata | None:
    built = base_pb2.Metadata()
    for name, fields in sections.items():
        if fields:
            built.filter_metadata[name].update(fields)
    return built if sections and any(sections.values()) else None
