"""What the API server and the controllers of Kubernetes add to objects: addresses, pods, plain values.

A pure function of the set of objects and of the addresses given before, whatever the order.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lateen.api import codes
from lateen.api.check.dispatch import check
from lateen.api.decode import read_message
from lateen.api.facts import mesh_config_object, mesh_networks_object
from lateen.api.finding import Finding, Level
from lateen.api.kubernetes import Secret, Service
from lateen.api.mesh_config import MeshConfig, MeshNetworks
from lateen.api.meta import Meta, Object, OwnerReference, Ref
from lateen.api.secret_bytes import SecretBytes
from lateen.api.workload import Deployment, Pod, PodAddress, PodCondition, PodStatus, PodTemplate
from lateen.sources.addresses import PODS, SERVICES, allocate, digest
from lateen.sources.discovery import told, unselected
from lateen.sources.mirroring import mirrored, unwanted
from lateen.sources.yaml import parse

AnyObject = Object[Any]
M = TypeVar("M", MeshConfig, MeshNetworks)
MESH_MAP = ("istio-system", "istio")
"""Namespace and name of the ConfigMap with the mesh's settings."""
MAX_REPLICAS = 1000
"""More pods of one Deployment are taken for a slip of the keyboard."""
HEADLESS = "None"
WRITERS = ("Deployment", "Endpoints")
"""Kinds that other objects are made of."""


class Made(Struct, frozen=True, gc=False):
    """What one object becomes on its own: itself, defaulted, and what is made from it."""

    objects: tuple[AnyObject, ...]
    findings: tuple[Finding, ...] = ()


class Admitted(Struct, frozen=True, gc=False):
    """The objects as they are in force."""

    objects: dict[Ref, AnyObject]
    makers: dict[Ref, Ref]
    """Which given object each comes from: itself, or the Deployment of a pod."""
    addresses: dict[Ref, str]
    """Addresses that were given, to be held next time."""
    findings: tuple[Finding, ...] = ()


class Admission:
    """Admits sets of objects; an object that has not changed costs a few look-ups."""

    def __init__(self) -> None:
        self._made: dict[Ref, Completed] = {}
        self._addressed: dict[Ref, tuple[AnyObject, str, AnyObject]] = {}

    def admit(self, objects: Mapping[Ref, AnyObject], held: Mapping[Ref, str] | None = None) -> Admitted:
        """Complete a set of objects; addresses in `held` stay with their owners."""
        self._made = made = {ref: self._make(ref, obj) for ref, obj in objects.items()}
        found, makers = _gathered(made)
        hidden = unselected(found, MESH_MAP)
        idle = _idle(made, found, hidden)
        if hidden or idle:
            for ref in [ref for ref, by in makers.items() if ref in hidden or (by in idle and ref != by)]:
                del found[ref], makers[ref]
        telling = sorted(ref for ref, one in made.items() if one.findings)
        findings = [finding for ref in telling for finding in made[ref].findings]
        findings += [*told(hidden & made.keys()), *idle.values()]
        addresses, left = _addresses(found, held or {})
        findings += [_no_address(ref) for ref in left]
        found |= {ref: self._with_address(found[ref], address) for ref, address in addresses.items()}
        self._addressed = {ref: self._addressed[ref] for ref in addresses}
        return Admitted(found, makers, addresses, tuple(findings))

    def _make(self, ref: Ref, obj: AnyObject) -> "Completed":
        before = self._made.get(ref)
        if before is not None and before.given is obj:
            return before
        made = complete(obj)
        objects = tuple((one.ref, one) for one in made.objects)
        return Completed(obj, objects, made.findings, [one for one, _ in objects] == [ref])

    def _with_address(self, obj: AnyObject, address: str) -> AnyObject:
        ref = obj.ref
        before = self._addressed.get(ref)
        if before is not None and before[0] is obj and before[1] == address:
            return before[2]
        after = _service_at(obj, address) if obj.kind == "Service" else _pod_at(obj, address)
        self._addressed[ref] = (obj, address, after)
        return after


