"""The endpoints of a cluster as words: all those on which it depends where a request goes."""

from collections.abc import Iterator

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.health_check_pb2 import HealthStatus
from envoy.config.endpoint.v3.endpoint_components_pb2 import LbEndpoint, LocalityLbEndpoints
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment

from lateen.simulate.targets import HEALTHY, panic_threshold, text_of, weighs_localities


def endpoint_words(cluster: Cluster, assignment: ClusterLoadAssignment) -> list[str]:
    """Describe each endpoint of a cluster, sorted; those that are neither chosen nor counted are left out."""
    is_counted, is_weighted = _counts_unhealthy(cluster, assignment), weighs_localities(cluster)
    return sorted(
        " ".join((text_of(one.endpoint.address), *_details(group, one, is_weighted=is_weighted)))
        for group in assignment.endpoints
        for one in group.lb_endpoints
        if is_counted or one.health_status in HEALTHY
    )


def _counts_unhealthy(cluster: Cluster, assignment: ClusterLoadAssignment) -> bool:
    """Tell whether unhealthy endpoints matter: in a panic, or for the load that a priority or a locality takes."""
    priorities = {group.priority for group in assignment.endpoints if group.lb_endpoints}
    return panic_threshold(cluster) > 0 or weighs_localities(cluster) or len(priorities) > 1


def _details(group: LocalityLbEndpoints, one: LbEndpoint, *, is_weighted: bool) -> Iterator[str]:
    if one.load_balancing_weight.value > 1:
        yield f"weight {one.load_balancing_weight.value}"
    if one.health_status not in (HealthStatus.UNKNOWN, HealthStatus.HEALTHY):
        yield HealthStatus.Name(one.health_status).lower()
    if group.priority:
        yield f"priority {group.priority}"
    places = (group.locality.region, group.locality.zone, group.locality.sub_zone)
    if place := "/".join(part for part in places if part):
        weight = group.load_balancing_weight.value
        yield f"in {place} of {weight}" if is_weighted else f"in {place}"
