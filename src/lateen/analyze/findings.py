"""All findings that concern more than one object; an edit re-runs only what it touches.

The rules about an object are plain functions, and the findings about it are one answer: an answer for each rule and each of
thousands of objects would be dear. So all of them run when anything that one of them read has changed. What many objects
read, and what is dear to find out, is a query of its own, with no more in its answer than is asked for.
"""

from collections.abc import Iterator

from lateen.analyze.foreign.rules import RULES as FOREIGN
from lateen.analyze.injection.labels import ABOUT_INJECTION
from lateen.analyze.rules import RULES
from lateen.analyze.spaces import by_namespace, refs_in
from lateen.analyze.suppression import is_silenced
from lateen.api import facts, foreign
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, deferred


@deferred
def findings(db: Database) -> tuple[Finding, ...]:
    """Return the findings of the whole mesh, by kind, namespace and name; those about foreign kinds come last."""
    own = (
        one
        for kind in _kinds(db)
        for namespace in by_namespace(db, kind)
        for one in _findings_in(db, kind, namespace)
    )
    return (*own, *_about_foreign(db))


@deferred
def _kinds(db: Database) -> tuple[str, ...]:
    """Return the kinds that there are objects of."""
    return tuple(kind for kind in RULES if facts.refs(db, kind))


@deferred
def _findings_in(db: Database, kind: str, namespace: str) -> tuple[Finding, ...]:
    return tuple(one for ref in refs_in(db, kind, namespace) for one in findings_of(db, ref))


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
