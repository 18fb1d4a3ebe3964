"""The labels of pods that are made of a template, also before they run, or when others run them.

On a mesh that starts the pods of a Deployment are wanted, not there; those of a StatefulSet run elsewhere, if at all.
"""

from lateen.api import facts, foreign
from lateen.api.workload import Deployment
from lateen.engine import Database, deferred
from lateen.model.selectors import Pairs, pairs, selects


@deferred
def labels_of_templates(db: Database) -> dict[str, tuple[Pairs, ...]]:
    """Return the labels of every template's pods by namespace; one with no replicas makes none."""
    found: dict[str, tuple[Pairs, ...]] = {}
    for kind in foreign.WORKLOADS:
        for own in foreign.objects(db, kind):
            labels = foreign.labels(own.spec, "template", "metadata", "labels")
            found[own.meta.namespace] = (*found.get(own.meta.namespace, ()), pairs(labels))
    for ref in facts.refs(db, "Deployment"):
        one = facts.get(db, ref)
        spec = one.spec if one is not None and isinstance(one.spec, Deployment) else None
        if spec is not None and spec.template is not None and spec.replicas != 0:
            found[ref.namespace] = (*found.get(ref.namespace, ()), pairs(spec.template.metadata.labels))
    return found


@deferred
def made_labels(db: Database, namespace: str, selector: Pairs) -> tuple[Pairs, ...]:
    """Return the labels of pods that a namespace's templates make and a selector takes; an empty one takes none."""
    every = labels_of_templates(db).get(namespace, ()) if selector else ()
    return tuple(dict.fromkeys(labels for labels in every if selects(selector, labels)))
