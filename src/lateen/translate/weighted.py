"""Destinations of a route → `cluster` or `weighted_clusters`, encoded (route.go, processWeightedDestination)."""

from collections.abc import Iterable

from envoy.config.route.v3.route_components_pb2 import WeightedCluster

from lateen.model.routing import Target, WeightedTarget
from lateen.translate import headers, names
from lateen.translate.message import serialized
from lateen.translate.wire import field, numbers, text, uint32

_CLUSTERS = numbers(WeightedCluster)["clusters"]
_NAME, _WEIGHT = (numbers(WeightedCluster.ClusterWeight)[name] for name in ("name", "weight"))


def cluster_of(target: Target) -> str:
    """Name the cluster of a destination."""
    return names.outbound_cluster(target.host, target.port, target.subset)


def weighted_clusters(destinations: Iterable[WeightedTarget]) -> bytes:
    """Return several destinations with their weights, each with its own header operations."""
    return b"".join(field(_CLUSTERS, _weight(one)) for one in destinations)


def _weight(one: WeightedTarget) -> bytes:
    own, changes = (
        text(_NAME, cluster_of(one.target)) + uint32(_WEIGHT, one.weight),
        headers.changes(one.headers),
    )
    if changes is headers.NONE:
        return own
    further = WeightedCluster.ClusterWeight()
    headers.write(further, changes)
    if changes.authority:
        further.host_rewrite_literal = changes.authority
    return own + serialized(further)
