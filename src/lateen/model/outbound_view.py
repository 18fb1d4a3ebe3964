"""What a sidecar's outbound listeners depend on, which is less than its view: most workloads of a namespace share them."""

from lateen.engine import Database, query
from lateen.model import named_labels
from lateen.model.view import View

METADATA_READ = frozenset({"HTTP10", "IDLE_TIMEOUT", "UNPRIVILEGED_POD", "HTTP_PROXY_PORT", "PROXY_CONFIG"})


@query
def outbound_view(db: Database, view: View) -> View:
    """Reduce a sidecar's view to what its outbound listeners read; the argument of every query about them."""
    return View(
        type=view.type,
        namespace=view.namespace,
        domain=view.domain,
        dns_domain=view.dns_domain,
        labels=named_labels.kept(db, view.labels, "opaque"),
        address=view.address,
        families=view.families,
        interception=view.interception,
        dns_capture=view.dns_capture,
        metadata=tuple((key, value) for key, value in view.metadata if key in METADATA_READ),
    )
