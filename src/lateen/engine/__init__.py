"""The query database: facts go in, memoised pure answers come out. Invariant: no domain words here."""

from lateen.engine.database import Database, entry_of, query

__all__ = ["Database", "entry_of", "query"]