class Completed(NamedTuple):
    """What was made of an object that was given."""

    given: AnyObject
    objects: tuple[tuple[Ref, AnyObject], ...]
    findings: tuple[Finding, ...]
    is_plain: bool
    """It is one object, of the same name."""


def complete(obj: AnyObject) -> Made:
    """Complete one object on its own: everything but addresses."""
    return MAKERS.get(obj.kind, _as_it_is)(obj)


def _gathered(made: Mapping[Ref, Completed]) -> tuple[dict[Ref, AnyObject], dict[Ref, Ref]]:
    """Put together what was made, and of what; an object that is written wins over one that would be made."""
    found = {ref: one.objects[0][1] for ref, one in made.items() if one.is_plain}
    makers = {ref: ref for ref in found}
    several = (ref for ref, one in made.items() if not one.is_plain)
    for maker in sorted(several, key=lambda ref: (ref.kind in WRITERS, ref)):
        for ref, obj in made[maker].objects:
            if found.setdefault(ref, obj) is obj:
                makers[ref] = maker
    return found, makers


def _idle(
    made: Mapping[Ref, Completed], found: Mapping[Ref, AnyObject], hidden: frozenset[Ref]
) -> dict[Ref, Finding]:
    """Find the Endpoints that are not mirrored, and why."""
    given = sorted(ref for ref in made if ref.kind == "Endpoints" and ref not in hidden)
    return {ref: why for ref in given if (why := unwanted(ref, found))}


def admit(objects: Iterable[AnyObject], held: Mapping[Ref, str] | None = None) -> Admitted:
    """Complete a set of objects once."""
    return Admission().admit({obj.ref: obj for obj in objects}, held)


def _as_it_is(obj: AnyObject) -> Made:
    return Made((obj,))


def _secret(obj: AnyObject) -> Made:
    spec: Secret = obj.spec
    if not spec.string_data:
        return Made((obj,))
    data = spec.data | {key: SecretBytes(value) for key, value in spec.string_data.items()}
    return Made((replace(obj, spec=replace(spec, data=data, string_data={})),))


def _config_map(obj: AnyObject) -> Made:
    """Read the mesh's settings and networks out of Istio's ConfigMap; one with an error leaves the other in force."""
    if (obj.meta.namespace, obj.meta.name) != MESH_MAP:
        return Made((obj,))
    config, of_config = _read_key(obj, "mesh", MeshConfig)
    networks, of_networks = _read_key(obj, "meshNetworks", MeshNetworks)
    made: list[AnyObject] = [obj]
    findings = [*of_config, *of_networks]
    read = {
        "mesh": mesh_config_object(config) if config is not None else None,
        "meshNetworks": mesh_networks_object(networks) if networks is not None else None,
    }
    for key, own in read.items():
        judged = _judged(obj, key, own) if own is not None else ()
        findings += judged
        if own is not None and not any(one.level is Level.ERROR for one in judged):
            made.append(own)
    return Made(tuple(made), tuple(findings))


def _judged(obj: AnyObject, key: str, own: AnyObject) -> tuple[Finding, ...]:
    """Check what was read from a key of a ConfigMap; its findings are the ConfigMap's."""
    return tuple(
        replace(one, ref=obj.ref, path=f"data[{key}]", message=f"{one.path}: {one.message}")
        for one in check(own)
    )


def _read_key(obj: AnyObject, key: str, kind: type[M]) -> tuple[M | None, tuple[Finding, ...]]:
    """Read a message from a key of a ConfigMap; None with findings, or without when there is no such key."""
    text = obj.spec.data.get(key)
    if text is None:
        return None, ()
    path = f"data[{key}]"
    parsed = parse(text)
    if parsed.findings:
        return None, tuple(replace(found, ref=obj.ref, path=path, where=None) for found in parsed.findings)
    read, problems = read_message(kind, {} if parsed.value is None else parsed.value, "")
    findings = tuple(
        Finding(codes.SCHEMA, Level.ERROR, obj.ref, path, f"{one.path}: {one.message}", one.suggestion)
        for one in problems
    )
    return (None if findings else read), findings


