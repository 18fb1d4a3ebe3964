"""Brings what sources say into the query database: vetted, completed, and all at once.

The rules:

- an object with an error does not replace its last good version, which stays in force;
- a file that cannot be read keeps what it last defined, and so does a directory that is gone;
- of an object that two sources define, the version that was written last is in force: what the API says about an object
  of the files holds until that object changes in its file. Deleting through the API uncovers the file's version;
- the API cannot delete what only the files define.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from lateen.api import codes, facts
from lateen.api.finding import Finding, Level
from lateen.api.meta import Object, Ref
from lateen.engine.database import Database
from lateen.sources import origin as origins
from lateen.sources.admission import Admission
from lateen.sources.definitions import Check, Source, at
from lateen.sources.load import Entry, Load

FILES = "files"
"""Objects of files that are watched."""
API = "api"
"""Objects applied while running."""


class Applied(Struct, frozen=True, gc=False):
    """What a change came to."""

    changed: tuple[Ref, ...] = ()
    """Objects that are new or different now, also those that were made from others; sorted."""
    removed: tuple[Ref, ...] = ()
    """Objects that are gone; sorted."""
    findings: tuple[Finding, ...] = ()
    """Of the texts, of each object, of the set; with positions where known."""


class Held:
    """The objects of all sources, by precedence, and what is in force of them; knows where they are written.

    A fact holds this and not the store, which holds the database: of a circle the memory would not be free at once.
    """

    def __init__(self, check: Check | None) -> None:
        """Judge each object by `check`."""
        self.sources = {name: Source(check) for name in (API, FILES)}
        self.admission = Admission()

    def entry(self, ref: Ref | None) -> Entry | None:
        """Return the definition that counts."""
        if ref is None:
            return None
        for source in self.sources.values():
            if ref in source.entries:
                return source.entries[ref]
        return None

    def origin(self, ref: Ref) -> origins.Origin | None:
        """Say where an object in force is written, or what it is made of."""
        entry = self.entry(self.admission.maker(ref))
        return None if entry is None else entry.origin


class Store:
    """The objects of all sources, and the only one that writes them into the database."""

    def __init__(self, db: Database, check: Check | None = None) -> None:
        """Write into a database; `check` judges each object before it is accepted."""
        self.db = db
        held = Held(check)
        self._sources, self._admission, self._entry = held.sources, held.admission, held.entry
        db.set(origins.PLACES, held)

    def replace(self, source: str, load: Load) -> Applied:
        """Make a source's objects exactly these: what it defined before and does not any more is removed."""
        touched, differing, findings = self._sources[source].replace(load)
        if source == FILES:  # what the API said about objects that have now changed in their files is over
            touched |= self._sources[API].remove(differing)
        return self._commit(touched, findings)

    def add(self, source: str, load: Load) -> Applied:
        """Add objects to a source, or replace them there."""
        touched, _, findings = self._sources[source].add(load)
        return self._commit(touched, findings)

    def remove(self, source: str, refs: Iterable[Ref]) -> Applied:
        """Remove objects from a source."""
        wanted = list(refs)
        foreign = self._foreign(source, wanted)
        own = self._sources[source].entries
        unknown = tuple(
            Finding(codes.OWNED, Level.ERROR, ref, "", "there is no such object")
            for ref in sorted({ref for ref in wanted if ref not in own and ref not in foreign})
        )
        gone = self._sources[source].remove(ref for ref in wanted if ref not in foreign)
        return self._commit(gone, (*foreign.values(), *unknown))

    def defined(self, source: str) -> tuple[Object[Any], ...]:
        """List a source's objects in force, as given and not yet completed, sorted."""
        entries = self._sources[source].entries
        return tuple(obj for ref in sorted(entries) if (obj := entries[ref].object) is not None)

    def owner(self, ref: Ref) -> str | None:
        """Say which source an object in force comes from; None when there is no such object."""
        maker = self._admission.maker(ref)
        return next((name for name, source in self._sources.items() if maker in source.entries), None)

    def _foreign(self, source: str, refs: Iterable[Ref]) -> dict[Ref, Finding]:
        """Find the refs that only the files define, each with the finding that says so."""
        files = self._sources[FILES].entries
        own = self._sources[source].entries
        return {ref: _owned(ref, files[ref]) for ref in refs if ref in files and ref not in own}

    def _commit(self, touched: Iterable[Ref], findings: tuple[Finding, ...]) -> Applied:
        """Complete the objects that may be others now, and write those that are."""
        given = {ref: None if (entry := self._entry(ref)) is None else entry.object for ref in touched}
        before = self._admission.amend(given)
        objects = self._admission.objects
        changed = {
            ref: obj
            for ref, old in before.items()
            if (obj := objects.get(ref)) is not None and old is not obj and old != obj
        }
        removed = [ref for ref, old in before.items() if old is not None and ref not in objects]
        facts.write(self.db, changed, removed)
        told = {(finding.code, finding.ref, finding.message) for finding in findings}
        more = (
            found for found in self._admission.findings if (found.code, found.ref, found.message) not in told
        )
        return Applied(
            tuple(sorted(changed)),
            tuple(sorted(removed)),
            (*findings, *(at(found, self._entry(found.ref)) for found in more)),
        )


def _owned(ref: Ref, entry: Entry) -> Finding:
    place = entry.origin.position("")
    return Finding(
        codes.OWNED,
        Level.ERROR,
        ref,
        "",
        f"the object is defined in {place.file}",
        f"edit it there ({place})",
        None,
    )
