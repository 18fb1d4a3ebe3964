"""Workloads: pods and workload entries, found by labels, with what endpoints and views need of them."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from lateen.api import facts
from lateen.api import kubernetes as k8s
from lateen.api.meta import Object, Ref
from lateen.api.service_entry import ServiceEntry
from lateen.api.sidecar import Sidecar
from lateen.api.workload import Pod, PodStatus
from lateen.api.workload_entry import WorkloadEntry
from lateen.engine import Database, entry_of, query
from lateen.model import blocks, mesh_networks
from lateen.model.defaults import TRUE
from lateen.model.distribution import SAME_NODE, distribution
from lateen.model.mesh_networks import NETWORK_LABEL
from lateen.model.root import root_namespace
from lateen.model.selectors import Pairs, pairs

REGION = "topology.kubernetes.io/region"
ZONE = "topology.kubernetes.io/zone"
SUBZONE = "topology.istio.io/subzone"
LOCALITY_LABELS = ("topology.istio.io/locality", "istio-locality")  # the first that is there counts
OLD_LABELS = {
    REGION: "failure-domain.beta.kubernetes.io/region",
    ZONE: "failure-domain.beta.kubernetes.io/zone",
}
TLS_MODE_LABEL = "security.istio.io/tlsMode"
HEALTH_CHECKS = "proxy.istio.io/health-checks-enabled"
HEALTHY_CONDITION = "Healthy"  # WorkloadEntry.status.conditions, written by the agent


class Health(StrEnum):
    """Whether an endpoint takes traffic, in Envoy's words."""

    UNKNOWN = "UNKNOWN"
    """Nobody reports on it, as for a ServiceEntry's endpoint; Envoy sends it traffic."""
    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"
    DRAINING = "DRAINING"


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """One running copy of something: a pod or a workload entry."""

    ref: Ref
    address: str
    labels: Pairs = ()
    ports: tuple[tuple[str, int], ...] = ()
    """Named ports: a pod's container ports, a WorkloadEntry's `ports`."""
    locality: str = ""
    network: str = ""
    weight: int = 0
    """0 is unset (1)."""
    service_account: str = ""
    tls_mode: str = ""
    health: Health = Health.UNKNOWN
    node: str = ""
    workload_name: str = ""
    hostname: str = ""
    subdomain: str = ""

    def port(self, name: str) -> int | None:
        """Return the number of a named port."""
        return dict(self.ports).get(name)


@query
def workload(db: Database, ref: Ref) -> Workload | None:
    """Return the workload that a Pod or WorkloadEntry declares; None when it has no address or is going away."""
    found = facts.get(db, ref)
    if found is None:
        return None
    if isinstance(found.spec, Pod):
        pod = _of_pod(db, found)
        return _placed(db, pod) if pod else None
    if isinstance(found.spec, WorkloadEntry):
        labels = {**found.spec.labels, **found.meta.labels}
        return of_entry(found.spec, ref, labels, _entry_health(found))
    return None


def labels_of(db: Database, ref: Ref) -> Pairs:
    """Return a workload's labels."""
    found = workload(db, ref)
    return found.labels if found else ()


@query
def _labels(db: Database, kind: str, number: int) -> tuple[tuple[Ref, Pairs], ...]:
    """Return the labels of a block of workloads; a firewall between their readiness and who selects them."""
    return tuple((ref, labels_of(db, ref)) for ref in blocks.refs_of(db, kind, number))


@query
def _by_namespace(db: Database, kind: str) -> dict[str, tuple[tuple[Ref, Pairs], ...]]:
    index: dict[str, list[tuple[Ref, Pairs]]] = {}
    for number in blocks.refs_by_block(db, kind):
        for one in _labels(db, kind, number):
            index.setdefault(one[0].namespace, []).append(one)
    return {namespace: tuple(sorted(found)) for namespace, found in index.items()}


@entry_of(_by_namespace)
def _in_namespace(db: Database, kind: str, namespace: str) -> tuple[tuple[Ref, Pairs], ...] | None:
    return _by_namespace(db, kind).get(namespace)


@query
def by_label(db: Database, kind: str, namespace: str) -> dict[tuple[str, str], frozenset[Ref]]:
    """Index the workloads of one kind and namespace by each of their labels."""
    index: dict[tuple[str, str], set[Ref]] = {}
    for ref, labels in _in_namespace(db, kind, namespace) or ():
        for label in labels:
            index.setdefault(label, set()).add(ref)
    return {label: frozenset(refs) for label, refs in index.items()}


def selected(db: Database, kind: str, namespace: str, selector: Pairs) -> tuple[Ref, ...]:
    """Return the workloads of a kind and namespace that carry every label of a non-empty selector, sorted."""
    return _selected(db, kind, namespace, selector) if _is_there(db, kind, namespace) else ()


