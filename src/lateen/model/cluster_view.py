"""What a proxy's outbound clusters depend on, which is less than its view: namespaces that see the same share them.

Most services, and the rules for them, are seen alike from everywhere. So each host's clusters and endpoints are made for
a proxy of no namespace, and proxies that see another service or rule under that name have their own.
"""

import msgspec

from lateen.api import facts
from lateen.engine import Database, query
from lateen.model import scope
from lateen.model.destination_rules import rule_for
from lateen.model.selectors import asked, mesh_label_keys
from lateen.model.subsets import PLACE_LABELS
from lateen.model.view import View


def cluster_view(db: Database, view: View, host: str) -> View:
    """Reduce a view to what the clusters of one host and their endpoints read; the argument of queries about them."""
    return _cluster_view(db, _seen_from(db, view), host)


def clusters_view(db: Database, view: View) -> View:
    """Reduce a view to what all its outbound clusters read; further when it sees every host like anyone."""
    return _clusters_view(db, _seen_from(db, view))


@query
def _cluster_view(db: Database, view: View, host: str) -> View:
    own, anyone = _reduced(db, view)
    for candidate in (anyone, own):
        if _sees_alike(db, view, candidate, host):
            return candidate
    return view


@query
def _clusters_view(db: Database, view: View) -> View:
    anyone = _reduced(db, view)[1]
    here, there = (scope.services(db, scope.scope_of(db, one)) for one in (view, anyone))
    if here == there and all(_cluster_view(db, view, service.host) == anyone for service in here):
        return anyone
    return view


def _seen_from(db: Database, view: View) -> View:
    """Leave out what no cluster reads, unless it chooses a Sidecar: the workloads of a namespace ask about hosts once.

    The same scope and the labels that rules select by are all that services and rules are looked up by.
    """
    own = _reduced(db, view)[0]
    return own if scope.scope_of(db, own) == scope.scope_of(db, view) else view


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
    rules = (asked(db, ref).keys for ref in facts.refs(db, "DestinationRule"))
    return frozenset(PLACE_LABELS).union(mesh_label_keys(db), *rules)


def _sees_alike(db: Database, one: View, other: View, host: str) -> bool:
    here, there = (scope.service(db, scope.scope_of(db, view), host) for view in (one, other))
    return here == there and rule_for(db, one, host) == rule_for(db, other, host)
