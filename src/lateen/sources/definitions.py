"""What one source defines: of each object the last good version, worked out anew only where a text has changed.

Parts of texts are compared by identity. An edit looks at the objects of the parts that differ; everything else is looked
at again only when it could matter: when several parts define one object, or when names gave way to a default.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import compress, filterfalse
from operator import is_not
from pathlib import PurePath
from typing import Any, NamedTuple

from msgspec.structs import replace

from lateen.api.finding import Finding, Level
from lateen.api.meta import Object, Ref
from lateen.sources.completion import complete
from lateen.sources.load import Entry, Load, Part, told

Check = Callable[[Object[Any]], tuple[Finding, ...]]
NOTHING: tuple[Finding, ...] = ()


class Judged(NamedTuple):
    """What is said about a definition on its own."""

    entry: Entry
    findings: tuple[Finding, ...]
    """As they were found, for another definition with the same object."""
    placed: tuple[Finding, ...]
    """With positions."""


class Difference(NamedTuple):
    """The parts that are gone and those that are new, each in order."""

    gone: tuple[Part, ...]
    new: tuple[Part, ...]
    is_in_place: bool
    """Each new part is where one of the same file was, so that what is first stays first."""


class Changed(NamedTuple):
    """What a load did to a source's definitions."""

    touched: set[Ref]
    """Objects whose definition may be another one now, if only in its place."""
    differing: set[Ref]
    """Those of them that are new or different."""
    findings: tuple[Finding, ...]
    """Of the texts, and of each object."""


class Source:
    """The definitions of one source."""

    def __init__(self, check: Check | None) -> None:
        """Judge each object by `check` before it is accepted."""
        self.entries: dict[Ref, Entry] = {}
        """The definitions that count: the last good one of each object."""
        self._check = check
        self._parts: tuple[Part, ...] | None = None  # of the load that was last made the whole of it
        self._defaults: tuple[Entry, ...] = ()
        self._several: dict[Ref, Entry] = {}
        self._judged: dict[Ref, Judged] = {}  # those about which something is said
        self._refused: set[Ref] = set()  # defined, though not as it counts
        self._kept: set[Ref] = set()  # not defined any more by what can be read
        self._loud: set[Part] = set()  # parts about which something is said

    def replace(self, load: Load) -> Changed:
        """Make the definitions exactly these; what is in files that cannot be read stays."""
        entries, touched, parts = self._of_parts_that_differ(load) or self._of_all(load)
        broken = self._broken(load, parts)
        differing = {ref for ref in touched if self._settle(ref, entries.get(ref), broken)}
        self._loud.update(part for part in parts if self._is_loud(part))
        self._parts, self._defaults = load.parts, load.defaults
        return Changed(touched, differing, self._told(load))

    def add(self, load: Load) -> Changed:
        """Define more objects, or others in their place."""
        self._parts = None
        entries = load.definitions.entries
        differing = {ref for ref, entry in entries.items() if self._settle(ref, entry, frozenset())}
        found = (self._judged[ref].placed for ref in entries if ref in self._judged)
        return Changed(set(entries), differing, (*load.findings, *(one for own in found for one in own)))

    def remove(self, refs: Iterable[Ref]) -> set[Ref]:
        """Forget objects; returns those that were defined."""
        self._parts = None
        gone = {ref for ref in refs if self.entries.pop(ref, None) is not None}
        for ref in gone:
            self._judged.pop(ref, None)
        return gone

    def _of_parts_that_differ(
        self, load: Load
    ) -> tuple[Mapping[Ref, Entry], set[Ref], tuple[Part, ...]] | None:
        """Find the definitions in new parts, and all that these or the parts that are gone concern.

        None when other parts have a say about some of that.
        """
        if self._parts is None or self._defaults != load.defaults:
            return None
        gone, new, is_in_place = _in_place(self._parts, load.parts) or _anywhere(self._parts, load.parts)
        old = {entry.ref for part in gone for entry in part.entries}
        listed = [entry for part in new for entry in part.entries]
        entries = {entry.ref: entry for entry in listed}
        touched = old | entries.keys() | self._kept
        arriving = entries.keys() - old
        if (
            len(entries) != len(listed)
            or not touched.isdisjoint(self._several)
            or any(entry.ref in touched for entry in load.defaults)
            or any(
                ref in self._refused or (ref in self.entries and ref not in self._kept) for ref in arriving
            )
            or (self._several and not is_in_place)
        ):
            return None
        self._loud.difference_update(gone)
        return entries, touched, new

    def _of_all(self, load: Load) -> tuple[Mapping[Ref, Entry], set[Ref], tuple[Part, ...]]:
        """Find all definitions, and all that these and earlier ones concern."""
        entries, self._several = load.definitions
        self._loud.clear()
        return entries, self.entries.keys() | entries.keys(), load.parts

    def _broken(self, load: Load, new: Iterable[Part]) -> frozenset[str]:
        """Name what cannot be read; parts that cannot are loud or new."""
        return load.unread_names.union(part.file for part in (*self._loud, *new) if part.is_broken)

    def _settle(self, ref: Ref, entry: Entry | None, broken: frozenset[str]) -> bool:
        """Take over what is said about an object now; tells whether the object that counts is another one."""
        before = self.entries.get(ref)
        self._kept.discard(ref)
        self._refused.discard(ref)
        if entry is not None:
            if entry.object is not None and not _has_error(self._vet(entry)):
                self.entries[ref] = entry
                return before is None or _differ(before, entry)
            if entry.object is None and ref in self._judged:
                self._judged[ref] = Judged(entry, (), ())
            self._refused.add(ref)
        elif before is not None and _is_broken(before.origin.file, broken):
            self._kept.add(ref)
        else:
            self.entries.pop(ref, None)
            self._judged.pop(ref, None)
        return False

    def _vet(self, entry: Entry) -> tuple[Finding, ...]:
        """Judge an object on its own, once as long as it stays the same."""
        assert entry.object is not None
        known, before = self._judged.get(entry.ref), self.entries.get(entry.ref)
        if known is None and before is not None and before.object is entry.object:
            return NOTHING
        if known is not None and known.entry.object is entry.object:
            found = known.findings
        else:
            own = self._check(entry.object) if self._check is not None else ()
            found = (*own, *complete(entry.object).findings)
        if not found:
            self._judged.pop(entry.ref, None)
        elif known is None or known.entry is not entry:
            self._judged[entry.ref] = Judged(entry, found, tuple(at(one, entry) for one in found))
        return found

    def _is_loud(self, part: Part) -> bool:
        for item in part.items:
            if isinstance(item, Finding) or item.ref in self._judged or item.ref in self._several:
                return True
        return False

    def _told(self, load: Load) -> tuple[Finding, ...]:
        """Say what is wrong with the texts and with each object, in the order of the texts."""
        if not (self._loud or load.unread or load.defaults):
            return NOTHING
        loud = tuple(filter(self._loud.__contains__, load.parts)) if self._loud else ()
        entries = (*load.defaults, *(entry for part in loud for entry in part.entries))
        return (*load.unread, *told(loud, self._several), *self._of_objects(entries))

    def _of_objects(self, entries: Iterable[Entry]) -> Iterator[Finding]:
        for entry in entries:
            judged = self._judged.get(entry.ref)
            if judged is not None and judged.entry is entry:
                yield from judged.placed


