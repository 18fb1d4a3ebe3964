"""From a YAML or JSON value to an object, or to findings that say all that is wrong with it.

Source of the rules: Istio decodes with golang/protobuf's jsonpb (pkg/util/protomarshal), Kubernetes with Go's
encoding/json; both spellings of a field, enum numbers, quoted numbers and null are what jsonpb takes. The schemas by which
Kubernetes keeps Istio's kinds (manifests/charts/base/files/crd-all.gen.yaml) take YAML's spelling only: the others are reported.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from msgspec import UNSET, Struct, ValidationError, convert
from msgspec.structs import force_setattr, replace

from lateen.api import codes, foreign
from lateen.api.duration import Duration
from lateen.api.finding import Finding, Level
from lateen.api.kinds import Refusal, identify
from lateen.api.message import KubernetesMessage, Message
from lateen.api.meta import Meta, Object, Ref
from lateen.api.misspelling import misspelt
from lateen.api.reading import Problem, Reader
from lateen.api.registry import Kind
from lateen.api.secret_bytes import SecretBytes, SecretText

NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", re.ASCII)
NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
ENVELOPE = frozenset({"apiVersion", "kind", "metadata", "status"})
NEAR = 0.7
"""How alike a misspelt field of the envelope is to the right one, of 1."""
EMPTY: dict[str, str] = {}
"""The labels and annotations of all objects that have none."""
LISTS = frozenset({"List"})


class Decoded(Struct, frozen=True, gc=False):
    """What became of one value."""

    object: Object[Any] | None
    """None when it was refused."""
    findings: tuple[Finding, ...] = ()
    """Everything wrong or worth knowing, without positions."""
    ref: Ref | None = None
    """The object's identity, also of a refused one, as far as it could be read; without a default namespace."""
    written: Object[Any] | None = None
    """What analysis looks at when `object` is None: a refused object without its wrong parts, or one of a foreign kind."""


