"""What a proxy's outbound clusters depend on, which is less than its view: namespaces that see the same share them.

Most services, and the rules for them, are seen alike from everywhere. So each host's clusters and endpoints are made for
a proxy of no namespace, and proxies that see another service or rule under that name have their own.
"""

import msgspec

from lateen.engine import Database, query
from lateen.model import scope
from lateen.model.seen_alike import Alike, alike
from lateen.model.selectors import asked, mesh_label_keys
from lateen.model.subsets import PLACE_LABELS
from lateen.model.view import View


class _Views(msgspec.Struct, frozen=True):
    """What stands for a view, host by host: the first of them that sees the host alike."""

    anyone: View
    like_anyone: Alike
    own: View
    like_own: Alike
    base: View


def cluster_view(db: Database, view: View, host: str) -> View:
    """Reduce a view to what the clusters of one host and their endpoints read; the argument of queries about them."""
    views = _views(db, view)
    if host in views.like_anyone:
        return views.anyone
    return views.own if host in views.like_own else views.base


def clusters_view(db: Database, view: View) -> View:
    """Reduce a view to what all its outbound clusters read; further when it sees every host like anyone."""
    views = _views(db, view)
    return views.anyone if views.like_anyone.is_everything else views.base


@query
def _views(db: Database, view: View) -> _Views:
    """Leave out what no cluster reads, unless it chooses a Sidecar: the workloads of a namespace ask about hosts once.

    The same scope and the labels that rules select by are all that services and rules are looked up by.
    """
    own, anyone = _reduced(db, view)
    base = own if scope.scope_of(db, own) == scope.scope_of(db, view) else view
    return _Views(anyone, alike(db, base, anyone), own, alike(db, base, own), base)


@query
def _reduced(db: Database, view: View) -> tuple[View, View]:
    """Leave out of a view what no cluster reads, and then its namespace as well."""
    keys = _label_keys(db)
    labels = tuple(label for label in view.labels if label[0] in keys)
    own = msgspec.structs.replace(view, labels=labels, address="", other_address="", named_ports=())
    return own, msgspec.structs.replace(own, namespace="")


@query
def _label_keys(db: Database) -> frozenset[str]:
    """Return the keys of the labels by which rules are chosen for proxies and endpoints are preferred."""
    return frozenset(PLACE_LABELS).union(mesh_label_keys(db), asked(db, "DestinationRule").keys)
