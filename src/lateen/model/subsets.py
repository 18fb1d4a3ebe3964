"""Which endpoints belong to a subset, and the labels that endpoints and proxies have by where they run.

Source: pilot/pkg/serviceregistry/util/label (AugmentLabels) and endpoint_builder.go (getSubSetLabels).
"""

from lateen.engine import Database, query
from lateen.model.destination_rules import rule_for
from lateen.model.endpoint import Endpoint
from lateen.model.mesh_networks import NETWORK_LABEL
from lateen.model.selectors import Pairs, pairs, selects
from lateen.model.view import View
from lateen.model.workload import REGION, SUBZONE, ZONE

NODE = "kubernetes.io/hostname"
PLACE_LABELS = (REGION, ZONE, SUBZONE, NETWORK_LABEL, NODE)
"""The labels that a place implies."""


def labels_of(db: Database, view: View, host: str, subset: str) -> Pairs:
    """Return the labels that a subset's endpoints carry; empty takes all, as does a subset that nobody declares."""
    rule = rule_for(db, view, host)
    chosen = rule.subset(subset) if rule and subset else None
    return pairs(chosen.labels) if chosen else ()


@query
def names(db: Database, view: View, host: str) -> tuple[str, ...]:
    """Return the names of a host's subsets; a firewall between their contents and the list of clusters."""
    rule = rule_for(db, view, host)
    return tuple(subset.name or "" for subset in rule.subsets) if rule else ()


def belongs(endpoint: Endpoint, selector: Pairs) -> bool:
    """Tell whether an endpoint carries a subset's labels, those of its place included."""
    return not selector or selects(selector, located_labels(endpoint).items())


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
