"""What a proxy's routes depend on, which is less than its view: replicas of different workloads share their routes."""

import msgspec

from lateen.engine import Database, query
from lateen.model import mesh, named_labels
from lateen.model.view import View

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
    return View(
        type=view.type,
        namespace=view.namespace,
        domain=view.domain,
        dns_domain=view.dns_domain,
        labels=named_labels.kept(db, view.labels, "http"),
        families=view.families,
        dns_capture=view.dns_capture,
        metadata=tuple((key, value) for key, value in view.metadata if key in METADATA_READ),
    )


def of_anyone(view: View) -> View:
    """Leave out of a routing view whose proxy it is: the view of a sidecar of no namespace."""
    return msgspec.structs.replace(view, namespace="", labels=())


def without_names(view: View) -> View:
    """Leave out of a routing view what decides about domains alone: what is left is what routes read."""
    return View(type=view.type, namespace=view.namespace, labels=view.labels, metadata=view.metadata)


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
