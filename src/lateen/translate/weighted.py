"""Destinations of a route → `cluster` or `weighted_clusters` (route.go, processWeightedDestination)."""

from collections.abc import Iterable

from envoy.config.route.v3.route_components_pb2 import WeightedCluster

from lateen.model.routing import Target, WeightedTarget
from lateen.translate import headers, names


def cluster_of(target: Target) -> str:
    """Name the cluster of a destination."""
    return names.outbound_cluster(target.host, target.port, target.subset)


def weighted_clusters(destinations: Iterable[WeightedTarget]) -> WeightedCluster:
    """Return several destinations with their weights, each with its own header operations."""
    return WeightedCluster(clusters=[_weight(one) for one in destinations])


def _weight(one: WeightedTarget) -> WeightedCluster.ClusterWeight:
    changes = headers.changes(one.headers)
    weight = WeightedCluster.ClusterWeight(name=cluster_of(one.target))
    weight.weight.value = one.weight
    headers.write(weight, changes)
    if changes.authority:
        weight.host_rewrite_literal = changes.authority
    return weight
