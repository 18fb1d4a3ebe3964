"""Objects as they are written, for analysis: those that are refused, and those of kinds that are not carried out, count.

Who writes a Service with an error in it does not want to hear that the Service is missing, too; and `istioctl analyze`
looks at every object that can be read.
"""

from datetime import UTC, datetime

from msgspec.structs import replace

from lateen.api import facts, foreign
from lateen.engine import Database
from lateen.sources import origin
from lateen.sources.load import Load, load_of
from lateen.sources.store import FILES, Store


def hour() -> str:
    """Return the hour that it is, in UTC, RFC 3339: what is judged by the time does not run again within it."""
    return f"{datetime.now(UTC).isoformat()[:13]}:00:00Z"


def as_written(load: Load, in_force: Database) -> Database:
    """Return a database in which everything in a load counts: the given one, unless an object was refused."""
    entries = [replace(one, object=one.object or one.written) for one in load.entries]
    refused = any(one.object is not None and facts.get(in_force, one.ref) is None for one in entries)
    db = Database() if refused else in_force
    if refused:
        Store(db).replace(FILES, load_of(entries))
    for each in dict.fromkeys((in_force, db)):
        each.set(facts.NOW, hour())
        foreign.update(each, tuple(one.written for one in load.foreign if one.written is not None))
    for one in load.foreign:
        db.set(origin.fact(one.ref), one.origin)
    return db
