"""Which objects have an address, which of them Kubernetes would give one, and where that is written."""

from typing import Any

from msgspec.structs import replace

from lateen.api.kubernetes import Service
from lateen.api.meta import Object
from lateen.api.workload import PodAddress, PodCondition, PodStatus

AnyObject = Object[Any]


def fixed_address(obj: AnyObject) -> str:
    """Return the address that a Service or Pod has of its own; empty when there is none."""
    if isinstance(obj.spec, Service):
        return obj.spec.cluster_ip or ""
    return (obj.status.pod_ip or "") if isinstance(obj.status, PodStatus) else ""


def wants_address(obj: AnyObject) -> bool:
    """Tell whether a Service or Pod would be given an address."""
    return not fixed_address(obj) and not (isinstance(obj.spec, Service) and obj.spec.type == "ExternalName")


def with_address(obj: AnyObject, address: str) -> AnyObject:
    """Write down the address that a Service or Pod was given; a pod that has one runs."""
    if isinstance(obj.spec, Service):
        return replace(obj, spec=replace(obj.spec, cluster_ip=address, cluster_ips=(address,)))
    before: PodStatus = obj.status or PodStatus()
    status = replace(
        before,
        phase=before.phase or "Running",
        pod_ip=address,
        pod_ips=(PodAddress(ip=address),),
        conditions=before.conditions or (PodCondition(type="Ready", status="True"),),
    )
    return replace(obj, status=status)
