"""The endpoints of a cluster, as one proxy sees them."""

from lateen.compile.clusters import kube_cluster
from lateen.compile.resource import Resource, resource
from lateen.engine import Database, query
from lateen.model.load_assignment import load_assignment
from lateen.model.sni_clusters import sni_assignment
from lateen.model.view import View
from lateen.translate import names
from lateen.translate.endpoint import cluster_load_assignment
from lateen.translate.message import serialized


@query
def endpoint(db: Database, view: View, cluster_name: str) -> Resource | None:
    """Return a cluster's endpoints; None for a name that is no outbound cluster's.

    A cluster without any endpoint, or of an unknown service, is answered too: with none, so that Envoy stops waiting.
    """
    parts = names.parse_cluster(cluster_name)
    if parts is not None and parts[0] == "outbound":
        assignment = load_assignment
    else:
        assignment, parts = sni_assignment, names.parse_cluster(cluster_name.replace("_.", "|", 3))
    if parts is None or parts[0] != "outbound":
        return None
    _, port, subset, host = parts
    groups = assignment(db, view, host, port, subset)
    return resource(
        cluster_name, serialized(cluster_load_assignment(cluster_name, groups, kube_cluster(view)))
    )
