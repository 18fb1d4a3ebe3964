"""IST0002, IST0176: CustomResourceDefinitions that Istio does not know any more, or not in so old a version.

Source: analyzers/deprecation/deprecation.go, analyzers/k8sgateway/crdversion.go.
"""

from collections.abc import Iterator
from typing import Any

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.api import foreign
from lateen.api.finding import Finding
from lateen.api.meta import Object
from lateen.engine import Database

REMOVED = frozenset(
    ("rbac.istio.io", name)
    for name in ("ClusterRbacConfig", "RbacConfig", "ServiceRole", "ServiceRoleBinding")
)
BUNDLE = "gateway.networking.k8s.io/bundle-version"
MINIMUM = {
    "grpcroutes.gateway.networking.k8s.io": (1, 1, 0),
    "backendtlspolicies.gateway.networking.k8s.io": (1, 4, 0),
    "tlsroutes.gateway.networking.k8s.io": (1, 5, 0),
    "tcproutes.gateway.networking.k8s.io": (1, 6, 0),
}
"""The oldest bundle of the Gateway API whose definition Istio reads (pkg/config/schema/gatewayapi/minimumversions.go)."""


def definitions(_: Database, one: Object[Any]) -> Iterator[Finding]:
    """Judge a definition."""
    kind = foreign.text(one.spec, "names", "kind")
    if (foreign.text(one.spec, "group"), kind) in REMOVED:
        yield found(Code.DEPRECATED, one.ref, "spec.names.kind", f"Istio has no kind {kind} any more")
    written = one.meta.annotations.get(BUNDLE, "")
    least, has = MINIMUM.get(one.meta.name), _version(written)
    if least is not None and has is not None and has < least:
        words = ".".join(map(str, least))
        message = f"the definition is of version {written}; Istio reads objects of this kind from {words} on"
        yield found(
            Code.OLD_DEFINITION,
            one.ref,
            f"metadata.annotations[{BUNDLE}]",
            message,
            "upgrade the Gateway API",
        )


def _version(text: str) -> tuple[int, ...] | None:
    parts = text.removeprefix("v").partition("-")[0].partition("+")[0].split(".")
    return (
        tuple(int(part) for part in parts)
        if all(part.isascii() and part.isdecimal() for part in parts)
        else None
    )
