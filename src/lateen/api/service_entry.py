"""ServiceEntry (networking.istio.io): services that are not in the registry of the platform."""

from __future__ import annotations

from typing import Literal

from lateen.api.common import WorkloadSelector
from lateen.api.kubernetes import Condition
from lateen.api.message import KubernetesMessage, Message, UInt32
from lateen.api.workload_entry import WorkloadEntry

Location = Literal["MESH_EXTERNAL", "MESH_INTERNAL"]
Resolution = Literal["NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"]


class ServiceEntry(Message, frozen=True):
    """Hosts with their ports and endpoints."""

    hosts: tuple[str, ...] = ()
    """Names of the service; required. Envoy: one service per host."""
    addresses: tuple[str, ...] = ()
    """Virtual addresses or CIDRs; empty lets the mesh allocate. Envoy: listener address, `prefix_ranges`."""
    ports: tuple[ServicePort, ...] = ()
    """Ports of the service. Envoy: clusters and listeners."""
    location: Location | None = None
    """Unset is MESH_EXTERNAL, which has no auto mTLS."""
    resolution: Resolution | None = None
    """How endpoints are found; unset is NONE. Envoy: cluster type."""
    endpoints: tuple[WorkloadEntry, ...] = ()
    """Endpoints in place. Envoy: load assignment."""
    workload_selector: WorkloadSelector | None = None
    """Endpoints are the WorkloadEntries and Pods with these labels, in the same namespace."""
    export_to: tuple[str, ...] = ()
    """Namespaces that see it: `.`, `*`, `~` for nobody, or names; empty is the mesh's default."""
    subject_alt_names: tuple[str, ...] = ()
    """Accepted names of the servers. Envoy: `match_typed_subject_alt_names`."""


class ServicePort(Message, frozen=True):
    """A port of a ServiceEntry."""

    number: UInt32 = 0
    """Required. Envoy: in the cluster name."""
    protocol: str | None = None
    """HTTP, HTTPS, GRPC, HTTP2, MONGO, TCP, TLS …; unset is detected."""
    name: str = ""
    """Unique in the entry; required."""
    target_port: UInt32 | None = None
    """Port of the endpoints; unset is `number`. Envoy: endpoint port."""


class ServiceEntryAddress(KubernetesMessage, frozen=True):
    """An address that the mesh allocated."""

    value: str = ""
    """The address."""
    host: str = ""
    """The host it is for."""


class ServiceEntryStatus(KubernetesMessage, frozen=True):
    """What the mesh wrote about a ServiceEntry."""

    conditions: tuple[Condition, ...] = ()
    """What controllers say about it."""
    addresses: tuple[ServiceEntryAddress, ...] = ()
    """Allocated virtual addresses."""
