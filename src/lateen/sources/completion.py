"""What the API server and the controllers of Kubernetes make of one object: pods, plain values, settings that are read."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lateen.api import codes
from lateen.api.check.dispatch import check
from lateen.api.decode import read_message
from lateen.api.facts import mesh_config_object, mesh_networks_object
from lateen.api.finding import Finding, Level
from lateen.api.kubernetes import Secret
from lateen.api.mesh_config import MeshConfig, MeshNetworks
from lateen.api.meta import Meta, Object, OwnerReference, Ref
from lateen.api.secret_bytes import SecretBytes
from lateen.api.workload import Deployment, Pod, PodTemplate
from lateen.sources.addresses import digest
from lateen.sources.mirroring import mirrored
from lateen.sources.yaml import parse

AnyObject = Object[Any]
M = TypeVar("M", MeshConfig, MeshNetworks)
MESH_MAP = ("istio-system", "istio")
"""Namespace and name of the ConfigMap with the mesh's settings."""
MAX_REPLICAS = 1000
"""More pods of one Deployment are taken for a slip of the keyboard."""
WRITERS = ("Deployment", "Endpoints")
"""Kinds that other objects are made of."""


class Made(Struct, frozen=True, gc=False):
    """What one object becomes on its own: itself, defaulted, and what is made from it."""

    objects: tuple[AnyObject, ...]
    findings: tuple[Finding, ...] = ()


def complete(obj: AnyObject) -> Made:
    """Complete one object on its own: everything but addresses."""
    make = MAKERS.get(obj.kind)
    return make(obj) if make is not None else Made((obj,))


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


MAKERS: Mapping[str, Callable[[AnyObject], Made]] = {
    "Endpoints": _endpoints,
    "Secret": _secret,
    "ConfigMap": _config_map,
    "Pod": _pod,
    "Deployment": _deployment,
}
"""How objects of these kinds are completed; all others are as they are written."""
