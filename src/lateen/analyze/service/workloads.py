"""LAT0140, LAT0141: Services without pods, and named target ports that the pods do not have."""

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, listed
from lateen.analyze.selection import INGRESS_GATEWAY, INGRESS_NAMESPACE, knows_workloads, nearby
from lateen.analyze.spaces import refs_in
from lateen.analyze.templates import made_labels
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.kubernetes import Service
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model import workload
from lateen.model.selectors import pairs


def workloads(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Judge a Service by the pods of its namespace; nothing is told when no pods are known there."""
    one = facts.get(db, ref)
    if (
        one is None
        or not isinstance(one.spec, Service)
        or not one.spec.selector
        or not _is_known(db, ref.namespace)
    ):
        return ()
    spec, selector = one.spec, pairs(one.spec.selector)
    refs = [
        pod
        for kind in ("Pod", "WorkloadEntry")
        for pod in workload.selected(db, kind, ref.namespace, selector)
    ]
    if not refs:
        if made_labels(db, ref.namespace, selector):
            return ()
        if ref.namespace == INGRESS_NAMESPACE and dict(selector).items() <= INGRESS_GATEWAY.items():
            return ()
        words = ", ".join(f"{key}={value}" for key, value in selector)
        message = f"no pod has the labels {words}: requests are answered 503 (UH)"
        return (
            found(
                Code.SERVICE_WITHOUT_WORKLOADS,
                ref,
                "spec.selector",
                message,
                nearby(db, dict(selector), ref.namespace),
            ),
        )
    return _target_ports(db, ref, spec, refs)


@deferred
def _is_known(db: Database, namespace: str) -> bool:
    if refs_in(db, "EndpointSlice", namespace):
        return False
    return knows_workloads(db) and any(
        workload.by_label(db, kind, namespace) for kind in ("Pod", "WorkloadEntry")
    )


def _target_ports(db: Database, ref: Ref, spec: Service, refs: list[Ref]) -> tuple[Finding, ...]:
    if not any(isinstance(port.target_port, str) for port in spec.ports):
        return ()
    named = {name for one in refs if (pod := workload.workload(db, one)) for name, _ in pod.ports}
    return tuple(
        found(
            Code.TARGET_PORT,
            ref,
            f"spec.ports[{index}].targetPort",
            f"no pod of the Service has a port named {port.target_port}: requests to port {port.port} are answered 503 (UH)",
            listed("port names", sorted(named)),
        )
        for index, port in enumerate(spec.ports)
        if isinstance(port.target_port, str) and port.target_port not in named
    )
