"""A demand-driven query database in the manner of Salsa.

*Facts* are set from outside; *queries* are pure functions of the database and small hashable arguments. The database
records what each query reads, so that after a change only the answers that could differ are computed again, and an
answer equal to the last one stops the wave.
"""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Cell:
    """One fact (an input, fn is None) or one memoised answer (a query, fn and args)."""

    __slots__ = ("args", "changed_at", "checked_at", "deps", "fn", "value")

    def __init__(self, fn: Callable[..., Any] | None, args: tuple[Any, ...]) -> None:
        self.fn, self.args = fn, args
        self.value: Any = None
        self.deps: tuple[Cell, ...] = ()
        self.changed_at = self.checked_at = 0  # revisions; 0 = never


class Database:
    """Facts and memoised answers."""

    def __init__(self) -> None:
        self.revision = 1
        self.cells: dict[Hashable, Cell] = {}
        self.reading: list[dict[Cell, None]] = []  # what each running query has read

    def set(self, fact: Hashable, value: object) -> None:
        """Set a fact; the only way in."""
        cell = self.cells.setdefault(fact, Cell(None, ()))
        if cell.value != value:
            self.revision += 1
            cell.value, cell.changed_at = value, self.revision

    def read(self, key: Hashable, fn: Callable[..., Any] | None = None, args: tuple[Any, ...] = ()) -> Any:
        """Read a fact or ask a query, recording the dependency."""
        cell = self.cells.get(key)
        if cell is None:  # an absent fact is a dependency too
            cell = self.cells[key] = Cell(fn, args)
        if self.reading:
            self.reading[-1][cell] = None
        if fn is not None and cell.checked_at != self.revision:
            self._refresh(cell)
        return cell.value

    def _refresh(self, cell: Cell) -> None:
        assert cell.fn is not None
        if not cell.checked_at or self._stale(cell):
            self.reading.append({})
            try:
                value = cell.fn(self, *cell.args)
            finally:
                deps = self.reading.pop()
            cell.deps = tuple(deps)
            if not cell.changed_at or value != cell.value:  # an equal answer stops the wave here
                cell.value, cell.changed_at = value, self.revision
        cell.checked_at = self.revision

    def _stale(self, cell: Cell) -> bool:
        for dep in cell.deps:  # in the order they were read
            if dep.fn is not None and dep.checked_at != self.revision:
                self._refresh(dep)
            if dep.changed_at > cell.checked_at:
                return True
        return False


def query(fn: Callable[Concatenate[Database, P], T]) -> Callable[Concatenate[Database, P], T]:
    """Make a pure function of a database a memoised query."""

    @wraps(fn)
    def ask(db: Database, /, *args: P.args, **_: P.kwargs) -> T:
        answer: T = db.read((fn, args), fn, args)
        return answer

    return ask
