"""The database of a mesh that nobody holds any more serves the next mesh, if that has most of its objects.

Tests of single rules load hundreds of small meshes that differ in an object or two. To a database that is an edit: what did
not read those objects still holds. Two things are equal to a database that a reader of its answers may tell apart, the
order of keys in a mapping and `1` and `true`. So an object stays as it is only when it is made of the very same one, which
a text that was read before gives (`documents`); and a mesh with an EnvoyFilter, whose values are of any type, has no
successor. Nor has one with Secrets, which are held no longer than they are needed.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.engine import Database
from lateen.engine.cell import Crash
from lateen.sources import origin
from lateen.sources.definitions import Check
from lateen.sources.load import Load
from lateen.sources.store import FILES, Held, Store

LIMIT = 2**12
"""Cells of the largest database that is kept: of some dozens of objects, and some megabytes."""
WITHOUT_SUCCESSOR = frozenset({"Secret", "EnvoyFilter"})
Given = Mapping[Ref, tuple[Ref, Object[Any] | None]]
"""The object as it was given that each in force is, or is made of."""


class Heritable(Database):
    """A database that stays for the next mesh when nobody holds it any more.

    Attributes:
        given: what the objects are made of, while it waits for the next mesh; None while it is in use.
    """

    given: Given | None = None

    def __del__(self, is_at_end: Callable[[], bool] = sys.is_finalizing) -> None:
        """Leave everything to another one, for the memory of this one is about to go; or let it go."""
        if self.given is None and not _waiting and not is_at_end() and (given := _heritage(self)) is not None:
            heir = Heritable()
            vars(heir).update(vars(self), given=given)
            _waiting.append(heir)
        else:
            super().__del__()


_waiting: list[Heritable] = []
"""The one that waits, if any: a list, from which one thread alone can take it."""


def in_force(load: Load, check: Check) -> tuple[Database, tuple[Finding, ...]]:
    """Put what was read in force in a database of its own, and say what is to be said about the objects."""
    heir = _successor(load)
    db = heir if heir is not None else Heritable()
    store = Store(db, check)
    found = store.replace(FILES, load).findings
    if heir is not None:
        facts.write(db, {}, [ref for ref in _refs(db) if store.owner(ref) is None])
    return db, found


def _heritage(db: Database) -> Given | None:
    """Take out of a database all but the objects; None when it is to have no successor."""
    held = _held(db)
    if held is None or len(db) > LIMIT:
        return None
    entries, admission = held.sources[FILES].entries, held.admission
    if (
        any(ref.kind in WITHOUT_SUCCESSOR for ref in entries)
        or Crash in {cell.value.__class__ for cell in db}  # which holds the database by its traceback
    ):
        return None
    makers = {ref: maker for ref in admission.objects if (maker := admission.maker(ref)) in entries}
    for key in [cell.args for cell in db.facts() if cell.value is not None]:
        if key.__class__ is not Ref and key != facts.NOW and not facts.is_index(key):
            db.set(key, None)
    return {ref: (maker, entries[maker].object) for ref, maker in makers.items()}


def _successor(load: Load) -> Database | None:
    """Return the database that waits, if most of the objects are in it, with no others left."""
    try:
        db = _waiting.pop()
    except IndexError:
        return None
    given = db.given or {}
    now = {entry.ref: entry.object for entry in load.entries}
    alike = {ref for ref, (maker, obj) in given.items() if obj is not None and now.get(maker) is obj}
    if 2 * len(alike & now.keys()) < len(now):
        return None
    for ref in _refs(db):
        if ref not in alike:
            db.set(ref, None)
    db.given = None
    return db


def _held(db: Database) -> Held | None:
    cell = db.find(origin.PLACES)
    return cell.value if cell is not None else None


def _refs(db: Database) -> list[Ref]:
    return [cell.args for cell in db.facts() if cell.args.__class__ is Ref]
