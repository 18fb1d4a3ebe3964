"""What was edited: the objects that differ, the fields that do, and where they are written."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from lateen.api.message import json_name
from lateen.api.meta import Object, Ref
from lateen.simulate.algebra.change import Change
from lateen.sources.load import Entry
from lateen.translate import names

FIELDS = 3
"""Fields of an object that are named; more are counted."""


class Edit(msgspec.Struct, frozen=True):
    """An object that differs."""

    ref: Ref
    word: Literal["added", "removed", "changed"]
    places: tuple[tuple[str, str], ...] = ()
    """(field, `file:line`) of what differs."""

    def __str__(self) -> str:
        """Write `VirtualService default/reviews changed: spec.http[0].timeout (reviews.yaml:12)`."""
        subject = f"{self.ref.kind} {self.ref.namespace}/{self.ref.name}".replace(" /", " ")
        shown = [f"{field} ({place})" if field else place for field, place in self.places[:FIELDS]]
        more = [f"and {len(self.places) - FIELDS} more fields"] if len(self.places) > FIELDS else []
        return f"{subject} {self.word}: {', '.join([*shown, *more])}" if shown else f"{subject} {self.word}"


def edits(old: Mapping[Ref, Entry], new: Mapping[Ref, Entry]) -> dict[Ref, Edit]:
    """Return the objects that differ between two sets."""
    found = {}
    for ref in sorted({*old, *new}):
        before, after = old.get(ref), new.get(ref)
        if before is None or after is None:
            entry, word = (after, "added") if before is None else (before, "removed")
            if entry is not None:
                found[ref] = Edit(ref, "added" if word == "added" else "removed", (("", _place(entry, "")),))
        elif before.object != after.object and before.object is not None and after.object is not None:
            found[ref] = Edit(ref, "changed", tuple(_places(before, after, before.object, after.object)))
    return found


def _places(old: Entry, new: Entry, before: Object[Any], after: Object[Any]) -> Iterator[tuple[str, str]]:
    for path, is_new in _different("", _plain(before), _plain(after)):
        yield path, _place(new if is_new else old, path)


def _plain(obj: Object[Any]) -> dict[str, Any]:
    meta = {"labels": dict(obj.meta.labels), "annotations": dict(obj.meta.annotations)}
    return {"metadata": meta, "spec": msgspec.to_builtins(obj.spec, enc_hook=str)}


def _different(path: str, old: Any, new: Any) -> Iterator[tuple[str, bool]]:
    """Yield the paths of what differs, and whether they are paths of the new object (else of the old)."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*new, *old)):
            inner = f"{path}.{json_name(key)}" if path else json_name(key)
            yield from _different(inner, old.get(key), new.get(key))
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple):
        yield from _different_lists(path, list(old), list(new))
    else:
        yield path, _is_set(new)


def _is_set(value: Any) -> bool:
    return value not in (None, [], {}, ())


def _different_lists(path: str, old: list[Any], new: list[Any]) -> Iterator[tuple[str, bool]]:
    if len(old) == len(new):
        for place, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _different(f"{path}[{place}]", before, after)
        return
    start = next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    longer = new if len(new) > len(old) else old
    for place in range(start, start + abs(len(new) - len(old))):
        if place < len(longer):
            yield f"{path}[{place}]", longer is new


def _place(entry: Entry, path: str) -> str:
    position = entry.origin.position(path)
    return f"{position.file}:{position.line}"


STRUCTURE = frozenset({"Gateway", "Sidecar", "EnvoyFilter", "PeerAuthentication", "ProxyConfig", "ConfigMap"})
"""Kinds that decide about connections before there is a request."""


def related(found: Mapping[Ref, Edit], change: Change) -> tuple[Edit, ...]:
    """Return the edits that explain a change: of the objects that it comes from, else of what its clusters are made of, else all."""
    wanted = {ref for path in change.origins if (ref := _ref(path)) is not None}
    own = tuple(edit for ref, edit in found.items() if (ref.kind, ref.namespace, ref.name) in wanted)
    hosts = {parts[3] for name in change.clusters if (parts := names.parse_cluster(name)) is not None}
    labels = {tuple(host.split(".")[:2]) for host in hosts}
    of_hosts = tuple(edit for ref, edit in found.items() if (ref.name, ref.namespace) in labels)
    structure = tuple(
        edit for ref, edit in found.items() if ref.kind in STRUCTURE and change.kind != "request"
    )
    return own or of_hosts or structure or tuple(found.values())


_KINDS = {"virtual-service": "VirtualService", "destination-rule": "DestinationRule", "sidecar": "Sidecar"}


def _ref(path: str) -> tuple[str, str, str] | None:
    """Read `/apis/GROUP/VERSION/namespaces/NAMESPACE/KIND/NAME`."""
    parts = path.split("/")
    if len(parts) != 8:
        return None
    return _KINDS.get(parts[6], parts[6]), parts[5], parts[7]
