"""What was read: parts, one for each text, and together the objects that they define, each identity once."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from msgspec import Struct

from lateen.api import codes
from lateen.api.finding import Finding, Level
from lateen.api.meta import Object, Ref
from lateen.sources.origin import Origin


class Entry(Struct, frozen=True, gc=False):
    """One object that a source defines, or tried to."""

    ref: Ref
    origin: Origin
    object: Object[Any] | None
    """None when it was refused; its last good version stays."""
    written: Object[Any] | None = None
    """A refused object as far as it could be read, for analysis."""


class Part(Struct, frozen=True, eq=False, gc=False):
    """What one text says. The same part, by identity, says the same: nobody has to look into it again."""

    file: str
    items: tuple[Finding | Entry, ...]
    """What is said about the documents, and the objects, in the order of the text; an identity as often as it is there."""
    foreign: tuple[Entry, ...] = ()
    """Objects of kinds that only analysis looks at; their `object` is None."""
    is_broken: bool = False
    """A document could not be read so far as to say which object it is."""

    @property
    def entries(self) -> Iterator[Entry]:
        """The objects, in order."""
        return (item for item in self.items if isinstance(item, Entry))


class Definitions(NamedTuple):
    """The objects of some parts."""

    entries: dict[Ref, Entry]
    """In the order of the texts; of several with one identity the first."""
    several: dict[Ref, Entry]
    """Those that are defined more than once, and the definition that counts."""


class Load(Struct, frozen=True, dict=True):
    """Everything that was read from some texts."""

    parts: tuple[Part, ...] = ()
    """In the order of the texts."""
    unread: tuple[Finding, ...] = ()
    """About what could not be read at all, with positions."""
    unread_names: frozenset[str] = frozenset()
    """Names of files and directories that could not be read."""
    defaults: tuple[Entry, ...] = ()
    """Objects that count unless a part has one of the same identity."""

    @cached_property
    def definitions(self) -> Definitions:
        """The objects by identity."""
        found, several = definitions(self.parts)
        own = {entry.ref: entry for entry in self.defaults if entry.ref not in found}
        return Definitions(own | found if own else found, several)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The objects in the order of the texts, each identity once."""
        return tuple(self.definitions.entries.values())

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """About the texts, with positions."""
        return (*self.unread, *told(self.parts, self.definitions.several))

    @property
    def broken(self) -> frozenset[str]:
        """Files with a document that could not be read so far as to say which object it is, and what could not be read."""
        return self.unread_names.union(part.file for part in self.parts if part.is_broken)

    @property
    def foreign(self) -> tuple[Entry, ...]:
        """Objects of kinds that only analysis looks at."""
        return tuple(entry for part in self.parts for entry in part.foreign)

    @property
    def objects(self) -> tuple[Object[Any], ...]:
        """The objects that could be read."""
        return tuple(entry.object for entry in self.entries if entry.object is not None)


def load_of(
    entries: Iterable[Entry],
    findings: Iterable[Finding] = (),
    broken: frozenset[str] = frozenset(),
    foreign: tuple[Entry, ...] = (),
) -> Load:
    """Make a load of what was put together otherwise; of several with one identity the last counts."""
    items = tuple({entry.ref: entry for entry in entries}.values())
    return Load((Part("", items, foreign),), tuple(findings), broken)


def definitions(parts: Iterable[Part]) -> Definitions:
    """Find what parts define."""
    found: dict[Ref, Entry] = {}
    several: dict[Ref, Entry] = {}
    for part in parts:
        for entry in part.entries:
            if (first := found.setdefault(entry.ref, entry)) is not entry:
                several[entry.ref] = first
    return Definitions(found, several)


def told(parts: Iterable[Part], several: Mapping[Ref, Entry]) -> Iterator[Finding]:
    """Yield the findings of parts, and at each definition but the first that there is another one."""
    for part in parts:
        for item in part.items:
            if isinstance(item, Finding):
                yield item
            elif several and several.get(item.ref, item) is not item:
                yield _duplicate(several[item.ref], item)


def _duplicate(first: Entry, second: Entry) -> Finding:
    place = first.origin.position("")
    message = f"the object is already defined at {place}; that definition is used"
    where = second.origin.position("metadata.name")
    return Finding(
        codes.DUPLICATE, Level.ERROR, second.ref, "metadata.name", message, "remove one of the two", where
    )
