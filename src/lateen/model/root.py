"""The root namespace, whose objects are for the whole mesh."""

from lateen.api import facts
from lateen.engine import Database, query
from lateen.model.defaults import ROOT_NAMESPACE


@query
def root_namespace(db: Database) -> str:
    """Return MeshConfig's `rootNamespace`, or `istio-system`; a query of its own, so that other settings re-run nothing."""
    return facts.mesh_config(db).root_namespace or ROOT_NAMESPACE
