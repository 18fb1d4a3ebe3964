"""Where an object is written; read only when a finding has to name the place."""

from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from lateen.api.finding import Finding, Position
from lateen.api.meta import Ref
from lateen.engine.database import Database
from lateen.sources.yaml import Document, position


class Origin(Struct, frozen=True, gc=False):
    """The document that an object comes from, and its path in there."""

    document: Document
    prefix: str = ""
    """`items[3]` for the fourth object of a list."""

    @property
    def file(self) -> str:
        """The file's name as given; `<memory>` or the like for objects without a file."""
        return self.document.file

    def position(self, path: str) -> Position:
        """Find a field of the object; its nearest parent when it is not written."""
        return position(
            self.document, f"{self.prefix}.{path}" if self.prefix and path else self.prefix or path
        )


class Places(Protocol):
    """Somebody who knows where objects are written."""

    def origin(self, ref: Ref) -> Origin | None:
        """Say where an object in force is written, or what it is made of."""


PLACES = ("places",)
"""The fact that holds who knows. No query reads it: where something is written is no part of an answer."""


def fact(ref: Ref) -> tuple[str, Ref]:
    """Name the fact that holds the origin of an object that is not in force."""
    return "origin", ref


def of(db: Database, ref: Ref) -> Origin | None:
    """Return where an object is written, when a source has said so."""
    own, places = db.find(fact(ref)), db.find(PLACES)
    if own is not None and own.value is not None:
        found: Origin | None = own.value
    else:
        found = places.value.origin(ref) if places is not None else None
    return found


def locate(db: Database, finding: Finding) -> Finding:
    """Fill in where a finding's field is written, as far as known."""
    origin = None if finding.ref is None else of(db, finding.ref)
    if finding.where is not None or origin is None:
        return finding
    return replace(finding, where=origin.position(finding.path))
