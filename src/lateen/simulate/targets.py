"""Where a cluster leads: its endpoints with the share each gets, by priority, health and weight.

Priorities follow Envoy's load calculation (source/common/upstream/load_balancer_impl.cc): a priority takes as much as
its healthy share times the overprovisioning factor allows, the rest spills over to the next; below the panic threshold
a priority is used whole, healthy or not.
"""

from collections.abc import Sequence

import msgspec
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.address_pb2 import Address
from envoy.config.core.v3.base_pb2 import Locality
from envoy.config.core.v3.health_check_pb2 import HealthStatus
from envoy.config.endpoint.v3.endpoint_components_pb2 import LbEndpoint, LocalityLbEndpoints
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment

from lateen.simulate.configuration import Configuration
from lateen.simulate.trace import Target

HEALTHY = frozenset({HealthStatus.UNKNOWN, HealthStatus.HEALTHY, HealthStatus.DEGRADED})
"""What is sent requests outside of a panic."""
_OVERPROVISIONING = 140
_PANIC = 50.0


class Reached(msgspec.Struct, frozen=True):
    """What a cluster's load balancer has to choose from."""

    targets: tuple[Target, ...]
    kind: str
    reason: str = ""


def reach(configuration: Configuration, cluster: Cluster, original: str) -> Reached:
    """Return a cluster's endpoints; `original` is `ip:port` of the connection, for ORIGINAL_DST."""
    kind = cluster.cluster_type.name or Cluster.DiscoveryType.Name(cluster.type)
    if kind == "ORIGINAL_DST":
        return Reached(
            (Target(address=_ported(cluster, original), share=1.0),), kind, "the original destination"
        )
    if kind not in Cluster.DiscoveryType.keys():  # noqa: SIM118  an enum wrapper, not a mapping
        return Reached((), kind, "the extension decides")
    assignment = _assignment(configuration, cluster, kind)
    if assignment is None:
        return Reached((), kind, "no endpoints were sent")
    targets = _spread(cluster, assignment)
    return Reached(targets, kind, "" if targets else "no healthy endpoint")


def _ported(cluster: Cluster, original: str) -> str:
    override = cluster.original_dst_lb_config.upstream_port_override.value
    return f"{original.rpartition(':')[0]}:{override}" if override else original


def _assignment(configuration: Configuration, cluster: Cluster, kind: str) -> ClusterLoadAssignment | None:
    if kind == "EDS":
        return configuration.load_assignment(cluster.eds_cluster_config.service_name or cluster.name)
    return cluster.load_assignment


def panic_threshold(cluster: Cluster) -> float:
    """Return the percentage of healthy endpoints below which all are used; 0 is never."""
    common = cluster.common_lb_config
    return common.healthy_panic_threshold.value if common.HasField("healthy_panic_threshold") else _PANIC


def weighs_localities(cluster: Cluster) -> bool:
    """Tell whether the weights of localities count; else they are ignored (upstream/locality_lb_config)."""
    return cluster.common_lb_config.HasField("locality_weighted_lb_config")


def _spread(cluster: Cluster, assignment: ClusterLoadAssignment) -> tuple[Target, ...]:
    levels: dict[int, list[LocalityLbEndpoints]] = {}
    for group in assignment.endpoints:
        if group.lb_endpoints:
            levels.setdefault(group.priority, []).append(group)
    factor = assignment.policy.overprovisioning_factor.value or _OVERPROVISIONING
    targets: list[Target] = []
    for priority, load in _loads(levels, factor).items():
        if load > 0:
            targets += _within(cluster, levels[priority], priority, load)
    return tuple(sorted(targets, key=lambda target: (target.priority, target.address)))


def _loads(levels: dict[int, list[LocalityLbEndpoints]], factor: int) -> dict[int, float]:
    """Return how much of the load each priority takes."""
    health = {
        priority: min(100.0, factor * _healthy_share(groups)) for priority, groups in sorted(levels.items())
    }
    total = min(100.0, sum(health.values()))
    if total == 0:  # everything is down: the first priority, in panic if the threshold lets it
        return dict.fromkeys(list(health)[:1], 1.0)
    left, loads = 100.0, {}
    for priority, value in health.items():
        loads[priority] = min(left, value * 100 / total)
        left -= loads[priority]
    return {priority: load / 100 for priority, load in loads.items()}


def _healthy_share(groups: Sequence[LocalityLbEndpoints]) -> float:
    everyone = [one for group in groups for one in group.lb_endpoints]
    return sum(one.health_status in HEALTHY for one in everyone) / len(everyone) if everyone else 0.0


def _within(
    cluster: Cluster, groups: Sequence[LocalityLbEndpoints], priority: int, load: float
) -> list[Target]:
    in_panic = _healthy_share(groups) * 100 < panic_threshold(cluster)
    is_weighted = weighs_localities(cluster)
    members = [
        (group, one)
        for group in groups
        for one in group.lb_endpoints
        if in_panic or one.health_status in HEALTHY
    ]
    weights = [_weight(one) * (_locality_weight(group) if is_weighted else 1.0) for group, one in members]
    total = sum(weights) or 1.0
    return [
        Target(
            address=text_of(one.endpoint.address),
            share=load * weight / total,
            priority=priority,
            locality=_locality(group.locality),
        )
        for (group, one), weight in zip(members, weights, strict=True)
        if weight
    ]


def _weight(one: LbEndpoint) -> int:
    return one.load_balancing_weight.value or 1


def _locality_weight(group: LocalityLbEndpoints) -> float:
    """Return the factor that gives a locality its configured share; without a weight it gets none."""
    own = sum(_weight(one) for one in group.lb_endpoints if one.health_status in HEALTHY)
    return group.load_balancing_weight.value / own if own else 0.0


def text_of(address: Address) -> str:
    """Write an address as `ip:port`, or the path of a UNIX socket."""
    if address.WhichOneof("address") == "pipe":
        return address.pipe.path
    return f"{address.socket_address.address}:{address.socket_address.port_value}"


def _locality(locality: Locality) -> str:
    return f"{locality.region}/{locality.zone}/{locality.sub_zone}".rstrip("/")
