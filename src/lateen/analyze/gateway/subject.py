"""A Gateway and the proxies that serve it."""

from lateen.analyze.selection import INGRESS_GATEWAY, INGRESS_NAMESPACE
from lateen.analyze.templates import labels_of_templates, made_labels
from lateen.api import facts
from lateen.api.gateway import Gateway
from lateen.api.meta import Object, Ref
from lateen.engine import Database, deferred
from lateen.model import workload
from lateen.model.selectors import Pairs, pairs
from lateen.model.view import View


def gateway(db: Database, ref: Ref) -> Object[Gateway] | None:
    """Return a Gateway, or None."""
    found = facts.get(db, ref)
    return found if found is not None and isinstance(found.spec, Gateway) else None


@deferred
def namespaces(db: Database, selector: Pairs) -> tuple[str, ...]:
    """Return the namespaces in which a gateway's selector takes a pod; a Gateway selects in all of them."""
    spaces = sorted({*labels_of_templates(db), *(ref.namespace for ref in facts.refs(db, "Pod"))})
    found = [
        name
        for name in spaces
        if workload.selected(db, "Pod", name, selector) or made_labels(db, name, selector)
    ]
    if not found and dict(selector).items() <= INGRESS_GATEWAY.items():
        found = [INGRESS_NAMESPACE]
    return tuple(found)


@deferred
def views(db: Database, ref: Ref) -> tuple[View, ...]:
    """Return views of the proxies that serve a Gateway, one per set of labels."""
    one = gateway(db, ref)
    if one is None:
        return ()
    selector = pairs(one.spec.selector)
    made: dict[View, None] = {}
    for space in namespaces(db, selector):
        pods = workload.selected(db, "Pod", space, selector)
        labels = {workload.labels_of(db, pod) for pod in pods} or set(made_labels(db, space, selector))
        for own in labels or {pairs(INGRESS_GATEWAY)}:
            made[View(type="router", namespace=space, labels=own)] = None
    return tuple(sorted(made, key=lambda view: (view.namespace, view.labels)))
