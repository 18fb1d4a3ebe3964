"""Why is the answer what it is, and what would change if this fact did? Read off the recorded dependencies."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from typing import Any

import msgspec

from lateen.engine.cell import Cell
from lateen.engine.database import Database


class Question(msgspec.Struct, frozen=True):
    """A fact (`query` is empty, `fact` is its key) or a query with its arguments."""

    query: str = ""
    args: tuple[Any, ...] = ()
    fact: Any = None

    def __str__(self) -> str:
        return f"{self.query}({', '.join(map(repr, self.args))})" if self.query else repr(self.fact)


class Explanation(msgspec.Struct, frozen=True):
    """A question, and in `reads` what its answer was made of, in the order it was read.

    What was already explained further up or to the left is not explained `again`: its `reads` are empty.
    """

    question: Question
    reads: tuple["Explanation", ...] = ()
    again: bool = False

    def facts(self) -> tuple[Hashable, ...]:
        """Return every fact underneath, each once, in the order of reading."""
        return tuple(node.question.fact for node in self.walk() if not node.question.query and not node.again)

    def walk(self) -> Iterator["Explanation"]:
        """Yield this and everything underneath."""
        yield self
        for node in self.reads:
            yield from node.walk()

    def lines(self, indent: str = "") -> Iterator[str]:
        """Yield the tree as text, two columns to a level."""
        yield f"{indent}{self.question}{' …' if self.again and self.question.query else ''}"
        for node in self.reads:
            yield from node.lines(indent + "  ")


def explain(db: Database, query: Callable[..., Any], *args: Any) -> Explanation:
    """Ask a query and return what its answer depends on, as a tree. A crash is explained like an answer."""
    with suppress(Exception):  # what it read before it crashed is the explanation
        query(db, *args)
    fn = getattr(query, "__wrapped__", query)
    return _explain(db.cell(fn, args), set())


def dependents(db: Database, fact: Hashable) -> tuple[Question, ...]:
    """Return the answers that depend on a fact, directly or not, as far as they are up to date.

    An answer that was not asked for since the last change may have read something else then: it is left out.
    """
    db.settle()
    found: dict[Cell, None] = {}
    waiting = [cell for cell in [db.find(fact)] if cell is not None]
    while waiting:
        read = waiting.pop()
        for reader in read.each_reader():
            if reader.fresh and reader not in found and read in reader.deps:
                found[reader] = None
                waiting.append(reader)
    return tuple(sorted(map(_question, found), key=str))


def _explain(cell: Cell, seen: set[Cell]) -> Explanation:
    again = cell in seen
    seen.add(cell)
    reads = () if again else tuple(_explain(dep, seen) for dep in cell.deps)
    return Explanation(_question(cell), reads, again)


def _question(cell: Cell) -> Question:
    if cell.fn is None:
        return Question(fact=cell.args)
    return Question(cell.fn.__qualname__, cell.args)
