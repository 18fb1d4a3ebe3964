"""What a sidecar's outbound listeners depend on, which is less than its view: most workloads of a namespace share them."""

from collections.abc import Iterator

from lateen.api import facts
from lateen.api.destination_rule import DestinationRule
from lateen.api.meta import Ref
from lateen.api.sidecar import Sidecar
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database, query
from lateen.model.view import View

SELECTING_KINDS = ("VirtualService", "DestinationRule", "Sidecar")
METADATA_READ = frozenset({"HTTP10", "IDLE_TIMEOUT", "UNPRIVILEGED_POD", "HTTP_PROXY_PORT", "PROXY_CONFIG"})


@query
def outbound_view(db: Database, view: View) -> View:
    """Reduce a sidecar's view to what its outbound listeners read; the argument of every query about them."""
    named = _named_labels(db)
    return View(
        type=view.type,
        namespace=view.namespace,
        domain=view.domain,
        labels=tuple(label for label in view.labels if label in named),
        address=view.address,
        interception=view.interception,
        dns_capture=view.dns_capture,
        metadata=tuple((key, value) for key, value in view.metadata if key in METADATA_READ),
    )


@query
def _named_labels(db: Database) -> frozenset[tuple[str, str]]:
    """Return the labels that some object asks for; any other value is as good as none."""
    found = (_labels_of(db, ref) for kind in SELECTING_KINDS for ref in facts.refs(db, kind))
    return frozenset().union(*found)


@query
def _labels_of(db: Database, ref: Ref) -> frozenset[tuple[str, str]]:
    found = facts.get(db, ref)
    return frozenset(_labels(found.spec)) if found is not None else frozenset()


def _labels(spec: object) -> Iterator[tuple[str, str]]:
    match spec:
        case VirtualService():
            for tls in (condition for route in spec.tls for condition in route.match):
                yield from tls.source_labels.items()
            for tcp in (condition for route in spec.tcp for condition in route.match):
                yield from tcp.source_labels.items()
        case DestinationRule():
            yield from spec.workload_selector.match_labels.items() if spec.workload_selector else ()
        case Sidecar():
            yield from spec.workload_selector.labels.items() if spec.workload_selector else ()
