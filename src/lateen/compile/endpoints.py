"""The endpoints of a cluster, as one proxy sees them."""

from lateen.compile.clusters import kube_cluster
from lateen.compile.resource import Resource, resource
from lateen.engine import Database, query
from lateen.model.cluster_view import cluster_view
from lateen.model.load_assignment import load_assignment
from lateen.model.sni_clusters import sni_assignment
from lateen.model.view import View
from lateen.translate import names
from lateen.translate.endpoint import cluster_load_assignment
from lateen.translate.message import serialized


def endpoint(db: Database, view: View, cluster_name: str) -> Resource | None:
    """Return a cluster's endpoints; None for a name that is no outbound cluster's.

    A cluster without any endpoint, or of an unknown service, is answered too: with none, so that Envoy stops waiting.
    """
    parts = names.parse_cluster(cluster_name)
    if parts is None or parts[0] != "outbound":
        parts = names.parse_cluster(cluster_name.replace("_.", "|", 3))
    if parts is None or parts[0] != "outbound":
        return None
    return _endpoint(db, cluster_view(db, view, parts[3]), cluster_name, parts[1:])


@query
def _endpoint(db: Database, view: View, cluster_name: str, parts: tuple[int, str, str]) -> Resource:
    port, subset, host = parts
    assignment = load_assignment if "|" in cluster_name else sni_assignment
    groups = assignment(db, view, host, port, subset)
    return resource(
        cluster_name, serialized(cluster_load_assignment(cluster_name, groups, kube_cluster(view)))
    )
