"""All findings that concern more than one object; an edit re-runs only what it touches.

A rule that looks at other objects is a query of its own. One that looks at its object alone is a plain function: it would
run whenever the findings about the object do, and an answer for each of thousands of objects is dear.
"""

from collections.abc import Iterator

from lateen.analyze.foreign.rules import RULES as FOREIGN
from lateen.analyze.injection.labels import ABOUT_INJECTION
from lateen.analyze.rules import RULES
from lateen.analyze.suppression import is_silenced
from lateen.api import facts, foreign
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, deferred


@deferred
def findings(db: Database) -> tuple[Finding, ...]:
    """Return the findings of the whole mesh, by kind, namespace and name; those about foreign kinds come last."""
    own = (one for kind in RULES for ref in facts.refs(db, kind) for one in findings_of(db, ref))
    return (*own, *_about_foreign(db))


@deferred
def findings_of(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Return the findings about one object, without those that its annotation suppresses."""
    told = tuple(one for rule in RULES.get(ref.kind, ()) for one in rule(db, ref))
    if not told:
        return ()
    idle = ABOUT_INJECTION if db.read(facts.RUNS) else frozenset()
    return tuple(one for one in told if one.code not in idle and not is_silenced(one, facts.get(db, ref)))


def _about_foreign(db: Database) -> Iterator[Finding]:
    for kind, rules in FOREIGN.items():
        for obj in foreign.objects(db, kind):
            told = (one for rule in rules for one in rule(db, obj))
            yield from (one for one in told if not is_silenced(one, obj))