@query
def _is_there(db: Database, kind: str, namespace: str) -> bool:
    """Tell whether a namespace has any of a kind: most have no WorkloadEntry, and nothing is looked up among none."""
    return any(ref.namespace == namespace for ref in facts.refs(db, kind))


@query
def _selected(db: Database, kind: str, namespace: str, selector: Pairs) -> tuple[Ref, ...]:
    index = by_label(db, kind, namespace)
    sets = sorted((index.get(label, frozenset()) for label in selector), key=len)
    if not sets:
        return ()
    return tuple(sorted(sets[0].intersection(*sets[1:])))


class PodSays(msgspec.Struct, frozen=True):
    """What a pod says of the proxy in it."""

    labels: Pairs
    """Sorted."""
    ports: tuple[tuple[str, int], ...]
    """Named TCP ports as (name, number)."""
    locality: str
    """`region/zone/subzone` of the machine that it runs on, or an empty string."""


@query
def pod_says(db: Database, namespace: str, pod: str) -> PodSays | None:
    """Return what the pod of a proxy says; None without such a pod."""
    ref = Ref("Pod", namespace, pod)
    found = facts.get(db, ref)
    if found is None or not isinstance(found.spec, Pod):
        return None
    running = workload(db, ref)
    return PodSays(pairs(found.meta.labels), _listening(found.spec), running.locality if running else "")


@query
def address_matters(db: Database, namespace: str, address: str) -> bool:
    """Tell whether a workload's own address is in its configuration.

    It is when a headless service's or ServiceEntry's endpoint may be this very address, and in the names of what a
    Sidecar's `ingress` opens.
    """
    with_ingress = _namespaces_with_ingress(db)
    return address in _named_addresses(db) or namespace in with_ingress or root_namespace(db) in with_ingress


@query
def node_matters(db: Database) -> bool:
    """Tell whether some service keeps traffic on the client's machine, or prefers it."""
    kinds = ("Service", "ServiceEntry")
    return any(_is_by_node(db, kind, number) for kind in kinds for number in blocks.refs_by_block(db, kind))


@query
def _is_by_node(db: Database, kind: str, number: int) -> bool:
    return any(_keeps_to_node(db, one) for one in blocks.objects(db, kind, number))


def _keeps_to_node(db: Database, found: Object[Any]) -> bool:
    own = found.spec if isinstance(found.spec, k8s.Service) else None
    if own is not None and own.internal_traffic_policy == "Local":
        return True
    spec = (own.traffic_distribution if own else None) or ""
    return distribution(db, spec, found.meta.annotations, found.meta.namespace) == SAME_NODE


@query
def _named_addresses(db: Database) -> frozenset[str]:
    entries = (_entry_addresses(db, number) for number in blocks.refs_by_block(db, "ServiceEntry"))
    services = (_headless_addresses(db, number) for number in blocks.refs_by_block(db, "Service"))
    slices = (_slice_addresses(db, ref) for ref in facts.refs(db, "EndpointSlice"))
    return frozenset().union(*entries, *services, *slices)


@query
def _namespaces_with_ingress(db: Database) -> frozenset[str]:
    return frozenset(ref.namespace for ref in facts.refs(db, "Sidecar") if _has_ingress(db, ref))


@query
def _has_ingress(db: Database, ref: Ref) -> bool:
    found = facts.get(db, ref)
    return found is not None and isinstance(found.spec, Sidecar) and bool(found.spec.ingress)


@query
def _slice_addresses(db: Database, ref: Ref) -> frozenset[str]:
    """Return the addresses that an EndpointSlice gives to a headless service."""
    found = facts.get(db, ref)
    if found is None or not isinstance(found.spec, k8s.EndpointSlice):
        return frozenset()
    owner = facts.get(db, Ref("Service", ref.namespace, found.meta.labels.get(k8s.SERVICE_NAME, "")))
    if owner is None or not isinstance(owner.spec, k8s.Service) or owner.spec.cluster_ip != "None":
        return frozenset()
    return frozenset(address for member in found.spec.endpoints for address in member.addresses)


@query
def _entry_addresses(db: Database, number: int) -> frozenset[str]:
    """Return the addresses of a block of ServiceEntries."""
    specs = (one.spec for one in blocks.objects(db, "ServiceEntry", number))
    entries = (spec for spec in specs if isinstance(spec, ServiceEntry))
    return frozenset(endpoint.address or "" for spec in entries for endpoint in spec.endpoints)


