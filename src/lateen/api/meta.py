"""The envelope around every object: identity, metadata, kind."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

from msgspec import Struct

from lateen.api.message import KubernetesMessage

S = TypeVar("S")


class Ref(NamedTuple):
    """Names one object of the mesh."""

    kind: str
    """The plain kind, e.g. VirtualService."""
    namespace: str
    """Empty for kinds without namespaces."""
    name: str

    def __str__(self) -> str:
        """Write `VirtualService default/reviews`, or `Namespace default`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class OwnerReference(KubernetesMessage, frozen=True):
    """The object that made this one."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class Meta(KubernetesMessage, frozen=True):
    """Kubernetes' object metadata, as far as it matters here."""

    name: str = ""
    """Unique per kind and namespace; required."""
    namespace: str = ""
    """Where the object lives; sources put the default namespace in."""
    labels: dict[str, str] = {}
    """Selected by selectors."""
    annotations: dict[str, str] = {}
    """Settings without a field of their own."""
    creation_timestamp: str = ""
    """RFC 3339, or empty for an object from a file; the older object has precedence."""
    generate_name: str = ""
    """Prefix for a name that the API server would make."""
    uid: str = ""
    """Set by Kubernetes."""
    resource_version: str = ""
    """Set by Kubernetes."""
    generation: int = 0
    """Set by Kubernetes."""
    deletion_timestamp: str = ""
    """RFC 3339, set while Kubernetes deletes the object."""
    owner_references: tuple[OwnerReference, ...] = ()
    """The objects that made this one; admission names the Deployment of a Pod here."""


class Object(Struct, Generic[S], frozen=True, kw_only=True, gc=False):
    """One object of the mesh: an envelope around the spec of its kind."""

    api_version: str
    """Group and version as written, e.g. `networking.istio.io/v1`."""
    kind: str
    """The plain kind, e.g. `VirtualService`."""
    meta: Meta
    spec: S
    """The kind's struct. Kinds without a spec in YAML (Secret, ConfigMap, EndpointSlice) keep their body here."""
    status: Any = None
    """The kind's status struct where Lateen reads one (Service, Pod, Deployment, ServiceEntry, WorkloadEntry), else None."""

    @property
    def ref(self) -> Ref:
        """The object's identity."""
        return Ref(self.kind, self.meta.namespace, self.meta.name)


def age_key(obj: Object[Any]) -> tuple[str, str, str]:
    """Sort key of "oldest first": creation time, then name, then namespace (Istio's order everywhere)."""
    return obj.meta.creation_timestamp, obj.meta.name, obj.meta.namespace
