"""Inbound clusters of a sidecar (Envoy: `Cluster`)."""

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import address_pb2, socket_option_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2

from lateen.model.inbound_clusters import InboundCluster
from lateen.translate import names
from lateen.translate.circuit_breaker import circuit_breakers
from lateen.translate.connection_pool import connection_options
from lateen.translate.endpoint import address
from lateen.translate.http_protocol_options import http_protocol_options, typed_options
from lateen.translate.message import SECOND, duration, optional_uint32, serialized
from lateen.translate.metadata import cluster_metadata
from lateen.translate.wire import field, numbers

NEVER = 9_223_372_035 * SECOND  # cluster_builder.go maxSecondsValue: Envoy keeps the hosts it has seen
INBOUND_MARK = 0x53A  # what Envoy sends to its own application, where capture goes by marks
_SOL_SOCKET, _SO_MARK = 1, 36
_METADATA = numbers(cluster_pb2.Cluster)["metadata"]


def inbound_cluster(one: InboundCluster, *, marked: bool) -> bytes:
    """Return an inbound cluster's message, serialised (cluster_builder.go buildInboundCluster)."""
    name = names.inbound_cluster(one.port)
    pool = one.policy.connection_pool
    built = cluster_pb2.Cluster(
        name=name,
        alt_stat_name=names.stats_prefix(one.stat_name or name),
        connect_timeout=duration(one.connect_timeout),
        per_connection_buffer_limit_bytes=optional_uint32(one.buffer_bytes),
        circuit_breakers=circuit_breakers(pool, one.policy.retry_budget),
        upstream_connection_options=connection_options(one.keepalives),
        typed_extension_protocol_options=typed_options(http_protocol_options(one.http, one.policy, None)),
        common_lb_config=cluster_pb2.Cluster.CommonLbConfig(),
    )
    _set_endpoint(built, one)
    if one.needs_source or marked:
        built.upstream_bind_config.CopyFrom(
            source_address((one.source,) if one.needs_source else (), marked=marked)
        )
    said = cluster_metadata(one.services, rule=one.rule) if one.services else b""
    return serialized(built) + (field(_METADATA, said) if said else b"")


def source_address(sources: tuple[str, ...], *, marked: bool) -> address_pb2.BindConfig:
    """Call from addresses that capture knows; `marked`, from a mark too, where capture goes by marks.

    A cluster's own bind configuration replaces the bootstrap's with its mark, so the mark has to be here again.
    """
    built = address_pb2.BindConfig()
    if sources:
        built.source_address.address = sources[0]
        built.source_address.port_value = 0
    for address_of_other_family in sources[1:]:
        extra = built.extra_source_addresses.add()
        extra.address.address = address_of_other_family
        extra.address.port_value = 0
    if marked:
        built.socket_options.append(
            socket_option_pb2.SocketOption(
                description="tell calls to the application from its own",
                level=_SOL_SOCKET,
                name=_SO_MARK,
                int_value=INBOUND_MARK,
                state=socket_option_pb2.SocketOption.STATE_PREBIND,
            )
        )
    return built


def _set_endpoint(built: cluster_pb2.Cluster, one: InboundCluster) -> None:
    if not one.address:
        built.type = cluster_pb2.Cluster.ORIGINAL_DST
        built.lb_policy = cluster_pb2.Cluster.CLUSTER_PROVIDED
        built.cleanup_interval.CopyFrom(duration(NEVER))
        return
    endpoint = endpoint_components_pb2.Endpoint(address=address(one.address, one.target_port))
    group = endpoint_components_pb2.LocalityLbEndpoints(
        lb_endpoints=[endpoint_components_pb2.LbEndpoint(endpoint=endpoint)]
    )
    built.type = cluster_pb2.Cluster.STATIC
    built.load_assignment.CopyFrom(
        endpoint_pb2.ClusterLoadAssignment(cluster_name=built.name, endpoints=[group])
    )
