"""Endpoints: where a service's port is served, whoever asks.

What a particular proxy does with them (priorities, subsets, networks) is decided in `locality` and `translate.endpoint`.
Sources: pilot/pkg/serviceregistry/serviceentry/conversion.go, pilot/pkg/serviceregistry/kube.
"""

import msgspec

from lateen.api import facts
from lateen.api import kubernetes as k8s
from lateen.api.meta import Ref
from lateen.api.service_entry import ServiceEntry
from lateen.api.workload_entry import WorkloadEntry
from lateen.engine import Database, query
from lateen.model import workload
from lateen.model.selectors import Pairs, pairs
from lateen.model.service import Port, Registry, Service, of_host
from lateen.model.workload import Health, Workload

UNIX = "unix://"
PERSISTENT_SESSION_LABEL = "istio.io/persistent-session"
PERSISTENT_SESSION_HEADER_LABEL = "istio.io/persistent-session-header"
DRAINING_LABEL = "istio.io/draining"
"""On a workload: it takes no new sessions."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One address of one port of a service."""

    address: str
    """An IP, a host name (DNS services only), or a path when `port` is 0."""
    port: int
    labels: Pairs = ()
    locality: str = ""
    network: str = ""
    weight: int = 1
    health: Health = Health.HEALTHY
    service_account: str = ""
    tls_mode: str = ""
    node: str = ""
    workload_name: str = ""
    namespace: str = ""
    hostname: str = ""
    subdomain: str = ""

    @property
    def is_unix(self) -> bool:
        """The address is the path of a UNIX socket."""
        return self.port == 0


@query
def endpoints(db: Database, host: str, namespace: str, number: int) -> tuple[Endpoint, ...]:
    """Return the endpoints of a service's port, sorted; of all the services declared under this host there.

    A Kubernetes Service and ServiceEntries of the same host and namespace add their endpoints up.
    """
    found: list[Endpoint] = []
    for service in of_host(db, host) or ():
        port = service.port(number)
        if service.namespace == namespace and port is not None:
            found += _of_service(db, service, port)
    unique = {(endpoint.address, endpoint.port): endpoint for endpoint in reversed(found)}
    return tuple(unique[key] for key in sorted(unique))


@query
def instances(db: Database, ref: Ref) -> tuple[Workload, ...]:
    """Return the workloads that serve a Service or ServiceEntry by its selector or inline."""
    found = facts.get(db, ref)
    if found is None:
        return ()
    if isinstance(found.spec, k8s.Service):
        selector = pairs(found.spec.selector)
        return _selected(db, ref.namespace, selector) if selector else ()
    if isinstance(found.spec, ServiceEntry):
        return _of_entry(db, ref, found.spec)
    return ()


def _of_service(db: Database, service: Service, port: Port) -> list[Endpoint]:
    if service.registry is Registry.KUBERNETES and (slices := _slices_of(db, service.origin)):
        entries = (one for one in instances(db, service.origin) if one.ref.kind == "WorkloadEntry")
        added = [one for entry in entries if (one := _endpoint(service, port, entry)) is not None]
        return [*_of_slices(db, service, port, slices), *added]
    served = instances(db, service.origin)
    if not served and service.resolution.is_dns and service.selector is None:
        return [Endpoint(address=service.host, port=_number(port), namespace=service.namespace)]
    built = (_endpoint(service, port, one) for one in served)
    return [endpoint for endpoint in built if endpoint is not None]


def _selected(db: Database, namespace: str, selector: Pairs) -> tuple[Workload, ...]:
    refs = (
        *workload.selected(db, "Pod", namespace, selector),
        *workload.selected(db, "WorkloadEntry", namespace, selector),
    )
    return tuple(one for ref in refs if (one := workload.workload(db, ref)) is not None)


def _of_entry(db: Database, ref: Ref, spec: ServiceEntry) -> tuple[Workload, ...]:
    if spec.workload_selector is not None:
        return _selected(db, ref.namespace, pairs(spec.workload_selector.labels))
    return tuple(_inline(db, ref, index, entry) for index, entry in enumerate(spec.endpoints))


def _inline(db: Database, ref: Ref, index: int, entry: WorkloadEntry) -> Workload:
    named = Ref("WorkloadEntry", ref.namespace, f"{ref.name}-{index}")
    return workload.placed(db, workload.of_entry(entry, named, entry.labels, Health.HEALTHY))


def _endpoint(service: Service, port: Port, one: Workload) -> Endpoint | None:
    is_unix = one.address.startswith(UNIX)
    number = 0 if is_unix else _target(service, port, one)
    if number is None:
        return None
    health = Health.HEALTHY if service.publish_not_ready else one.health
    if one.ref.kind == "WorkloadEntry" and health is not Health.HEALTHY:
        return None  # an unhealthy VM is dropped, not sent (serviceentry/controller.go)
    return _with_health(msgspec.structs.replace(_as_endpoint(one, health), port=number), health)


