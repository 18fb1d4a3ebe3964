"""The labels, with their values, by which some object chooses the workloads that its outbound rules are for.

A view keeps a label when some selector names its key; here the value counts too, so that workloads which differ in labels
that nobody asks for share their routes and listeners.
"""

from lateen.engine import Database, query
from lateen.model.selectors import Label, Pairs, Routes, asked

SELECTING_KINDS = ("VirtualService", "DestinationRule", "Sidecar")


def kept(db: Database, labels: Pairs, routes: Routes) -> Pairs:
    """Return those of a workload's labels that some outbound rule asks for."""
    named = named_labels(db, routes)
    return tuple(label for label in labels if label in named)


@query
def named_labels(db: Database, routes: Routes) -> frozenset[Label]:
    """Return the labels that some object asks for; any other value is as good as none."""
    found = (asked(db, kind) for kind in SELECTING_KINDS)
    return frozenset().union(*(one.http if routes == "http" else one.opaque for one in found))
