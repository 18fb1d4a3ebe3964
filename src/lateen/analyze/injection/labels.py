"""Labels and annotations by which a workload gets a proxy, and who has one (analysis/analyzers/util/in_mesh.go).

Lateen gives every workload of a mesh a proxy. Elsewhere these labels decide, and findings that are about proxies keep quiet
about a workload that says it has none.
"""

from collections.abc import Mapping

from lateen.analyze.catalogue import Code
from lateen.api import facts
from lateen.api.meta import Ref
from lateen.api.workload import Pod, PodTemplate
from lateen.engine import Database

INJECTION, ENABLED = "istio-injection", "enabled"
REVISION = "istio.io/rev"
DATAPLANE, AMBIENT = "istio.io/dataplane-mode", "ambient"
INJECT = "sidecar.istio.io/inject"
"""A label, formerly an annotation, of a pod."""
REDIRECTION = "ambient.istio.io/redirection"
MANAGED = "gateway.istio.io/managed"
PROXY = "istio-proxy"
"""Name of the proxy's container."""
CONTROL_PLANE = ("istio", ("release", "istio"))
IGNORED_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})
"""Namespaces that Istio never injects and does not analyse (pkg/kube/inject IgnoredNamespaces)."""

ABOUT_INJECTION = frozenset(
    (
        Code.NOT_INJECTED,
        Code.WITHOUT_PROXY,
        Code.UNFILLED,
        Code.UNFILLED_POD,
        Code.INJECTED_BY_DEFAULT,
        Code.OLD_PROXIES,
    )
)
"""Codes that say nothing about a mesh that runs here: each workload has a proxy."""


def is_control_plane(labels: Mapping[str, str]) -> bool:
    """Tell whether an object is a part of Istio itself."""
    return "istio" in labels or labels.get("release") == "istio"


def is_managed(labels: Mapping[str, str]) -> bool:
    """Tell whether a controller made the object for a Gateway of the Gateway API."""
    return labels.get(MANAGED, "").startswith("istio.io-") and labels[MANAGED].endswith("-controller")


def proxy_image(spec: Pod | None) -> str:
    """Return the image of a pod's proxy; empty when it has none of its own."""
    every = (*spec.containers, *spec.init_containers) if spec is not None else ()
    return next((one.image or "" for one in every if one.name == PROXY), "")


def labels_of_namespace(db: Database, name: str) -> Mapping[str, str] | None:
    """Return the labels of a Namespace; None when nobody wrote it down."""
    one = facts.get(db, Ref("Namespace", "", name))
    return one.meta.labels if one is not None else None


def in_mesh(
    db: Database, namespace: str, labels: Mapping[str, str], annotations: Mapping[str, str], spec: Pod | None
) -> bool | None:
    """Tell whether a pod gets a proxy in Istio; None when nothing says so either way."""
    if proxy_image(spec):
        return True
    for place in (labels, annotations):
        if INJECT in place:
            return place[INJECT] == "true"
    own = labels_of_namespace(db, namespace)
    return own.get(INJECTION) == ENABLED if own is not None else None


def has_proxy(db: Database, namespace: str, template: PodTemplate) -> bool | None:
    """Tell the same of a template's pods; a namespace without any label says nothing."""
    own = labels_of_namespace(db, namespace)
    said = in_mesh(db, namespace, template.metadata.labels, template.metadata.annotations, template.spec)
    return None if said is False and own is not None and INJECTION not in own else said


def is_ambient(db: Database, namespace: str) -> bool:
    """Tell whether the workloads of a namespace have no proxy of their own because of ambient mode."""
    labels = labels_of_namespace(db, namespace) or {}
    if labels.get(INJECTION) == ENABLED or labels.get(REVISION):
        return False
    return labels.get(DATAPLANE) == AMBIENT
