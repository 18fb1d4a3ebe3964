"""Endpoints for destinations that have none: rules can be tried where files describe no workloads."""

from collections.abc import Callable

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment

from lateen.compile import types
from lateen.compile.resource import Resource, resource
from lateen.twin.runnable import Resources

HOST, PORT = "192.0.2.200", 80  # RFC 5737: an address of nobody
ADDRESS = f"{HOST}:{PORT}"
_OWN = (Cluster.STATIC, Cluster.STRICT_DNS, Cluster.LOGICAL_DNS)


def reachable(found: Resources) -> Resources:
    """Return the resources with one endpoint, `ADDRESS`, in each cluster that has none."""
    changed = {types.CLUSTER: _of_cluster, types.ENDPOINT: _of_assignment}
    return {kind: tuple(_changed(one, changed.get(kind)) for one in many) for kind, many in found.items()}


def _changed(one: Resource, change: Callable[[bytes], bytes] | None) -> Resource:
    return resource(one.name, change(one.body)) if change else one


def _of_cluster(body: bytes) -> bytes:
    found = Cluster.FromString(body)
    if found.HasField("cluster_type") or found.type not in _OWN or _has_any(found.load_assignment):
        return body
    found.load_assignment.cluster_name = found.name
    return _filled(found, found.load_assignment)


def _of_assignment(body: bytes) -> bytes:
    found = ClusterLoadAssignment.FromString(body)
    return body if _has_any(found) else _filled(found, found)


def _has_any(assignment: ClusterLoadAssignment) -> bool:
    return any(group.lb_endpoints for group in assignment.endpoints)


def _filled(whole: Cluster | ClusterLoadAssignment, assignment: ClusterLoadAssignment) -> bytes:
    del assignment.endpoints[:]
    address = assignment.endpoints.add().lb_endpoints.add().endpoint.address.socket_address
    address.address, address.port_value = HOST, PORT
    return whole.SerializeToString(deterministic=True)
