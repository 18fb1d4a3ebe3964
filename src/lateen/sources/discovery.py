"""Which namespaces the mesh looks at: MeshConfig's `discoverySelectors`.

Objects of other namespaces are as good as not there: services, endpoints, rules, Secrets. Pods stay, for they still run; of
no selected Service, they are nobody's endpoints. No namespace is selected by itself, the root namespace neither.
Source: pkg/kube/namespace/filter.go, pkg/config/mesh/labelselector.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lateen.api import codes
from lateen.api.check.primitives.conditions import selects, wrong_parts
from lateen.api.common import LabelSelector
from lateen.api.facts import MESH_CONFIG
from lateen.api.finding import Finding, Level
from lateen.api.meta import Object, Ref
from lateen.model.defaults import NAMESPACE_NAME

KEPT = frozenset({"Pod", "Deployment", "ServiceAccount"})
"""What runs whether or not the mesh looks at it."""


def unselected(objects: Mapping[Ref, Object[Any]], mesh_map: tuple[str, str]) -> frozenset[Ref]:
    """Return the objects that are not looked at; `mesh_map` is the ConfigMap with the mesh's settings, which always is."""
    config = objects.get(MESH_CONFIG)
    selectors: tuple[LabelSelector, ...] = config.spec.discovery_selectors if config is not None else ()
    if not selectors or any(True for one in selectors for _ in wrong_parts(one)):
        return frozenset()  # one that Kubernetes cannot read makes all of them count for nothing
    spaces = {ref.namespace for ref in objects if ref.namespace}
    left = {space for space in spaces if not any(selects(one, _labels(objects, space)) for one in selectors)}
    kept = Ref("ConfigMap", *mesh_map)
    return frozenset(ref for ref in objects if ref.namespace in left and ref.kind not in KEPT and ref != kept)


def told(hidden: frozenset[Ref]) -> Iterator[Finding]:
    """Say of each object that it is not looked at."""
    for ref in sorted(hidden):
        message = f"it is not read: the mesh's discoverySelectors do not select namespace {ref.namespace}"
        yield Finding(codes.NOT_SELECTED, Level.INFO, ref, "", message)


def _labels(objects: Mapping[Ref, Object[Any]], namespace: str) -> dict[str, str]:
    """Return a namespace's labels; one that nobody declared has only its name."""
    found = objects.get(Ref("Namespace", "", namespace))
    return {**(found.meta.labels if found else {}), NAMESPACE_NAME: namespace}
