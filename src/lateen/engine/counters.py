"""How often queries were asked and run: what tests and benches say instead of milliseconds."""

import msgspec

from lateen.engine.database import Database


class Count(msgspec.Struct, frozen=True):
    """What happened to one query since the counters were reset."""

    runs: int
    """How often its function was called."""
    hits: int
    """How often it was answered without that."""


def counts(db: Database) -> dict[str, Count]:
    """Return the counts of every query that was asked, as `module.function` (`scope.services`), sorted.

    Answers that were swept away are not counted.
    """
    asked: dict[str, int] = {}
    runs: dict[str, int] = {}
    for cell in db.cells.values():
        if cell.fn is not None and (cell.asked or cell.runs):
            name = f"{cell.fn.__module__.rpartition('.')[2]}.{cell.fn.__name__}"
            asked[name] = asked.get(name, 0) + cell.asked
            runs[name] = runs.get(name, 0) + cell.runs
    # A dependency that is checked on behalf of another answer runs without having been asked for.
    return {name: Count(runs[name], max(0, asked[name] - runs[name])) for name in sorted(asked)}


def runs(db: Database) -> int:
    """Return how many times any query ran since the counters were reset: the size of an edit's wave."""
    return sum(cell.runs for cell in db.cells.values())


def reset(db: Database) -> None:
    """Set every counter to zero."""
    for cell in db.cells.values():
        cell.asked = cell.runs = 0
