"""A demand-driven query database in the manner of Salsa.

*Facts* are set from outside; *queries* are pure functions of the database and small hashable arguments. The database
records what each query reads, so that after a change only the answers that could differ are computed again, and an
answer equal to the last one stops the wave.

How an answer is found, in order:

1. No change since has reached it (see `wave`): it is returned as it is (the *hit*, about 0.15 µs).
2. Otherwise what it read is checked, in the order it was read. If nothing of that changed since, it still holds.
3. Otherwise the query runs. An answer equal to the old one keeps the old date, so that nothing above it runs.

A query that raises is remembered as a *crash* with what it had read, and raises the same again until that changes.
A query that comes to depend on itself is a crash too, for every query on the circle, and the error names the path.

Two arguments, or two values of a fact, that compare equal are the same to the database: `1`, `1.0` and `True` are one.
"""

import gc
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

from lateen.engine.cell import Cell, Crash, CycleError, Deferred, Entry
from lateen.engine.wave import Wave, link

P = ParamSpec("P")
T = TypeVar("T")
Args = tuple[Any, ...]


class Database:
    """Facts and memoised answers; iterating gives every cell. For one thread.

    Attributes:
        revision: grows by one whenever a fact takes a different value.
        answers: the memoised answers of each query, by its arguments.
        reading: what the running query has read; None when none runs.
        quick: `reading`, while every answer that is fresh may be returned without a further look; else None.
    """

    def __init__(self) -> None:
        self.revision = 1
        self._facts: dict[Hashable, Cell] = {}
        self.answers: defaultdict[Callable[..., Any], dict[Args, Cell]] = defaultdict(dict)
        self.reading: dict[Cell, None] | None = None
        self.quick: dict[Cell, None] | None = None
        self._active: list[Cell] = []  # the answers being checked or computed, outermost first
        self._circular: dict[Cell, CycleError] = {}  # those of them that turned out to depend on themselves
        self._asked: dict[Cell, int] = {}  # when something outside last asked for an answer
        self._changed: list[Cell] = []  # facts whose readers are not marked yet
        self._wave = Wave()

    def __iter__(self) -> Iterator[Cell]:
        yield from self._facts.values()
        for answers in self.answers.values():
            yield from answers.values()

    def __del__(self) -> None:
        """Undo the circles of cells and their readers, so that the memory is free at once: looking for circles costs more.

        Not while nobody looks for them: then the process is about to end, and taking everything apart is in vain.
        """
        if gc.isenabled():
            for cell in self:
                cell.readers = None

    def __len__(self) -> int:
        return len(self._facts) + sum(map(len, self.answers.values()))

    def set(self, fact: Hashable, value: object) -> None:
        """Set a fact; the only way in. None deletes it.

        Raises:
            RuntimeError: a query tried to set a fact.
        """
        if self._active:
            raise RuntimeError(f"{self._active[-1]} is a query and must not set {fact!r}")
        cell = self._facts.get(fact)
        if cell is None:
            if value is None:
                return
            cell = self._facts[fact] = Cell(None, fact)
        if cell.value != value:
            self.revision += 1
            cell.value, cell.changed_at = value, self.revision
            self._changed.append(cell)

    def read(self, fact: Hashable) -> Any:
        """Return a fact's value, or None when it was never set; recorded as read by the running query."""
        cell = self._facts.get(fact)
        if cell is None:  # an absent fact is a dependency too
            cell = self._facts[fact] = Cell(None, fact)
        if self.reading is not None:
            self.reading[cell] = None
        return cell.value

    def find(self, key: Hashable) -> Cell | None:
        """Return the cell of a fact."""
        return self._facts.get(key)

    def facts(self) -> Collection[Cell]:
        """Return the cells of all facts, also of those that were deleted or only read."""
        return self._facts.values()

    def fork(self) -> Self:
        """Return another database with the same facts, for a what-if; answers are computed anew in it.

        The values are shared, which is safe because facts are immutable.
        """
        other = type(self)()
        for cell in self._facts.values():
            if cell.value is not None:
                other.set(cell.args, cell.value)
        return other

    def sweep(self, before: int) -> int:
        """Forget answers that nobody needed since a revision, and deleted facts that no answer reads.

        Needed is what was asked for from outside, and all that it read.

        Returns:
            How many of both were forgotten.
        """
        assert not self._active, "sweeping while a query runs"
        count = len(self)
        self._asked = {cell: asked for cell, asked in self._asked.items() if asked >= before}
        kept = _with_all_read(self._asked)
        facts = [cell for cell in self._facts.values() if cell.value is not None or cell in kept]
        self._facts = {cell.args: cell for cell in facts}
        for fn, answers in self.answers.items():
            self.answers[fn] = {args: cell for args, cell in answers.items() if cell in kept}
        for cell in self:
            cell.readers = None
        for cell in self:
            for dep in cell.deps:
                dep.add_reader(cell)
        return count - len(self)

    def ask(self, cell: Cell) -> Any:
        """Return an answer, recorded as read by the running query; `@query` calls this."""
        if self.reading is not None:
            self.reading[cell] = None
        else:
            self._asked[cell] = self.revision
            if self._changed:
                self.settle()
        wave = self._wave
        if wave.floor is not None and cell.height > wave.floor:
            wave.flood()
        if not cell.fresh:
            self._refresh(cell)
        value = cell.value
        if value.__class__ is Crash:
            raise value.again()
        return value

    def cell(self, fn: Callable[..., Any], args: Args) -> Cell:
        """Return the cell of an answer that was asked for before."""
        return self.answers[fn][args]

    def settle(self) -> None:
        """Mark the answers that the changed facts may reach; all others are fresh then."""
        changed, self._changed = self._changed, []
        try:
            for fact in changed:
                self._wave.mark(fact)
            while hub := self._wave.next_hub():
                self._refresh(hub)
        finally:
            self._wave.flood()  # of use only when something other than an answer ended this

    def _refresh(self, cell: Cell) -> None:
        """Bring an answer up to date."""
        if cell.active:
            raise self._cycle(cell)
        before, settled = cell.changed_at, False
        cell.active = True
        self._active.append(cell)
        try:
            settled = self._run(cell) if not cell.checked_at or self._stale(cell) else True
        finally:
            self._active.pop()
            cell.active = False
            if self._circular:
                self._circular.pop(cell, None)
            cell.fresh = settled
            cell.checked_at = self.revision if settled else 0
            if self._wave.held:
                self._wave.release(cell, differs=not settled or cell.changed_at != before)
            if not settled:
                self._wave.flood(cell)

    def _stale(self, cell: Cell) -> bool:
        """Tell whether anything that the answer read has changed since it was last checked."""
        for dep in cell.deps:  # in the order they were read
            if dep.active:
                return True  # a circle; running the query again says which
            if not dep.fresh:
                self._refresh(dep)
            if dep.changed_at > cell.checked_at or not dep.fresh:
                return True
        return False

    def _run(self, cell: Cell) -> bool:
        """Compute an answer, and tell whether all that it read was known for good."""
        cell.runs += 1
        outer = (self.reading, self.quick)
        deps: dict[Cell, None] = {}  # `dict[…]()` takes ten times as long
        self.reading, self.quick = deps, deps if self._wave.floor is None else None
        try:
            value = cell.fn(self, *cell.args)  # type: ignore[misc]  # only facts have none
        except (RecursionError, MemoryError):
            raise  # says something about the machine, not about the facts
        except Exception as error:  # noqa: BLE001  any crash is an answer
            value = Crash(error)
        finally:
            self.reading, self.quick = outer
        # Even when the query caught the error: else the answer would depend on who was asked first.
        if self._circular and cell in self._circular:
            value = Crash(self._circular[cell])
        if not cell.changed_at or value != cell.value:  # an equal answer stops the wave here
            cell.value, cell.changed_at = value, self.revision
        return link(cell, tuple(deps))

    def _cycle(self, cell: Cell) -> CycleError:
        circle = self._active[self._active.index(cell) :]
        error = CycleError(circle)
        for member in circle:
            self._circular.setdefault(member, error)
        return error


