"""The objects of the running mesh with the places where they are written, as its API gives them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lateen.api.decode import decode
from lateen.api.meta import Ref
from lateen.api.registry import KINDS
from lateen.cli.client import Client
from lateen.sources.documents import Texts
from lateen.sources.load import Entry, Load, load_of
from lateen.sources.origin import Origin
from lateen.sources.yaml import Document

MAKERS = frozenset({"Deployment"})
"""Kinds whose pods run and are listed themselves."""


def live_objects(mesh: str) -> Load:
    """Return everything that is in force on a mesh.

    Raises:
        Failure: no such mesh runs.
    """
    client = Client(mesh)
    rows = [
        row for kind in KINDS if kind.name not in MAKERS for row in client.get("/v1/objects", kind=kind.name)
    ]
    places = _places({row["file"] for row in rows if row["file"]})
    return load_of(_entries(rows, places))


def _entries(rows: list[dict[str, Any]], places: dict[Ref, Origin]) -> Iterable[Entry]:
    for row in rows:
        decoded = decode(row["document"], "default")
        if decoded.ref is not None and decoded.object is not None:
            yield Entry(decoded.ref, _origin(row, places.get(decoded.ref)), decoded.object)


def _origin(row: dict[str, Any], place: Origin | None) -> Origin:
    """Take the file's text only if the object is still where the mesh read it."""
    if place is not None and place.position("").line == row["line"]:
        return place
    return Origin(Document(row["file"] or "<running mesh>", row["line"] or 1, ""))


def _places(files: set[str]) -> dict[Ref, Origin]:
    texts = [(name, text) for name in sorted(files) if (text := _text(name)) is not None]
    return {entry.ref: entry.origin for entry in Texts().load(texts).entries}


def _text(name: str) -> str | None:
    try:
        return Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
