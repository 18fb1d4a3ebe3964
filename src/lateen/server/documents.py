"""Objects as documents: what was written, plus what the mesh has added to it."""

from typing import Any

import msgspec

from lateen.api.decode import expand
from lateen.api.meta import Object, Ref
from lateen.engine import Database
from lateen.sources.origin import Origin
from lateen.sources.origin import of as origin_of
from lateen.sources.yaml import parse

Document = dict[str, Any]
_BODY_KINDS = frozenset({"ServiceAccount", "Secret", "ConfigMap", "Endpoints", "EndpointSlice"})


def document(db: Database, obj: Object[Any]) -> Document:
    """Return an object as YAML's values: its own text where there is one, completed by address, status and namespace."""
    origin = origin_of(db, obj.ref)
    written = _written(origin, obj.ref) if origin is not None else None
    found = _made(obj) if written is None else written
    return _completed(found, obj)


def _written(origin: Origin, ref: Ref) -> Document | None:
    """Return the object's own part of its document; None for an object that another one stands for."""
    for prefix, value in expand(parse(origin.document.text).value):
        if (
            prefix == origin.prefix
            and value.get("kind") == ref.kind
            and value["metadata"].get("name") == ref.name
        ):
            found: Document = value
            return found
    return None


def _made(obj: Object[Any]) -> Document:
    """Write an object that nobody wrote, such as the pod of a Deployment."""
    body: Document = msgspec.to_builtins(obj.spec, enc_hook=str)
    head = {"apiVersion": obj.api_version, "kind": obj.kind, "metadata": msgspec.to_builtins(obj.meta)}
    return {**head, **body} if obj.kind in _BODY_KINDS else {**head, "spec": body}


def _completed(found: Document, obj: Object[Any]) -> Document:
    metadata = {**(found.get("metadata") or {})}
    if obj.meta.namespace:
        metadata["namespace"] = obj.meta.namespace
    result = {"apiVersion": obj.api_version, "kind": obj.kind, "metadata": metadata}
    result |= {key: value for key, value in found.items() if key not in result}
    if obj.kind == "Service" and obj.spec.cluster_ip:
        result["spec"] = {**(found.get("spec") or {}), "clusterIP": obj.spec.cluster_ip}
    if obj.status is not None:
        result["status"] = msgspec.to_builtins(obj.status, enc_hook=str)
    return result
