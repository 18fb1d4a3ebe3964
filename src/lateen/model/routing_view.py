"""What a proxy's routes depend on, which is less than its view: replicas of different workloads share their routes."""

from collections.abc import Iterator

import msgspec

from lateen.api import facts
from lateen.api.destination_rule import DestinationRule
from lateen.api.meta import Ref
from lateen.api.sidecar import Sidecar
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database, query
from lateen.model import mesh
from lateen.model.view import View

# The kinds whose selectors or source conditions decide about outbound routes.
SELECTING_KINDS = ("VirtualService", "DestinationRule", "Sidecar")
METADATA_READ = frozenset({"PROXY_CONFIG"})


class ProxyHeaders(msgspec.Struct, frozen=True):
    """What the mesh's `proxyHeaders` ask of routes (pilot/pkg/networking/util/proxy_headers.go)."""

    attempt_count: bool = True
    """Tell the upstream which attempt this is: `x-envoy-attempt-count`."""
    forwarded_host: bool = False
    """Append the original host to `x-forwarded-host` when it is rewritten."""


@query
def routing_view(db: Database, view: View) -> View:
    """Reduce a view to what outbound routes read; the argument of every query about them."""
    named = _named_labels(db)
    return View(
        type=view.type,
        namespace=view.namespace,
        domain=view.domain,
        labels=tuple(label for label in view.labels if label in named),
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
            for condition in (condition for route in spec.http for condition in route.match):
                yield from condition.source_labels.items()
        case DestinationRule():
            yield from spec.workload_selector.match_labels.items() if spec.workload_selector else ()
        case Sidecar():
            yield from spec.workload_selector.labels.items() if spec.workload_selector else ()


@query
def proxy_headers(db: Database, view: View) -> ProxyHeaders:
    """Return the header settings of a proxy that routes carry out."""
    headers = mesh.proxy_settings(db, view).proxy_headers
    if headers is None:
        return ProxyHeaders()
    count, host = headers.attempt_count, headers.x_forwarded_host
    return ProxyHeaders(
        attempt_count=not (count and count.disabled),
        forwarded_host=bool(host and host.enabled),
    )
