"""The labels of pods that a Deployment makes, also before they run: on a mesh that starts they are wanted, not there."""

from lateen.api import facts
from lateen.api.workload import Deployment
from lateen.engine import Database, query
from lateen.model.selectors import Pairs, pairs, selects


@query
def labels_of_templates(db: Database) -> dict[str, tuple[Pairs, ...]]:
    """Return the labels of every Deployment's pods by namespace; one with no replicas makes none."""
    found: dict[str, tuple[Pairs, ...]] = {}
    for ref in facts.refs(db, "Deployment"):
        one = facts.get(db, ref)
        spec = one.spec if one is not None and isinstance(one.spec, Deployment) else None
        if spec is not None and spec.template is not None and spec.replicas != 0:
            found[ref.namespace] = (*found.get(ref.namespace, ()), pairs(spec.template.metadata.labels))
    return found


@query
def made_labels(db: Database, namespace: str, selector: Pairs) -> tuple[Pairs, ...]:
    """Return the labels of pods that a namespace's Deployments make and a selector takes; an empty one takes none."""
    every = labels_of_templates(db).get(namespace, ()) if selector else ()
    return tuple(dict.fromkeys(labels for labels in every if selects(selector, labels)))
