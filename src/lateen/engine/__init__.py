"""The query database: facts go in, memoised pure answers come out. Invariant: no domain words here."""

from lateen.engine.database import Database, deferred, entry_of, query

__all__ = ["Database", "deferred", "entry_of", "query"]