def expand(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Take lists of objects apart (`kind: List`, `kind: VirtualServiceList`); yields each object with its path."""
    kind = value.get("kind") if isinstance(value, dict) else None
    items = value.get("items") if isinstance(value, dict) else None
    if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list):
        for place, item in enumerate(items):
            yield f"{prefix}items[{place}]", _with_kind(item, value, kind.removesuffix("List"))
    elif not (isinstance(kind, str) and kind in LISTS and items is None):
        yield prefix, value


def _with_kind(item: Any, parent: dict[str, Any], kind: str) -> Any:
    """Items of a typed list may leave out what the list says."""
    if kind and isinstance(item, dict) and "kind" not in item:
        return {"apiVersion": parent.get("apiVersion"), "kind": kind, **item}
    return item


def decode(value: Any, namespace: str = "") -> Decoded:
    """Decode one object; `namespace` is for objects of namespaced kinds that name none."""
    if not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else "a single value"
        return _refused(
            codes.SYNTAX, "", f"expected an object with apiVersion, kind and metadata, got {kind}"
        )
    for field in ("apiVersion", "kind"):
        if not isinstance(value.get(field), str) or not value[field]:
            near = [key for key in value if isinstance(key, str) and get_close_matches(key, [field], 1, NEAR)]
            hint = f"write {field} instead of {near[0]}" if near and near[0] != field else ""
            where = near[0] if near else field
            return _refused(codes.SCHEMA, where, f"{field} is missing or not a string", hint)
    kind_or_refusal = identify(value["apiVersion"], value["kind"])
    if isinstance(kind_or_refusal, Refusal):
        code, level, path, message, suggestion = kind_or_refusal
        written = _foreign(value, namespace)
        ref = written.ref if written is not None else _plain_ref(value)
        return Decoded(None, (Finding(code, level, ref, path, message, suggestion),), ref, written)
    return _decode(kind_or_refusal, value, namespace)


def _refused(code: str, path: str, message: str, suggestion: str = "") -> Decoded:
    return Decoded(None, (Finding(code, Level.ERROR, None, path, message, suggestion),))


def _plain_ref(value: dict[str, Any]) -> Ref:
    meta = value["metadata"] if isinstance(value.get("metadata"), dict) else {}
    texts = [part if isinstance(part := meta.get(field), str) else "" for field in ("namespace", "name")]
    return Ref(value["kind"], *texts)


def _decode(kind: Kind, value: dict[str, Any], namespace: str) -> Decoded:
    jsonpb = issubclass(kind.spec, Message)
    reader = Reader(jsonpb=jsonpb, confidential=kind.name == "Secret")
    meta = _struct(Meta, value.get("metadata"), "metadata", Reader(jsonpb=False), reader.problems) or Meta()
    meta = _placed(meta, kind, namespace)
    _check_name(meta, kind, reader)
    spec = _spec(kind, value, reader)
    status = _status(kind, value)
    ref = Ref(kind.name, meta.namespace, meta.name)
    findings = [Finding(codes.SCHEMA, Level.ERROR, ref, *problem) for problem in reader.problems]
    findings += [
        Finding(codes.SCHEMA_WARNING, Level.WARNING, ref, *found) for found in reader.refused_by_kubernetes
    ]
    findings += [Finding(codes.MISSPELT, Level.WARNING, ref, *found) for found in _misspelt(kind, value)]
    obj = Object(api_version=value["apiVersion"], kind=kind.name, meta=meta, spec=spec, status=status)
    if reader.problems:
        return Decoded(None, tuple(findings), ref, obj if meta.name else None)
    return Decoded(obj, tuple(findings), ref)


def _foreign(value: dict[str, Any], namespace: str) -> Object[Any] | None:
    """Keep an object of a kind that analysis alone looks at, as it is written."""
    kind = foreign.find(value["apiVersion"], value["kind"])
    meta = _struct(Meta, value.get("metadata"), "metadata", Reader(jsonpb=False), []) if kind else None
    if kind is None or not meta or not meta.name:
        return None
    wanted = (meta.namespace or namespace) if kind.namespaced else ""
    return Object(
        api_version=value["apiVersion"],
        kind=kind.name,
        meta=replace(meta, namespace=wanted),
        spec=foreign.body(kind, value),
        status=value.get("status"),
    )


def _placed(meta: Meta, kind: Kind, namespace: str) -> Meta:
    wanted = (meta.namespace or namespace) if kind.namespaced else ""
    own = meta if meta.namespace == wanted else replace(meta, namespace=wanted)
    for field in ("labels", "annotations"):
        if not getattr(own, field):
            force_setattr(own, field, EMPTY)  # nobody has seen it yet
    return own


def _check_name(meta: Meta, kind: Kind, reader: Reader) -> None:
    if not meta.name and any(problem.path == "metadata.name" for problem in reader.problems):
        pass  # it is there, and no text
    elif not meta.name:
        hint = "generateName works only with kubectl create" if meta.generate_name else ""
        reader.problem("metadata.name", f"{kind.name} needs a name", hint)
    elif not NAME.fullmatch(meta.name):
        message = (
            f"{meta.name!r} is not a name: lower-case letters, digits, '-' and '.', at most 253 characters"
        )
        reader.problem("metadata.name", message)
    if meta.namespace and not NAMESPACE.fullmatch(meta.namespace):
        message = f"{meta.namespace!r} is not a namespace: lower-case letters, digits and '-', at most 63 characters"
        reader.problem("metadata.namespace", message)


def _spec(kind: Kind, value: dict[str, Any], reader: Reader) -> Any:
    if kind.body:
        body = {key: part for key, part in value.items() if key not in ENVELOPE}
        return _struct(kind.spec, body, "", reader, reader.problems)
    if issubclass(kind.spec, Message):
        for key in sorted(value.keys() - ENVELOPE - {"spec"}, key=str):
            near = get_close_matches(str(key), sorted(ENVELOPE | {"spec"}), 1, NEAR)
            hint = f"did you mean {near[0]}?" if near else "the fields of the object belong under spec"
            reader.problem(key, f"unknown field {key}", hint)
    return _struct(kind.spec, value.get("spec"), "spec", reader, reader.problems)


def _struct(struct: type[Any], value: Any, path: str, reader: Reader, problems: list[Problem]) -> Any:
    """Convert the fast way, and when that fails the slow way, which knows more spellings and says what is wrong."""
    if value is None:
        return struct()
    try:
        return convert(value, struct, dec_hook=_scalar)
    except (ValidationError, RecursionError):
        found = reader.read(struct, value, path)
        if reader.problems is not problems:
            problems += reader.problems
        return struct() if found is UNSET else found


def _status(kind: Kind, value: dict[str, Any]) -> Any:
    """Read a status as far as possible: what others wrote about an object never makes it wrong."""
    status = value.get("status")
    if kind.status is None or not isinstance(status, dict):
        return None
    try:
        return convert(status, kind.status)
    except (ValidationError, RecursionError):
        found = Reader(jsonpb=False).read(kind.status, status, "status")
        return None if found is UNSET else found


def _misspelt(kind: Kind, value: dict[str, Any]) -> list[Problem]:
    found = misspelt(Meta, value.get("metadata"), "metadata")
    if issubclass(kind.spec, Message):
        return found
    if not kind.body:
        return found + misspelt(kind.spec, value.get("spec"), "spec")
    body = {key: part for key, part in value.items() if key not in ENVELOPE}
    below = misspelt(kind.spec, body, "")
    return found + [Problem(problem.path.removeprefix("."), *problem[1:]) for problem in below]


def _scalar(expected: Any, value: Any) -> Any:
    """Convert texts into the types that msgspec does not know; ValueError sends the object the slow way."""
    if type(value) is not str:
        raise ValueError("not a text")
    if expected is Duration:
        return Duration.parse(value)
    if expected is SecretText:
        return SecretText(value.encode())
    if expected is SecretBytes:
        return SecretBytes(b64decode(value, validate=True))
    raise ValueError("no such type")


def read_message(struct: type[Any], value: Any, path: str = "") -> tuple[Any, tuple[Problem, ...]]:
    """Read one message that is no object of its own, such as MeshConfig; returns it with what is wrong in it."""
    reader = Reader(jsonpb=not issubclass(struct, KubernetesMessage))
    found = _struct(struct, value, path, reader, reader.problems)
    return found, tuple(reader.problems)
