"""What the database is made of: cells, and the two ways in which a query fails."""

from collections.abc import Callable, Hashable, Sequence
from types import TracebackType
from typing import Any

FEW = 4
"""Readers up to which a tuple takes less memory than a list, which has room to grow."""
HIGHEST = 1000
"""The height from which on heights are not told apart; also that of circles, which have none."""


class Cell:
    """One fact (an input, `fn` is None) or one memoised answer (of a query `fn` for `args`).

    Attributes:
        args: the query's arguments; of a fact, its key.
        deps: what the answer read, in the order it was first read.
        readers: the answers that read this, and perhaps some that did once: none, one, a tuple of few, or a list.
        height: more than that of anything it read; 0 for facts.
        changed_at: the revision in which the value last became a different one; 0 = never had one.
        checked_at: the revision in which the answer was last known to hold; 0 = it must run again.
        fresh: nothing that it depends on has changed since it was checked.
        active: it is being checked or computed just now.
        runs: how often the query ran for it.
    """

    __slots__ = (
        "active", "args", "changed_at", "checked_at", "deps", "fn", "fresh", "height", "readers", "runs", "value",
    )  # fmt: skip

    def __init__(self, fn: Callable[..., Any] | None, args: Hashable) -> None:
        self.fn = fn
        self.args: Any = args
        self.value: Any = None
        self.deps: tuple[Cell, ...] = ()
        self.readers: Cell | tuple[Cell, ...] | list[Cell] | None = None
        self.changed_at = self.checked_at = self.height = self.runs = 0
        self.fresh = fn is None
        self.active = False

    @property
    def key(self) -> Hashable:
        """What it is found by: the fact's key, or the function and its arguments."""
        key: Hashable = self.args if self.fn is None else (self.fn, self.args)
        return key

    def each_reader(self) -> Sequence["Cell"]:
        """Return the answers that read this."""
        readers = self.readers
        if readers is None:
            return ()
        return (readers,) if isinstance(readers, Cell) else readers

    def add_reader(self, reader: "Cell") -> None:
        """Note that an answer read this."""
        readers = self.readers
        if readers is None:
            self.readers = reader
        elif isinstance(readers, Cell):
            self.readers = (readers, reader)
        elif isinstance(readers, list):
            readers.append(reader)
        else:
            self.readers = (*readers, reader) if len(readers) < FEW else [*readers, reader]

    def __str__(self) -> str:
        if self.fn is None:
            return repr(self.args)
        return f"{self.fn.__qualname__}({', '.join(map(repr, self.args))})"


class Entry(Cell):
    """The answer of a query that looks its last argument up in the mapping that another query answers with."""

    __slots__ = ()

    def follow(self, index: Cell) -> bool:
        """Take the value over from the index, which is fresh; tell whether it is another one."""
        value = index.value.get(self.args[-1])
        if value is self.value or value == self.value:
            return False
        self.value, self.changed_at, self.checked_at = value, index.changed_at, index.changed_at
        return True


class Deferred(Cell):
    """The answer of a query that nobody waits for when facts have changed."""

    __slots__ = ()


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
