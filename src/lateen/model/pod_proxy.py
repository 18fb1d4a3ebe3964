"""The proxy of a pod, as far as it follows from the pod alone."""

from typing import Any

from lateen.api.meta import Object
from lateen.model.view import Proxy

TEMPLATES = "inject.istio.io/templates"
"""The annotation that names the templates by which a proxy is injected (pkg/kube/inject)."""


def is_gateway(pod: Object[Any]) -> bool:
    """Tell whether the pod is a gateway: injected by the template `gateway`, as Istio's own gateways are."""
    return pod.meta.annotations.get(TEMPLATES) == "gateway"


def proxy_of(pod: Object[Any]) -> Proxy:
    """Return the proxy that would stand beside a pod, or that a gateway's pod is; without metadata but its labels."""
    return Proxy(
        type="router" if is_gateway(pod) else "sidecar",
        address=(pod.status.pod_ip if pod.status else "") or "",
        name=pod.meta.name,
        namespace=pod.meta.namespace,
        labels=tuple(sorted(pod.meta.labels.items())),
    )
