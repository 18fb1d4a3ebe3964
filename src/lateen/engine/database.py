"""A demand-driven query database in the manner of Salsa.

*Facts* are set from outside; *queries* are pure functions of the database and small hashable arguments. The database
records what each query reads, so that after a change only the answers that could differ are computed again, and an
answer equal to the last one stops the wave.

How an answer is found, in order:

1. It was already checked in this revision: it is returned as it is (the *hit*, about 0.15 µs).
2. Otherwise what it read is checked, in the order it was read. If nothing of that changed since, it still holds.
3. Otherwise the query runs. An answer equal to the old one keeps the old date, so that nothing above it runs.

A query that raises is remembered as a *crash* with what it had read, and raises the same again until that changes.
A query that comes to depend on itself is a crash too, for every query on the circle, and the error names the path.

Two arguments, or two values of a fact, that compare equal are the same to the database: `1`, `1.0` and `True` are one.
"""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

from lateen.engine.cell import Cell, Crash, CycleError

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """Facts and memoised answers. For one thread.

    Attributes:
        revision: grows by one whenever a fact takes a different value.
        cells: every fact by its key, every answer by `(function, arguments)`. For this package's eyes.
    """

    def __init__(self) -> None:
        self.revision = 1
        self.cells: dict[Hashable, Cell] = {}
        self._reading: list[dict[Cell, None]] = []  # what each running query has read
        self._active: list[Cell] = []  # the answers being checked or computed, outermost first
        self._circular: dict[Cell, CycleError] = {}  # those of them that turned out to depend on themselves

    def set(self, fact: Hashable, value: object) -> None:
        """Set a fact; the only way in. None deletes it.

        Raises:
            RuntimeError: a query tried to set a fact.
        """
        if self._active:
            raise RuntimeError(f"{self._active[-1]} is a query and must not set {fact!r}")
        cell = self.cells.get(fact)
        if cell is None:
            if value is None:
                return
            cell = self.cells[fact] = Cell(fact)
        if cell.value != value:
            self.revision += 1
            cell.value, cell.changed_at = value, self.revision

    def read(self, fact: Hashable) -> Any:
        """Return a fact's value, or None when it was never set; recorded as read by the running query."""
        cell = self.cells.get(fact)
        if cell is None:  # an absent fact is a dependency too
            cell = self.cells[fact] = Cell(fact)
        if self._reading:
            self._reading[-1][cell] = None
        return cell.value

    def fork(self) -> Self:
        """Return another database with the same facts, for a what-if; answers are computed anew in it.

        The values are shared, which is safe because facts are immutable.
        """
        other = type(self)()
        for cell in self.cells.values():
            if cell.fn is None and cell.value is not None:
                other.set(cell.key, cell.value)
        return other

    def sweep(self, before: int) -> int:
        """Forget answers last asked for before a revision, and deleted facts that no answer reads.

        Returns:
            How many of both were forgotten.
        """
        assert not self._active, "sweeping while a query runs"
        # What an answer read was checked no earlier than the answer, so no answer kept here loses what it read.
        kept = [cell for cell in self.cells.values() if cell.fn is not None and cell.checked_at >= before]
        read = {dep for cell in kept for dep in cell.deps}
        facts = [c for c in self.cells.values() if c.fn is None and (c.value is not None or c in read)]
        forgotten = len(self.cells) - len(kept) - len(facts)
        if forgotten:
            self.cells = {cell.key: cell for cell in (*facts, *kept)}
        return forgotten

    def ask(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Return a query's answer, recorded as read by the running query; `@query` calls this."""
        key = (fn, args)
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell(key, fn, args)
        if self._reading:
            self._reading[-1][cell] = None
        cell.asked += 1
        if cell.checked_at != self.revision:
            self._refresh(cell)
        value = cell.value
        if value.__class__ is Crash:
            raise value.again()
        return value

    def _refresh(self, cell: Cell) -> None:
        """Bring an answer up to date."""
        if cell.active:
            raise self._cycle(cell)
        cell.active = True
        self._active.append(cell)
        try:
            if not cell.checked_at or self._stale(cell):
                self._run(cell)
        finally:
            self._active.pop()
            cell.active = False
            self._circular.pop(cell, None)
        cell.checked_at = self.revision

    def _stale(self, cell: Cell) -> bool:
        """Tell whether anything that the answer read has changed since it was last checked."""
        for dep in cell.deps:  # in the order they were read
            if dep.active:
                return True  # a circle; running the query again says which
            if dep.fn is not None and dep.checked_at != self.revision:
                self._refresh(dep)
            if dep.changed_at > cell.checked_at:
                return True
        return False

    def _run(self, cell: Cell) -> None:
        assert cell.fn is not None
        cell.runs += 1
        self._reading.append({})
        try:
            value = cell.fn(self, *cell.args)
        except (RecursionError, MemoryError):
            raise  # says something about the machine, not about the facts
        except Exception as error:  # noqa: BLE001  any crash is an answer
            value = Crash(error)
        finally:
            deps = self._reading.pop()
        # Even when the query caught the error: else the answer would depend on who was asked first.
        if cell in self._circular:
            value = Crash(self._circular[cell])
        cell.deps = tuple(deps)
        if not cell.changed_at or value != cell.value:  # an equal answer stops the wave here
            cell.value, cell.changed_at = value, self.revision

    def _cycle(self, cell: Cell) -> CycleError:
        circle = self._active[self._active.index(cell) :]
        error = CycleError(circle)
        for member in circle:
            self._circular.setdefault(member, error)
        return error


def query(fn: Callable[Concatenate[Database, P], T]) -> Callable[Concatenate[Database, P], T]:
    """Make a pure function of a database a memoised query, asked by position: `services(db, view)`."""

    @wraps(fn)
    def ask(db: Database, /, *args: P.args, **_: P.kwargs) -> T:
        return cast("T", db.ask(fn, args))

    return ask
