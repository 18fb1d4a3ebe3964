"""What the database is made of: cells, and the two ways in which a query fails."""

from collections.abc import Callable, Hashable, Sequence
from types import TracebackType
from typing import Any


class Cell:
    """One fact (an input, `fn` is None) or one memoised answer (of a query `fn` for `args`).

    Attributes:
        key: the fact itself, or `(fn, args)`.
        deps: what the answer read, in the order it was first read.
        changed_at: the revision in which the value last became a different one; 0 = never had one.
        checked_at: the revision in which the answer was last known to hold; 0 = never.
        active: it is being checked or computed just now.
        asked, runs: how often it was asked for, and how often that meant to run the query.
    """

    __slots__ = ("active", "args", "asked", "changed_at", "checked_at", "deps", "fn", "key", "runs", "value")

    def __init__(
        self, key: Hashable, fn: Callable[..., Any] | None = None, args: tuple[Any, ...] = ()
    ) -> None:
        self.key, self.fn, self.args = key, fn, args
        self.value: Any = None
        self.deps: tuple[Cell, ...] = ()
        self.changed_at = self.checked_at = 0
        self.asked = self.runs = 0
        self.active = False

    def __str__(self) -> str:
        if self.fn is None:
            return repr(self.key)
        return f"{self.fn.__qualname__}({', '.join(map(repr, self.args))})"


class CycleError(Exception):
    """A query depends on itself. `path` names the queries on the circle, each once, in the order they ask."""

    def __init__(self, circle: Sequence[Cell]) -> None:
        names = [str(cell) for cell in circle]
        first = names.index(min(names))  # the same words wherever the circle was entered
        self.path: tuple[str, ...] = (*names[first:], *names[:first])
        super().__init__(" → ".join((*self.path, self.path[0])))


class Crash:
    """The answer of a query that raised. Equal crashes are equal answers."""

    __slots__ = ("error", "traceback")

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.traceback: TracebackType | None = error.__traceback__

    def again(self) -> Exception:
        """Return the error to raise; its traceback does not grow from one asking to the next."""
        return self.error.with_traceback(self.traceback)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Crash):
            return NotImplemented
        return type(self.error) is type(other.error) and self.error.args == other.error.args

    __hash__ = None  # type: ignore[assignment]
