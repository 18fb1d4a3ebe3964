"""How often queries ran: what tests and benches say instead of milliseconds."""

from lateen.engine.database import Database


def counts(db: Database) -> dict[str, int]:
    """Return how often each query ran since the counters were reset, as `module.function` (`scope.services`), sorted.

    Those that did not run, and answers that were swept away, are left out.
    """
    found: dict[str, int] = {}
    for cell in db:
        if cell.fn is not None and cell.runs:
            name = f"{cell.fn.__module__.rpartition('.')[2]}.{cell.fn.__name__}"
            found[name] = found.get(name, 0) + cell.runs
    return dict(sorted(found.items()))


def runs(db: Database) -> int:
    """Return how many times any query ran since the counters were reset: the size of an edit's wave."""
    return sum(cell.runs for cell in db)


def reset(db: Database) -> None:
    """Set every counter to zero."""
    for cell in db:
        cell.runs = 0
