"""Endpoints that EndpointSlices give to a Kubernetes Service.

Source: pilot/pkg/serviceregistry/kube/controller/endpointslice.go.
"""

from lateen.api import facts
from lateen.api import kubernetes as k8s
from lateen.api.kubernetes import SERVICE_NAME
from lateen.api.meta import Ref
from lateen.engine import Database, entry_of, query
from lateen.model import workload
from lateen.model.endpoint import Endpoint, of_workload
from lateen.model.service import Port, Service
from lateen.model.workload import Health, Workload


def slices_of(db: Database, ref: Ref) -> tuple[Ref, ...]:
    """Return the EndpointSlices of a Service."""
    return (_slices_of(db, (ref.namespace, ref.name)) or ()) if _are_there(db) else ()


@query
def _are_there(db: Database) -> bool:
    """Tell whether there are any: in a mesh from files there are none, and nothing is looked up among none."""
    return bool(facts.refs(db, "EndpointSlice"))


def of_slices(db: Database, service: Service, port: Port, slices: tuple[Ref, ...]) -> list[Endpoint]:
    """Return the endpoints of a Service's port; an address that several slices have counts once."""
    found = []
    for ref in slices:
        one = facts.get(db, ref)
        if one is not None and isinstance(one.spec, k8s.EndpointSlice) and one.spec.address_type != "FQDN":
            found += _of_slice(db, service, port, one.spec)
    return list({one.address: one for one in reversed(found)}.values())


def _of_slice(db: Database, service: Service, port: Port, spec: k8s.EndpointSlice) -> list[Endpoint]:
    number = next((p.port for p in spec.ports if (p.name or "") == port.name and p.port), None)
    if number is None:
        return []
    found = []
    for member in spec.endpoints:
        health = _health(service, member.conditions)
        if health is not None and not _waits(db, service.namespace, member.target_ref):
            pods = ((address, _pod(db, service.namespace, member, address)) for address in member.addresses)
            found += [_endpoint(pod, address, number, health) for address, pod in pods]
    return found


def _endpoint(pod: Workload | None, address: str, number: int, health: Health) -> Endpoint:
    if pod is None:
        return Endpoint(address=address, port=number, health=health)
    return of_workload(pod, address, number, health)


def _waits(db: Database, namespace: str, target: k8s.ObjectReference | None) -> bool:
    """Tell whether an endpoint names a Pod that is not there: istiod waits for it (endpointslice.go getPod)."""
    named = _named(namespace, target)
    return named is not None and facts.get(db, named) is None


def _named(namespace: str, target: k8s.ObjectReference | None) -> Ref | None:
    if target is None or target.kind != "Pod":
        return None
    return Ref("Pod", target.namespace or namespace, target.name)


def _health(service: Service, conditions: k8s.EndpointConditions | None) -> Health | None:
    """Read the conditions; None for an endpoint that is going away, which must not count for failover.

    One that is not ready and does not say otherwise is going away. A Service that publishes such addresses does not matter:
    Kubernetes says that they are ready then.
    """
    if conditions is None or conditions.ready is not False:
        return Health.HEALTHY
    if conditions.terminating is False:
        return Health.UNHEALTHY
    return Health.DRAINING if service.keeps_draining and conditions.serving is not False else None


def _pod(db: Database, namespace: str, member: k8s.SliceEndpoint, address: str) -> Workload | None:
    """Find the pod that a slice names, or that has the address when it names none."""
    ref = _named(namespace, member.target_ref) or _pods_by_address(db, namespace).get(address)
    return workload.workload(db, ref) if ref else None


@query
def _pods_by_address(db: Database, namespace: str) -> dict[str, Ref]:
    refs = (ref for ref in facts.refs(db, "Pod") if ref.namespace == namespace)
    return {pod.address: pod.ref for ref in refs if (pod := workload.workload(db, ref)) is not None}


@query
def _by_service(db: Database) -> dict[tuple[str, str], tuple[Ref, ...]]:
    index: dict[tuple[str, str], tuple[Ref, ...]] = {}
    for ref in facts.refs(db, "EndpointSlice"):
        found = facts.get(db, ref)
        owner = found.meta.labels.get(SERVICE_NAME, "") if found else ""
        index[ref.namespace, owner] = (*index.get((ref.namespace, owner), ()), ref)
    return index


@entry_of(_by_service)
def _slices_of(db: Database, owner: tuple[str, str]) -> tuple[Ref, ...] | None:
    return _by_service(db).get(owner)