def _in_place(before: tuple[Part, ...], after: tuple[Part, ...]) -> Difference | None:
    """Compare parts whose files are the same, in the same order; None when they are not."""
    if len(before) != len(after):
        return None
    places = list(compress(range(len(after)), map(is_not, before, after)))
    gone, new = tuple(before[place] for place in places), tuple(after[place] for place in places)
    are_same = all(old.file == one.file for old, one in zip(gone, new, strict=True))
    return Difference(gone, new, is_in_place=True) if are_same else None


def _anywhere(before: tuple[Part, ...], after: tuple[Part, ...]) -> Difference:
    """Compare parts when files have come, gone or moved."""
    there, here = frozenset(before), frozenset(after)
    gone, new = filterfalse(here.__contains__, before), filterfalse(there.__contains__, after)
    return Difference(tuple(gone), tuple(new), is_in_place=False)


def _is_broken(file: str, broken: frozenset[str]) -> bool:
    """Tell whether a file, or a directory above it that was named to be read, cannot be read now."""
    return file in broken or (
        bool(broken) and any(str(parent) in broken for parent in PurePath(file).parents)
    )


def _differ(before: Entry, after: Entry) -> bool:
    return before.object is not after.object and before.object != after.object


def _has_error(findings: Iterable[Finding]) -> bool:
    return any(finding.level is Level.ERROR for finding in findings)


def at(finding: Finding, entry: Entry | None) -> Finding:
    """Fill in where a finding's field is written."""
    if finding.where is not None or entry is None or finding.ref != entry.ref:
        return finding
    return replace(finding, where=entry.origin.position(finding.path))