def _pod(obj: AnyObject) -> Made:
    spec: Pod = obj.spec
    account = spec.service_account_name or spec.service_account or "default"
    return Made((replace(obj, spec=replace(spec, service_account_name=account)),))


def _deployment(obj: AnyObject) -> Made:
    spec: Deployment = obj.spec
    wanted = 1 if spec.replicas is None else spec.replicas
    if spec.template is None or spec.template.spec is None:
        return Made((obj,))
    findings: tuple[Finding, ...] = ()
    if wanted > MAX_REPLICAS:
        message = f"{wanted} replicas are too many for one machine; {MAX_REPLICAS} pods are made"
        findings = (Finding(codes.ADDRESSES, Level.WARNING, obj.ref, "spec.replicas", message),)
    pods = tuple(_replica(obj, place) for place in range(min(wanted, MAX_REPLICAS)))
    return Made((obj, *pods), findings)


def pod_name(deployment: Ref, template: PodTemplate, replica: int) -> str:
    """Name a replica's pod as Kubernetes would, and always the same: `reviews-v1-xk2pq-8dvzc`.

    The middle part stands for the template, so that a changed one makes new pods beside the old.
    """
    group = digest(f"{deployment} {msgspec.json.encode(template, order='deterministic').decode()}", 5)
    return f"{deployment.name}-{group}-{digest(f'{deployment} {replica}', 5)}"


def _replica(obj: AnyObject, place: int) -> AnyObject:
    template = obj.spec.template
    meta = Meta(
        name=pod_name(obj.ref, template, place),
        namespace=obj.meta.namespace,
        labels=template.metadata.labels,
        annotations=template.metadata.annotations,
        creation_timestamp=obj.meta.creation_timestamp,
        owner_references=(
            OwnerReference(api_version="apps/v1", kind="Deployment", name=obj.meta.name, controller=True),
        ),
    )
    return _pod(Object(api_version="v1", kind="Pod", meta=meta, spec=template.spec)).objects[0]


def _endpoints(obj: AnyObject) -> Made:
    return Made((obj, *mirrored(obj)))


MAKERS: dict[str, Callable[[AnyObject], Made]] = {
    "Endpoints": _endpoints,
    "Secret": _secret,
    "ConfigMap": _config_map,
    "Pod": _pod,
    "Deployment": _deployment,
}


def _addresses(
    objects: Mapping[Ref, AnyObject], held: Mapping[Ref, str]
) -> tuple[dict[Ref, str], tuple[Ref, ...]]:
    services = {ref: obj for ref, obj in objects.items() if ref.kind == "Service"}
    pods = {ref: obj for ref, obj in objects.items() if ref.kind == "Pod"}
    fixed = [obj.spec.cluster_ip for obj in services.values() if obj.spec.cluster_ip]
    running = [obj.status.pod_ip for obj in pods.values() if _runs(obj)]
    free = [ref for ref, obj in services.items() if _wants_address(obj.spec)]
    idle = [ref for ref, obj in pods.items() if not _runs(obj)]
    given, left = allocate(SERVICES, free, fixed, held)
    at, unplaced = allocate(PODS, idle, running, held)
    return given | at, left + unplaced


def _wants_address(spec: Service) -> bool:
    return not spec.cluster_ip and spec.type != "ExternalName"


def _runs(obj: AnyObject) -> bool:
    return isinstance(obj.status, PodStatus) and bool(obj.status.pod_ip)


def _service_at(obj: AnyObject, address: str) -> AnyObject:
    return replace(obj, spec=replace(obj.spec, cluster_ip=address, cluster_ips=(address,)))


def _pod_at(obj: AnyObject, address: str) -> AnyObject:
    before: PodStatus = obj.status or PodStatus()
    status = replace(
        before,
        phase=before.phase or "Running",
        pod_ip=address,
        pod_ips=(PodAddress(ip=address),),
        conditions=before.conditions or (PodCondition(type="Ready", status="True"),),
    )
    return replace(obj, status=status)


def _no_address(ref: Ref) -> Finding:
    return Finding(codes.ADDRESSES, Level.ERROR, ref, "", "no address is left for it; it has none")