def query(fn: Callable[Concatenate[Database, P], T]) -> Callable[Concatenate[Database, P], T]:
    """Make a pure function of a database a memoised query, asked by position: `services(db, view)`."""
    return _query(fn, Cell)


def _query(
    fn: Callable[Concatenate[Database, P], T], kind: type[Cell]
) -> Callable[Concatenate[Database, P], T]:
    @wraps(fn)
    def ask(db: Database, /, *args: Any) -> T:
        answers = db.answers[fn]
        cell = answers.get(args)
        if cell is None:
            cell = answers[args] = kind(fn, args)
        elif cell.fresh and cell.value.__class__ is not Crash and (quick := db.quick) is not None:
            quick[cell] = None  # `Database.ask` in short: most askings end here
            return cell.value  # type: ignore[no-any-return]
        return db.ask(cell)  # type: ignore[no-any-return]

    return cast(
        "Callable[Concatenate[Database, P], T]", ask
    )  # without keywords, which cost a dictionary each time


def deferred(fn: Callable[Concatenate[Database, P], T]) -> Callable[Concatenate[Database, P], T]:
    """Make a function a query that is never computed before it is asked for, as `query` ones that many read may be.

    For what stands above all that is urgent: no `query` reads it.
    """
    return _query(fn, Deferred)


def entry_of(
    index: Callable[..., Mapping[Any, Any]],
) -> Callable[[Callable[Concatenate[Database, P], T]], Callable[Concatenate[Database, P], T]]:
    """Make a function that looks its last argument up in a query's mapping (`.get(key)`) a query of its own.

    It is the firewall in front of an index: when that changes, only the look-ups that find something else do, at the
    cost of a comparison each.

    Args:
        index: the query, whose arguments are all but the last of the function's.
    """

    def make(fn: Callable[Concatenate[Database, P], T]) -> Callable[Concatenate[Database, P], T]:
        assert hasattr(index, "__wrapped__"), f"{index} is not a query"
        return _query(fn, Entry)

    return make


def _with_all_read(asked: dict[Cell, int]) -> set[Cell]:
    found = set(asked)
    waiting = [*asked]
    while waiting:
        for dep in waiting.pop().deps:
            if dep not in found:
                found.add(dep)
                waiting.append(dep)
    return found