def _as_endpoint(one: Workload, health: Health) -> Endpoint:
    return Endpoint(
        address=one.address.removeprefix(UNIX),
        port=0,
        labels=one.labels,
        locality=one.locality,
        network=one.network,
        weight=one.weight or 1,
        health=health,
        service_account=one.service_account,
        tls_mode=one.tls_mode,
        node=one.node,
        workload_name=one.workload_name,
        namespace=one.ref.namespace,
        hostname=one.hostname,
        subdomain=one.subdomain,
    )


def _target(service: Service, port: Port, one: Workload) -> int | None:
    """Find the port on the workload; None when a pod has no port of the name that the Service wants."""
    if one.ref.kind == "WorkloadEntry":
        by_name = one.port(port.name)
        if service.registry is Registry.KUBERNETES and by_name is None and isinstance(port.target_port, str):
            by_name = one.port(port.target_port)
        return by_name or _number(port)
    if isinstance(port.target_port, str):
        return one.port(port.target_port)
    if service.registry is Registry.EXTERNAL:
        return _number(port)
    return port.target_port or port.number


def _number(port: Port) -> int:
    return port.target_port if isinstance(port.target_port, int) and port.target_port else port.number


@query
def _slices_of(db: Database, ref: Ref) -> tuple[Ref, ...]:
    return _slices_by_service(db).get((ref.namespace, ref.name), ())


@query
def _slices_by_service(db: Database) -> dict[tuple[str, str], tuple[Ref, ...]]:
    index: dict[tuple[str, str], tuple[Ref, ...]] = {}
    for ref in facts.refs(db, "EndpointSlice"):
        found = facts.get(db, ref)
        owner = found.meta.labels.get("kubernetes.io/service-name", "") if found else ""
        index[ref.namespace, owner] = (*index.get((ref.namespace, owner), ()), ref)
    return index


def _of_slices(db: Database, service: Service, port: Port, slices: tuple[Ref, ...]) -> list[Endpoint]:
    found = []
    for ref in slices:
        slice_object = facts.get(db, ref)
        if slice_object is not None and isinstance(slice_object.spec, k8s.EndpointSlice):
            found += _of_slice(db, service, port, slice_object.spec)
    return found


def _of_slice(db: Database, service: Service, port: Port, spec: k8s.EndpointSlice) -> list[Endpoint]:
    numbers = [p.port for p in spec.ports if (p.name or "") == port.name and p.port]
    if not numbers or spec.address_type == "FQDN":
        return []
    found = []
    for member in spec.endpoints:
        health = _health_in_slice(member.conditions or k8s.EndpointConditions(), service)
        for address in member.addresses if health else ():
            base = _behind(db, service, member.target_ref, address)
            if base is not None:
                one = msgspec.structs.replace(base, address=address, port=numbers[0])
                found.append(_with_health(one, health))
    return found


def _behind(
    db: Database, service: Service, target: k8s.ObjectReference | None, address: str
) -> Endpoint | None:
    """Return what is known of an address in a slice: of the Pod that it names, else of one that has it.

    None when it names a Pod that is not there: then istiod waits for that Pod (endpointslice.go getPod).
    """
    ref = _pods_by_address(db, service.namespace).get(address)
    if target is not None and target.kind == "Pod":
        ref = Ref("Pod", target.namespace or service.namespace, target.name)
        if facts.get(db, ref) is None:
            return None
    one = workload.workload(db, ref) if ref else None
    return _as_endpoint(one, one.health) if one else Endpoint(address="", port=0, namespace=service.namespace)


@query
def _pods_by_address(db: Database, namespace: str) -> dict[str, Ref]:
    refs = [ref for ref in facts.refs(db, "Pod") if ref.namespace == namespace]
    return {one.address: ref for ref in reversed(refs) if (one := workload.workload(db, ref))}


def _health_in_slice(conditions: k8s.EndpointConditions, service: Service) -> Health | None:
    """Read an endpoint's conditions as istiod does (endpointslice.go endpointHealthStatus); None takes no traffic.

    One that is not ready is ending unless it says that it is not.
    """
    if conditions.ready is not False or service.publish_not_ready:
        return Health.HEALTHY
    if conditions.terminating is False:
        return Health.UNHEALTHY
    return Health.DRAINING if keeps_draining(service) and conditions.serving is not False else None


def _with_health(one: Endpoint, health: Health | None) -> Endpoint:
    """Set an endpoint's health; the label that says it is draining comes first."""
    drains = bool(dict(one.labels).get(DRAINING_LABEL))
    return msgspec.structs.replace(one, health=Health.DRAINING if drains else health or one.health)


def keeps_draining(service: Service) -> bool:
    """Tell whether sessions stay with an endpoint that is going away."""
    labels = dict(service.labels)
    return bool(labels.get(PERSISTENT_SESSION_LABEL) or labels.get(PERSISTENT_SESSION_HEADER_LABEL))