@query
def _headless_addresses(db: Database, number: int) -> frozenset[str]:
    """Return the addresses of the pods of a block's headless services."""
    return frozenset(
        pod.address
        for one in blocks.objects(db, "Service", number)
        if isinstance(one.spec, k8s.Service) and one.spec.cluster_ip == "None"
        for ref in selected(db, "Pod", one.meta.namespace, pairs(one.spec.selector))
        if (pod := workload(db, ref)) is not None
    )


def _of_pod(db: Database, found: Object[Pod]) -> Workload | None:
    spec, status = found.spec, found.status or PodStatus()
    if not status.pod_ip or found.meta.deletion_timestamp or status.phase in ("Succeeded", "Failed"):
        return None
    labels = found.meta.labels
    return Workload(
        ref=found.ref,
        address=status.pod_ip,
        labels=pairs(labels),
        ports=_listening(spec),
        locality=_locality_of_labels(labels) or _locality_of_node(db, spec.node_name or ""),
        network=labels.get(NETWORK_LABEL, ""),
        service_account=spec.service_account_name or "default",
        tls_mode=labels.get(TLS_MODE_LABEL, ""),
        health=Health.HEALTHY if _ready(status) else Health.UNHEALTHY,
        node=spec.node_name or "",
        workload_name=labels.get("service.istio.io/workload-name", "") or found.meta.name,
        hostname=spec.hostname or (found.meta.name if spec.subdomain else ""),
        subdomain=spec.subdomain or "",
    )


def _listening(spec: Pod) -> tuple[tuple[str, int], ...]:
    """Return the named TCP ports of a pod.

    An init container that is always restarted runs beside the others (kube/controller/util.go FindPort, pod.go getPortMap).
    """
    beside = tuple(one for one in spec.init_containers if one.restart_policy == "Always")
    ports = (port for one in (*spec.containers, *beside) for port in one.ports)
    return named_once(
        (port.name, port.container_port) for port in ports if port.protocol in (None, "", "TCP")
    )


def named_once(ports: Iterable[tuple[str | None, int]]) -> tuple[tuple[str, int], ...]:
    """Keep of a workload's ports those with a name; the first of a name counts, as in Kubernetes."""
    numbers: dict[str, int] = {}
    for name, number in ports:
        if name:
            numbers.setdefault(name, number)
    return (*numbers.items(),)


def _ready(status: PodStatus) -> bool:
    return any(condition.type == "Ready" and condition.status == "True" for condition in status.conditions)


def of_entry(spec: WorkloadEntry, ref: Ref, labels: Mapping[str, str], health: Health) -> Workload:
    """Return the workload that a WorkloadEntry, of its own or inline in a ServiceEntry, describes."""
    return Workload(
        ref=ref,
        address=spec.address or "",
        labels=pairs(labels),
        ports=tuple(sorted(spec.ports.items())),
        locality=spec.locality or said_locality(labels),
        network=spec.network
        or "",  # neither a label nor a range says it (conversion.go workloadEntryNetwork)
        weight=spec.weight or 0,
        service_account=spec.service_account or "",
        tls_mode=labels.get(TLS_MODE_LABEL) or ("istio" if spec.service_account else ""),
        health=health,
        workload_name=ref.name,
    )


def _placed(db: Database, one: Workload) -> Workload:
    """Fill in the network that the mesh's networks give to a pod that names none."""
    network = "" if one.network else mesh_networks.network_of(db, one.address, mesh_networks.KUBERNETES)
    return msgspec.structs.replace(one, network=network) if network else one


def _entry_health(found: Object[WorkloadEntry]) -> Health:
    """Without health checks it counts as healthy; with them, until the agent says so, it does not (conversion.go isHealthy)."""
    if found.meta.annotations.get(HEALTH_CHECKS, "") not in TRUE:
        return Health.UNKNOWN
    conditions = getattr(found.status, "conditions", ())
    healthy = any(c.type == HEALTHY_CONDITION and c.status == "True" for c in conditions)
    return Health.UNKNOWN if healthy else Health.UNHEALTHY


@query
def _locality_of_node(db: Database, node: str) -> str:
    found = facts.get(db, Ref("Node", "", node)) if node else None
    return _locality_of_labels(found.meta.labels) if found else ""


def _locality_of_labels(labels: Mapping[str, str]) -> str:
    """Read region, zone and subzone from labels; one that says all of them wins."""
    parts = [labels.get(key) or labels.get(OLD_LABELS.get(key, ""), "") for key in (REGION, ZONE, SUBZONE)]
    return said_locality(labels) or "/".join(parts).rstrip("/")


def said_locality(labels: Mapping[str, str]) -> str:
    """Read the label that says a whole locality, with dots for slashes where it has none (pkg/model/proxy.go)."""
    said = next((labels[key] for key in LOCALITY_LABELS if key in labels), "")
    return said if "/" in said else said.replace(".", "/")
