"""The kinds that Lateen reads: drives decoding, `lateen get`, and completion."""

from __future__ import annotations

from typing import NamedTuple

from lateen.api.destination_rule import DestinationRule
from lateen.api.envoy_filter import EnvoyFilter
from lateen.api.gateway import Gateway
from lateen.api.kubernetes import (
    ConfigMap,
    Endpoints,
    EndpointSlice,
    Namespace,
    Node,
    Secret,
    Service,
    ServiceAccount,
    ServiceStatus,
)
from lateen.api.message import KubernetesMessage, Message
from lateen.api.proxy_config import ProxyConfig
from lateen.api.service_entry import ServiceEntry, ServiceEntryStatus
from lateen.api.sidecar import Sidecar
from lateen.api.virtual_service import VirtualService
from lateen.api.workload import Deployment, DeploymentStatus, Pod, PodStatus
from lateen.api.workload_entry import WorkloadEntry, WorkloadEntryStatus
from lateen.api.workload_group import WorkloadGroup

ISTIO_VERSIONS = ("v1", "v1beta1", "v1alpha3")
NETWORKING = "networking.istio.io"


class Kind(NamedTuple):
    """One kind and where it belongs."""

    name: str
    """As in YAML's `kind`."""
    spec: type[Message | KubernetesMessage]
    """Struct of the spec, or of the whole body."""
    plural: str
    """As in URLs and on the command line."""
    short: tuple[str, ...] = ()
    """Short names on the command line."""
    group: str = ""
    """API group; empty is the core group."""
    versions: tuple[str, ...] = ("v1",)
    """Served versions, the preferred one first; all have the same schema."""
    namespaced: bool = True
    """False for kinds that stand outside namespaces."""
    body: bool = False
    """True for kinds that have their fields beside `metadata` instead of in `spec`."""
    status: type[KubernetesMessage] | None = None
    """Struct of the status, where Lateen reads it."""

    @property
    def api_versions(self) -> tuple[str, ...]:
        """The values that `apiVersion` may have."""
        return tuple(f"{self.group}/{version}" if self.group else version for version in self.versions)


def _istio(
    name: str, spec: type[Message], plural: str, short: str, status: type[KubernetesMessage] | None = None
) -> Kind:
    return Kind(name, spec, plural, (short,), NETWORKING, ISTIO_VERSIONS, status=status)


KINDS: tuple[Kind, ...] = (
    _istio("VirtualService", VirtualService, "virtualservices", "vs"),
    _istio("DestinationRule", DestinationRule, "destinationrules", "dr"),
    _istio("Gateway", Gateway, "gateways", "gw"),
    _istio("ServiceEntry", ServiceEntry, "serviceentries", "se", ServiceEntryStatus),
    _istio("WorkloadEntry", WorkloadEntry, "workloadentries", "we", WorkloadEntryStatus),
    _istio("WorkloadGroup", WorkloadGroup, "workloadgroups", "wg"),
    Kind("Sidecar", Sidecar, "sidecars", (), NETWORKING, ISTIO_VERSIONS),
    Kind("EnvoyFilter", EnvoyFilter, "envoyfilters", (), NETWORKING, ("v1alpha3",)),
    Kind("ProxyConfig", ProxyConfig, "proxyconfigs", (), NETWORKING, ("v1beta1",)),
    Kind("Service", Service, "services", ("svc",), status=ServiceStatus),
    Kind("Deployment", Deployment, "deployments", ("deploy",), "apps", status=DeploymentStatus),
    Kind("Pod", Pod, "pods", ("po",), status=PodStatus),
    Kind("Namespace", Namespace, "namespaces", ("ns",), namespaced=False),
    Kind("Node", Node, "nodes", ("no",), namespaced=False),
    Kind("ServiceAccount", ServiceAccount, "serviceaccounts", ("sa",), body=True),
    Kind("Secret", Secret, "secrets", (), body=True),
    Kind("ConfigMap", ConfigMap, "configmaps", ("cm",), body=True),
    Kind("Endpoints", Endpoints, "endpoints", ("ep",), body=True),
    Kind("EndpointSlice", EndpointSlice, "endpointslices", (), "discovery.k8s.io", body=True),
)
"""Every kind, in the order in which the command line lists them."""

BY_NAME: dict[str, Kind] = {kind.name: kind for kind in KINDS}
"""By `kind`."""

_BY_WORD: dict[str, Kind] = {
    word: kind for kind in KINDS for word in (kind.name.lower(), kind.plural, *kind.short)
}


def find(word: str) -> Kind | None:
    """Find a kind by any word the command line takes: `vs`, `virtualservice`, `VirtualServices`, `vs.networking.istio.io`."""
    name, _, group = word.lower().partition(".")
    kind = _BY_WORD.get(name)
    return kind if kind is not None and group in {"", kind.group} else None


def words() -> tuple[str, ...]:
    """List every word that `find` takes, for completion."""
    return tuple(sorted(_BY_WORD))
