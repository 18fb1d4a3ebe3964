"""WorkloadEntry (networking.istio.io): one endpoint that is not a Pod."""

from __future__ import annotations

from lateen.api.kubernetes import Condition
from lateen.api.message import KubernetesMessage, Message, UInt32


class WorkloadEntry(Message, frozen=True):
    """An endpoint with its labels; in a ServiceEntry in place, or an object of its own."""

    address: str | None = None
    """IP, host name (DNS resolutions only) or `unix://` path. Envoy: endpoint address."""
    ports: dict[str, UInt32] = {}
    """Port name to number, overriding the service's target port. Envoy: endpoint port."""
    labels: dict[str, str] = {}
    """Matched by subsets and selectors."""
    network: str | None = None
    """Network that the endpoint is in; another one is reached through a gateway."""
    locality: str | None = None
    """`region/zone/subzone`. Envoy: locality of the endpoint."""
    weight: UInt32 | None = None
    """Share relative to other endpoints; unset or 0 is 1. Envoy: `load_balancing_weight`."""
    service_account: str | None = None
    """Identity of the workload; makes mTLS expected."""


class WorkloadEntryStatus(KubernetesMessage, frozen=True):
    """What the agent reported about the workload."""

    conditions: tuple[Condition, ...] = ()
    """Healthy says whether the workload may get traffic."""
