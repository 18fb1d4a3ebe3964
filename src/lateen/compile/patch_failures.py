"""The patches that could not be put on what a proxy gets; asked for findings, not for pushes."""

from lateen.compile import clusters, listeners
from lateen.compile.patches import Group, cluster_failures, listener_failures, patches
from lateen.engine import Database, query
from lateen.model.view import View
from lateen.translate.patch import Failure


@query
def failures(db: Database, view: View) -> tuple[Failure, ...]:
    """Return each patch that failed on any cluster or listener of a proxy, once, in order of EnvoyFilter and place.

    Only merging what is packed in an Any can fail.
    """
    found: dict[Failure, None] = {}
    if patches(db, view, Group.CLUSTERS):
        for part in clusters.parts(db, view):
            found |= dict.fromkeys(cluster_failures(db, view, part))
    if patches(db, view, Group.LISTENERS):
        for part in listeners.parts(db, view):
            found |= dict.fromkeys(listener_failures(db, view, part))
    return tuple(sorted(found, key=lambda one: (one.ref, one.index, one.reason)))
