"""The labels, with their values, by which some object chooses the workloads that its outbound rules are for.

A view keeps a label when some selector names its key; here the value counts too, so that workloads which differ in labels
that nobody asks for share their routes and listeners.
"""

from collections.abc import Iterator
from typing import Literal

from lateen.api import facts
from lateen.api.destination_rule import DestinationRule
from lateen.api.meta import Ref
from lateen.api.sidecar import Sidecar
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database, query
from lateen.model.selectors import Pairs

Routes = Literal["http", "opaque"]
"""Which routes of a VirtualService count: `http`, or `tls` and `tcp`."""
Label = tuple[str, str]

SELECTING_KINDS = ("VirtualService", "DestinationRule", "Sidecar")


def kept(db: Database, labels: Pairs, routes: Routes) -> Pairs:
    """Return those of a workload's labels that some outbound rule asks for."""
    named = named_labels(db, routes)
    return tuple(label for label in labels if label in named)


@query
def named_labels(db: Database, routes: Routes) -> frozenset[Label]:
    """Return the labels that some object asks for; any other value is as good as none."""
    found = (_labels_of(db, ref, routes) for kind in SELECTING_KINDS for ref in facts.refs(db, kind))
    return frozenset().union(*found)


@query
def _labels_of(db: Database, ref: Ref, routes: Routes) -> frozenset[Label]:
    found = facts.get(db, ref)
    return frozenset(_labels(found.spec, routes)) if found is not None else frozenset()


def _labels(spec: object, routes: Routes) -> Iterator[Label]:
    match spec:
        case VirtualService():
            yield from _source_labels(spec, routes)
        case DestinationRule():
            yield from spec.workload_selector.match_labels.items() if spec.workload_selector else ()
        case Sidecar():
            yield from spec.workload_selector.labels.items() if spec.workload_selector else ()


def _source_labels(spec: VirtualService, routes: Routes) -> Iterator[Label]:
    if routes == "http":
        for http in (condition for route in spec.http for condition in route.match):
            yield from http.source_labels.items()
        return
    for tls in (condition for route in spec.tls for condition in route.match):
        yield from tls.source_labels.items()
    for tcp in (condition for route in spec.tcp for condition in route.match):
        yield from tcp.source_labels.items()
