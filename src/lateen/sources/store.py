"""Brings what sources say into the query database: vetted, completed, and all at once.

The rules:

- an object with an error does not replace its last good version, which stays in force;
- a file that cannot be read keeps what it last defined, and so does a directory that is gone;
- of an object that two sources define, the version that was written last is in force: what the API says about an object
  of the files holds until that object changes in its file. Deleting through the API uncovers the file's version;
- the API cannot delete what only the files define.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lateen.api import codes, facts
from lateen.api.finding import Finding, Level
from lateen.api.meta import Object, Ref
from lateen.engine.database import Database
from lateen.sources import origin as origins
from lateen.sources.admission import Admission, Admitted, complete
from lateen.sources.documents import Entry, Load

FILES = "files"
"""Objects of files that are watched."""
API = "api"
"""Objects applied while running."""

Check = Callable[[Object[Any]], tuple[Finding, ...]]


class Applied(Struct, frozen=True, gc=False):
    """What a change came to."""

    changed: tuple[Ref, ...] = ()
    """Objects that are new or different now, also those that were made from others; sorted."""
    removed: tuple[Ref, ...] = ()
    """Objects that are gone; sorted."""
    findings: tuple[Finding, ...] = ()
    """Of the texts, of each object, of the set; with positions where known."""


class Store:
    """The objects of all sources, and the only one that writes them into the database."""

    def __init__(self, db: Database, check: Check | None = None, *, observed: bool = False) -> None:
        """Write into a database; `check` judges each object before it is accepted.

        With `observed`, pods are not assumed to run: they are wanted, and whoever runs them reports (`observe`).
        """
        self.db = db
        self.wanted_pods: tuple[Object[Any], ...] = ()
        """With `observed`: the pods that should run, sorted; given as files and Deployments say, without a status."""
        self._check = check
        self._observed = observed
        self._entries: dict[str, dict[Ref, Entry]] = {FILES: {}, API: {}}
        self._vetted: dict[str, dict[Ref, tuple[Object[Any], tuple[Finding, ...]]]] = {FILES: {}, API: {}}
        self._origins: dict[Ref, origins.Origin] = {}
        self._admission = Admission()
        self._admitted = Admitted({}, {}, {})

    def replace(self, source: str, load: Load) -> Applied:
        """Make a source's objects exactly these: what it defined before and does not any more is removed."""
        before = self._entries[source]
        after, findings = self._accept(source, load)
        for ref, entry in before.items():
            if ref not in after and _is_broken(entry.origin.file, load.broken):
                after[ref] = entry
        self._overrule(source, {ref for ref, entry in after.items() if not _same(before.get(ref), entry)})
        return self._commit(source, after, findings)

    def add(self, source: str, load: Load) -> Applied:
        """Add objects to a source, or replace them there."""
        after, findings = self._accept(source, load)
        return self._commit(source, self._entries[source] | after, findings)

    def remove(self, source: str, refs: Iterable[Ref]) -> Applied:
        """Remove objects from a source."""
        wanted = list(refs)
        foreign = self._foreign(source, wanted)
        before = self._entries[source]
        gone = set(wanted) - set(foreign)
        unknown = tuple(
            Finding(codes.OWNED, Level.ERROR, ref, "", "there is no such object")
            for ref in sorted(gone - set(before))
        )
        after = {ref: entry for ref, entry in before.items() if ref not in gone}
        return self._commit(source, after, (*foreign.values(), *unknown))

    def defined(self, source: str) -> tuple[Object[Any], ...]:
        """List a source's objects in force, as given and not yet completed, sorted."""
        entries = self._entries[source]
        return tuple(obj for ref in sorted(entries) if (obj := entries[ref].object) is not None)

    def owner(self, ref: Ref) -> str | None:
        """Say which source an object in force comes from; None when there is no such object."""
        maker = self._admitted.makers.get(ref)
        return next((source for source in (API, FILES) if maker in self._entries[source]), None)

    def _foreign(self, source: str, refs: Iterable[Ref]) -> dict[Ref, Finding]:
        """Find the refs that only the files define, each with the finding that says so."""
        files = self._entries[FILES]
        own = self._entries[source]
        return {ref: _owned(ref, files[ref]) for ref in refs if ref in files and ref not in own}

    def _overrule(self, source: str, refs: set[Ref]) -> None:
        """Take back what the API said about objects that have now changed in their files."""
        if source == FILES:
            self._entries[API] = {ref: entry for ref, entry in self._entries[API].items() if ref not in refs}

    def _accept(self, source: str, load: Load) -> tuple[dict[Ref, Entry], tuple[Finding, ...]]:
        before = self._entries[source]
        after: dict[Ref, Entry] = {}
        findings = list(load.findings)
        vetted = self._vetted[source]
        for entry in load.entries:
            known = vetted.get(entry.ref)
            judged = known[1] if known is not None and known[0] is entry.object else self._vet(source, entry)
            findings += [_at(finding, entry) for finding in judged] if judged else ()
            if entry.object is not None and not (judged and _has_error(judged)):
                after[entry.ref] = entry
            elif entry.ref in before:
                after[entry.ref] = before[entry.ref]
        return after, tuple(findings)

    def _vet(self, source: str, entry: Entry) -> tuple[Finding, ...]:
        """Judge an object on its own, once as long as it stays the same."""
        obj = entry.object
        if obj is None:
            return ()
        findings = (*(self._check(obj) if self._check is not None else ()), *complete(obj).findings)
        self._vetted[source][entry.ref] = (obj, findings)
        return findings

    def _commit(self, source: str, entries: dict[Ref, Entry], findings: tuple[Finding, ...]) -> Applied:
        self._entries[source] = entries
        for place, vetted in self._vetted.items():
            for ref in vetted.keys() - self._entries[place].keys():
                del vetted[ref]
        merged = self._entries[FILES] | self._entries[API]
        before = self._in_force()
        objects = {ref: entry.object for ref, entry in merged.items() if entry.object is not None}
        self._admitted = now = self._admission.admit(objects, self._admitted.addresses)
        after = self._in_force()
        changed = {
            ref: obj for ref, obj in after.items() if before.get(ref) is not obj and before.get(ref) != obj
        }
        removed = before.keys() - after.keys()
        self.wanted_pods = self._wanted()
        facts.update(self.db, changed.values(), removed)
        self._write_origins(merged, removed)
        told = {(finding.code, finding.ref, finding.message) for finding in findings}
        more = (found for found in now.findings if (found.code, found.ref, found.message) not in told)
        return Applied(
            tuple(sorted(changed)),
            tuple(sorted(removed)),
            (*findings, *(_at(found, merged.get(found.ref)) for found in more if found.ref is not None)),
        )

    def observe(self, pods: Iterable[Object[Any]] = (), removed: Iterable[Ref] = ()) -> None:
        """Take the report of whoever runs the pods: what they are now, and which are gone."""
        facts.update(self.db, pods, removed)

    def _in_force(self) -> Mapping[Ref, Object[Any]]:
        objects = self._admitted.objects
        return {ref: obj for ref, obj in objects.items() if ref.kind != "Pod"} if self._observed else objects

    def _wanted(self) -> tuple[Object[Any], ...]:
        if not self._observed:
            return ()
        pods = (obj for ref, obj in sorted(self._admitted.objects.items()) if ref.kind == "Pod")
        return tuple(replace(pod, status=None) for pod in pods)

    def _write_origins(self, merged: Mapping[Ref, Entry], removed: Iterable[Ref]) -> None:
        for ref in removed:
            self.db.set(origins.fact(ref), None)
        before, self._origins = self._origins, {}
        for ref, maker in self._admitted.makers.items():
            self._origins[ref] = origin = merged[maker].origin
            if before.get(ref) is not origin:
                self.db.set(origins.fact(ref), origin)


def _is_broken(file: str, broken: frozenset[str]) -> bool:
    """Tell whether a file, or a directory above it that was named to be read, cannot be read now."""
    return file in broken or any(str(parent) in broken for parent in PurePath(file).parents)


def _same(before: Entry | None, after: Entry) -> bool:
    return before is not None and (before.object is after.object or before.object == after.object)


def _has_error(findings: Iterable[Finding]) -> bool:
    return any(finding.level is Level.ERROR for finding in findings)


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


def _at(finding: Finding, entry: Entry | None) -> Finding:
    """Fill in where a finding's field is written."""
    if finding.where is not None or entry is None or finding.ref != entry.ref:
        return finding
    return Finding(
        finding.code,
        finding.level,
        finding.ref,
        finding.path,
        finding.message,
        finding.suggestion,
        entry.origin.position(finding.path),
    )
