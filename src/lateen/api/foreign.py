"""Kinds that Lateen does not carry out and whose objects analysis looks at all the same, as they are written.

Istio's analysers read them (pkg/config/analysis/analyzers): a policy whose selector takes nobody, a webhook whose service is
not there. Their specs are plain values; every reader of one has to expect any shape, so the readers are here.
"""

from typing import Any, NamedTuple

from lateen.api.meta import Object
from lateen.engine.database import Database

SECURITY, TELEMETRY, EXTENSIONS = "security.istio.io", "telemetry.istio.io", "extensions.istio.io"
GATEWAY_API, WEBHOOKS, CRDS = (
    "gateway.networking.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
)


class ForeignKind(NamedTuple):
    """One kind; two groups may have kinds of the same name."""

    name: str
    group: str
    namespaced: bool = True
    field: str = "spec"
    """Where the content is."""


RequestAuthentication = ForeignKind("RequestAuthentication", SECURITY)
AuthorizationPolicy = ForeignKind("AuthorizationPolicy", SECURITY)
Telemetry = ForeignKind("Telemetry", TELEMETRY)
WasmPlugin = ForeignKind("WasmPlugin", EXTENSIONS)
KubernetesGateway = ForeignKind("Gateway", GATEWAY_API)
HTTPRoute = ForeignKind("HTTPRoute", GATEWAY_API)
GRPCRoute = ForeignKind("GRPCRoute", GATEWAY_API)
MutatingWebhook = ForeignKind("MutatingWebhookConfiguration", WEBHOOKS, namespaced=False, field="webhooks")
ValidatingWebhook = ForeignKind(
    "ValidatingWebhookConfiguration", WEBHOOKS, namespaced=False, field="webhooks"
)
CustomResourceDefinition = ForeignKind("CustomResourceDefinition", CRDS, namespaced=False)
WORKLOADS = tuple(ForeignKind(name, "apps") for name in ("StatefulSet", "DaemonSet", "ReplicaSet"))
"""Kinds whose pods run elsewhere."""

KINDS = (
    RequestAuthentication, AuthorizationPolicy, Telemetry, WasmPlugin, KubernetesGateway, HTTPRoute, GRPCRoute,
    MutatingWebhook, ValidatingWebhook, CustomResourceDefinition, *WORKLOADS,
)  # fmt: skip
_BY_NAME = {(kind.group, kind.name): kind for kind in KINDS}


def find(api_version: str, name: str) -> ForeignKind | None:
    """Find the kind of an object, whatever its version; None when nobody looks at it."""
    return _BY_NAME.get((api_version.rpartition("/")[0], name))


def body(kind: ForeignKind, value: dict[str, Any]) -> Any:
    """Return the content of an object as it is written."""
    return value.get(kind.field)


def fact(kind: ForeignKind) -> tuple[str, ForeignKind]:
    """Name the fact that holds the objects of a kind."""
    return "foreign", kind


def objects(db: Database, kind: ForeignKind) -> tuple[Object[Any], ...]:
    """List the objects of a kind, by namespace and name."""
    found: tuple[Object[Any], ...] | None = db.read(fact(kind))
    return found or ()


def update(db: Database, every: tuple[Object[Any], ...]) -> None:
    """Replace the objects of all foreign kinds."""
    for kind in KINDS:
        own = {one.ref: one for one in every if find(one.api_version, one.kind) is kind}
        db.set(fact(kind), tuple(own[ref] for ref in sorted(own)) or None)


def mapping(value: Any, *path: str) -> dict[str, Any]:
    """Return the mapping below some keys; empty when there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def listing(value: Any, *path: str) -> list[Any]:
    """Return the list below some keys; empty when there is none."""
    found = mapping(value, *path[:-1]).get(path[-1]) if path else value
    return found if isinstance(found, list) else []


def text(value: Any, *path: str) -> str:
    """Return the text below some keys; empty when there is none."""
    found = mapping(value, *path[:-1]).get(path[-1]) if path else value
    return found if isinstance(found, str) else ""


def labels(value: Any, *path: str) -> dict[str, str]:
    """Return the labels below some keys."""
    return {
        key: one
        for key, one in mapping(value, *path).items()
        if isinstance(key, str) and isinstance(one, str)
    }
