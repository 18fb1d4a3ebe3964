"""Endpoints (Envoy: `ClusterLoadAssignment`)."""

from collections.abc import Iterable

from envoy.config.core.v3 import address_pb2, base_pb2, health_check_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2

from lateen.model.defaults import UNLIMITED
from lateen.model.locality import Group, Member
from lateen.model.subsets import split_locality
from lateen.model.workload import Health
from lateen.translate.message import uint32
from lateen.translate.metadata import endpoint_metadata

_HEALTH = {
    Health.UNKNOWN: health_check_pb2.UNKNOWN,
    Health.HEALTHY: health_check_pb2.HEALTHY,
    Health.UNHEALTHY: health_check_pb2.UNHEALTHY,
    Health.DRAINING: health_check_pb2.DRAINING,
}


def cluster_load_assignment(
    name: str, groups: Iterable[Group], kube_cluster: str
) -> endpoint_pb2.ClusterLoadAssignment:
    """Return a cluster's endpoints by locality; no groups is a cluster that answers 503."""
    return endpoint_pb2.ClusterLoadAssignment(
        cluster_name=name, endpoints=[_locality(group, kube_cluster) for group in groups]
    )


def address(host: str, port: int) -> address_pb2.Address:
    """Return a socket's address, or that of a UNIX socket when there is no port."""
    if port == 0:
        return address_pb2.Address(pipe=address_pb2.Pipe(path=host))
    return address_pb2.Address(socket_address=address_pb2.SocketAddress(address=host, port_value=port))


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
    return endpoint_components_pb2.LbEndpoint(
        endpoint=endpoint_components_pb2.Endpoint(address=address(one.address, one.port)),
        health_status=_HEALTH[one.health],
        load_balancing_weight=uint32(member.weight),
        metadata=endpoint_metadata(one, kube_cluster, mtls=member.mtls),
    )
