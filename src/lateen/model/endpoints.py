"""Which endpoints a service has, by its selector, inline, by EndpointSlices or by its own name.

Sources: pilot/pkg/serviceregistry/serviceentry/conversion.go, pilot/pkg/serviceregistry/kube.
"""

from lateen.api import facts
from lateen.api import kubernetes as k8s
from lateen.api.meta import Ref
from lateen.api.service_entry import ServiceEntry
from lateen.api.workload_entry import WorkloadEntry
from lateen.engine import Database, query
from lateen.model import workload
from lateen.model.endpoint import Endpoint, of_workload
from lateen.model.endpoint_slices import of_slices, slices_of
from lateen.model.selectors import Pairs, pairs
from lateen.model.service import Port, Registry, Service, of_host
from lateen.model.workload import Health, Workload

UNIX = "unix://"


@query
def endpoints(db: Database, host: str, namespace: str, number: int) -> tuple[Endpoint, ...]:
    """Return the endpoints of a service's port, sorted; of all the services declared under this host there.

    A Kubernetes Service and ServiceEntries of the same host and namespace add their endpoints up, one that several
    name as often as they do.
    """
    found: list[Endpoint] = []
    for service in of_host(db, host) or ():
        port = service.port(number)
        if service.namespace == namespace and port is not None:
            found += _of_service(db, service, port)
    return tuple(sorted(found, key=lambda one: (one.address, one.port)))


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
    slices = slices_of(db, service.origin) if service.registry is Registry.KUBERNETES else ()
    served = instances(db, service.origin)
    if slices:  # they stand for the pods
        served = tuple(one for one in served if one.ref.kind != "Pod")
    if service.headless:  # kube/controller/controller.go collectWorkloadInstanceEndpoints
        served = tuple(one for one in served if one.ref.kind != "WorkloadEntry")
    if not served and service.resolution.is_dns and service.selector is None:
        return [_by_name(service, port)]
    built = (_endpoint(service, port, one) for one in served)
    return [*of_slices(db, service, port, slices), *(one for one in built if one is not None)]


def _by_name(service: Service, port: Port) -> Endpoint:
    """Return the endpoint of a ServiceEntry without any: its host, to be looked up."""
    return Endpoint(
        address=service.host,
        port=_number(port),
        namespace=service.namespace,
        workload_name=service.origin.name,
    )


@query
def _selected(db: Database, namespace: str, selector: Pairs) -> tuple[Workload, ...]:
    refs = (
        *workload.selected(db, "Pod", namespace, selector),
        *workload.selected(db, "WorkloadEntry", namespace, selector),
    )
    return tuple(one for ref in refs if (one := workload.workload(db, ref)) is not None)


def _of_entry(db: Database, ref: Ref, spec: ServiceEntry) -> tuple[Workload, ...]:
    if spec.workload_selector is not None:
        return _selected(db, ref.namespace, pairs(spec.workload_selector.labels))
    return tuple(_inline(ref, index, entry) for index, entry in enumerate(spec.endpoints))


def _inline(ref: Ref, index: int, entry: WorkloadEntry) -> Workload:
    named = Ref("WorkloadEntry", ref.namespace, f"{ref.name}-{index}")
    return workload.of_entry(entry, named, entry.labels, Health.UNKNOWN)


def _endpoint(service: Service, port: Port, one: Workload) -> Endpoint | None:
    is_unix = one.address.startswith(UNIX)
    number = 0 if is_unix else _target(service, port, one)
    if number is None:
        return None
    is_external = one.ref.kind == "WorkloadEntry" or service.registry is Registry.EXTERNAL
    if is_external and one.health is Health.UNHEALTHY:
        return None  # only a Kubernetes Service sends its unready pods, marked (kube/controller/pod.go)
    health = Health.HEALTHY if service.publish_not_ready and one.ref.kind == "Pod" else one.health
    return of_workload(one, one.address.removeprefix(UNIX), number, health)


def _target(service: Service, port: Port, one: Workload) -> int | None:
    """Find the port on the workload; None when it has no port of the name that the Service wants."""
    if isinstance(port.target_port, str):
        return one.port(port.target_port)
    if one.ref.kind == "WorkloadEntry" or service.registry is Registry.EXTERNAL:
        return one.port(port.name) or _number(port)
    return port.target_port or port.number


def _number(port: Port) -> int:
    return port.target_port if isinstance(port.target_port, int) and port.target_port else port.number
