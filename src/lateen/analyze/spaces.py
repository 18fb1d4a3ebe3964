"""The objects of one kind in one namespace: what a rule reads instead of the mesh's list."""

from lateen.api import facts
from lateen.api.meta import Ref
from lateen.engine import Database, deferred


@deferred
def by_namespace(db: Database, kind: str) -> dict[str, tuple[Ref, ...]]:
    """Index the objects of a kind by namespace; both are in the order of `facts.refs`."""
    index: dict[str, list[Ref]] = {}
    for ref in facts.refs(db, kind):
        index.setdefault(ref.namespace, []).append(ref)
    return {namespace: tuple(refs) for namespace, refs in index.items()}


@deferred
def refs_in(db: Database, kind: str, namespace: str) -> tuple[Ref, ...]:
    """List the objects of a kind in a namespace, sorted by name."""
    return by_namespace(db, kind).get(namespace, ())
