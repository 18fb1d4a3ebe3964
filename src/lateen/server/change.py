"""What a change of the objects would come to, before it is made: all of it, or why not."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from lateen.analyze.findings import findings_of
from lateen.api import facts
from lateen.api.finding import Finding, Level
from lateen.api.meta import Object, Ref
from lateen.engine import Database
from lateen.sources.completion import complete
from lateen.sources.definitions import Check
from lateen.sources.load import Entry, Load
from lateen.sources.origin import locate
from lateen.sources.store import Applied

CREATED, CONFIGURED, UNCHANGED, DELETED = "created", "configured", "unchanged", "deleted"
REVERTED = "reverted"
"""What a file says about the object is in force again."""


class Outcome(msgspec.Struct, frozen=True):
    """What a change came to, or would."""

    applied: bool
    results: tuple[tuple[Ref, str], ...] = ()
    """Each object with what became of it; empty when nothing was changed."""
    findings: tuple[Finding, ...] = ()


def is_error(finding: Finding) -> bool:
    """Tell whether a finding is more than a warning."""
    return finding.level is Level.ERROR


def judged(load: Load, check: Check | None) -> tuple[Finding, ...]:
    """Return what is wrong with each object of a load on its own."""
    found = list(load.findings)
    for entry in load.entries:
        if entry.object is not None:
            own = (*(check(entry.object) if check else ()), *complete(entry.object).findings)
            found += [_at(finding, entry) for finding in own]
    return tuple(found)


def foreseen(db: Database, load: Load) -> tuple[Finding, ...]:
    """Return what the objects of a load would name that is not there, were they put in force."""
    fork = db.fork()
    objects = [
        made for entry in load.entries if entry.object is not None for made in complete(entry.object).objects
    ]
    facts.update(fork, objects)
    entries = {entry.ref: entry for entry in load.entries if entry.object is not None}
    return tuple(_at(finding, entries[ref]) for ref in entries for finding in findings_of(fork, ref))


def results(load: Load, applied: Applied, there: frozenset[Ref]) -> tuple[tuple[Ref, str], ...]:
    """Name what became of each object of a load that was put in force."""
    changed = frozenset(applied.changed)
    return tuple((entry.ref, _word(entry.ref in changed, entry.ref in there)) for entry in load.entries)


def expected(load: Load, defined: Iterable[Object[Any]]) -> tuple[tuple[Ref, str], ...]:
    """Name what would become of each object of a load."""
    now = {obj.ref: obj for obj in defined}
    return tuple((one.ref, _word(now.get(one.ref) != one.object, one.ref in now)) for one in load.entries)


def located(db: Database, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Fill in where the findings' fields are written."""
    return tuple(locate(db, finding) for finding in findings)


def unique(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Say nothing twice; the order stays."""
    return tuple(dict.fromkeys(findings))


def _word(changed: object, there: object) -> str:
    if not there:
        return CREATED
    return CONFIGURED if changed else UNCHANGED


def _at(finding: Finding, entry: Entry) -> Finding:
    if finding.where is not None:
        return finding
    return replace(finding, where=entry.origin.position(finding.path))
