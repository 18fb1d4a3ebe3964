"""Which endpoints belong to a subset, and the labels that endpoints and proxies have by where they run.

Source: pilot/pkg/serviceregistry/util/label (AugmentLabels) and endpoint_builder.go (getSubSetLabels).
"""

from lateen.api.destination_rule import Subset
from lateen.model.endpoint import Endpoint
from lateen.model.mesh_networks import NETWORK_LABEL
from lateen.model.selectors import Pairs, pairs, selects
from lateen.model.workload import REGION, SUBZONE, ZONE

NODE = "kubernetes.io/hostname"
PLACE_LABELS = (REGION, ZONE, SUBZONE, NETWORK_LABEL, NODE)
"""The labels that a place implies."""


def labels_of(subset: Subset | None) -> Pairs:
    """Return the labels that a subset's endpoints carry; empty takes all, as does a subset that nobody declares."""
    return pairs(subset.labels) if subset else ()


def belongs(endpoint: Endpoint, selector: Pairs) -> bool:
    """Tell whether an endpoint carries a subset's labels, those of its place included."""
    by_place = any(key in PLACE_LABELS for key, _ in selector)
    return selects(selector, located_labels(endpoint).items() if by_place else endpoint.labels)


def located_labels(endpoint: Endpoint) -> dict[str, str]:
    """Return an endpoint's labels with those of its region, zone, subzone, network and machine."""
    return located(dict(endpoint.labels), endpoint.locality, endpoint.network, endpoint.node)


def located(labels: dict[str, str], locality: str, network: str, node: str) -> dict[str, str]:
    """Add to labels what a place implies; a place that is not known adds nothing."""
    region, zone, subzone = split_locality(locality)
    implied = {REGION: region, ZONE: zone, SUBZONE: subzone, NETWORK_LABEL: network, NODE: node}
    return {**labels, **{key: value for key, value in implied.items() if value}}


def split_locality(locality: str) -> tuple[str, str, str]:
    """Split `region/zone/subzone`; what is missing is empty."""
    region, zone, subzone = (*locality.split("/"), "", "", "")[:3]
    return region, zone, subzone
