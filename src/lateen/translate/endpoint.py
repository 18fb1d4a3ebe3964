"""Endpoints (Envoy: `ClusterLoadAssignment`), encoded by hand, for there are many and all of one form."""

from collections.abc import Iterable

from envoy.config.core.v3 import address_pb2, base_pb2, health_check_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2

from lateen.model.defaults import UNLIMITED
from lateen.model.locality import Group, Member
from lateen.model.subsets import split_locality
from lateen.model.workload import Health
from lateen.translate.metadata import endpoint_metadata
from lateen.translate.wire import field, integer, numbers, text, uint32

_HEALTH = {
    Health.UNKNOWN: health_check_pb2.UNKNOWN,
    Health.HEALTHY: health_check_pb2.HEALTHY,
    Health.UNHEALTHY: health_check_pb2.UNHEALTHY,
    Health.DRAINING: health_check_pb2.DRAINING,
}
_ASSIGNMENT = numbers(endpoint_pb2.ClusterLoadAssignment)
_NAME, _GROUPS = _ASSIGNMENT["cluster_name"], _ASSIGNMENT["endpoints"]
_GROUP = numbers(endpoint_components_pb2.LocalityLbEndpoints)
_LOCALITY, _MEMBERS, _PRIORITY = _GROUP["locality"], _GROUP["lb_endpoints"], _GROUP["priority"]
_GROUP_WEIGHT = _GROUP["load_balancing_weight"]
_PLACE = tuple(numbers(base_pb2.Locality)[name] for name in ("region", "zone", "sub_zone"))
_MEMBER = numbers(endpoint_components_pb2.LbEndpoint)
_ENDPOINT, _STATUS, _METADATA = _MEMBER["endpoint"], _MEMBER["health_status"], _MEMBER["metadata"]
_WEIGHT = _MEMBER["load_balancing_weight"]
_ADDRESS = numbers(endpoint_components_pb2.Endpoint)["address"]
_SOCKET, _PIPE = (numbers(address_pb2.Address)[name] for name in ("socket_address", "pipe"))
_HOST, _PORT = (numbers(address_pb2.SocketAddress)[name] for name in ("address", "port_value"))
_PATH = numbers(address_pb2.Pipe)["path"]
_STATUSES = {health: integer(_STATUS, number) if number else b"" for health, number in _HEALTH.items()}


def cluster_load_assignment(name: str, groups: Iterable[Group], kube_cluster: str) -> bytes:
    """Return a cluster's endpoints by locality, serialised; no groups is a cluster that answers 503."""
    return named(name, localities(groups, kube_cluster))


def named(name: str, localities: bytes) -> bytes:
    """Return the endpoints of a cluster of which all but the name is serialised."""
    return text(_NAME, name) + localities


def localities(groups: Iterable[Group], kube_cluster: str) -> bytes:
    """Serialise endpoints by locality; clusters that have the same differ in their names only."""
    return b"".join([field(_GROUPS, _locality(group, kube_cluster)) for group in groups])


def address(host: str, port: int) -> address_pb2.Address:
    """Return a socket's address, or that of a UNIX socket when there is no port."""
    return address_pb2.Address.FromString(_address(host, port))


def _locality(group: Group, kube_cluster: str) -> bytes:
    places = zip(_PLACE, split_locality(group.locality), strict=True)
    locality = b"".join(text(number, place) for number, place in places if place)
    members = (field(_MEMBERS, _endpoint(member, kube_cluster)) for member in group.members)
    weight = uint32(_GROUP_WEIGHT, min(group.weight, UNLIMITED)) if group.weight else b""
    priority = integer(_PRIORITY, group.priority) if group.priority else b""
    return b"".join((field(_LOCALITY, locality), *members, weight, priority))


def _endpoint(member: Member, kube_cluster: str) -> bytes:
    one = member.endpoint
    return b"".join(
        (
            field(_ENDPOINT, field(_ADDRESS, _address(one.address, one.port))),
            _STATUSES[one.health],
            field(_METADATA, endpoint_metadata(one, kube_cluster, mtls=member.mtls)),
            uint32(_WEIGHT, member.weight),
        )
    )


def _address(host: str, port: int) -> bytes:
    if port == 0:
        return field(_PIPE, text(_PATH, host))
    return field(_SOCKET, text(_HOST, host) + integer(_PORT, port))
