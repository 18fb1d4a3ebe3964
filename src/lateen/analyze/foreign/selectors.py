"""IST0166: selectors that take the pods of a Gateway of the Gateway API, which heed only `targetRefs`."""

from collections.abc import Iterator
from typing import Any

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.api import facts, foreign
from lateen.api.finding import Finding
from lateen.api.meta import Object
from lateen.engine import Database, deferred
from lateen.model.selectors import GATEWAY_NAME, Pairs, pairs, selects


def ineffective(db: Database, one: Object[Any]) -> Iterator[Finding]:
    """Tell which Gateways a policy selects in vain."""
    spec = foreign.mapping(one.spec)
    if spec.get("targetRef") or not isinstance(spec.get("selector"), dict):
        return
    wanted = pairs(foreign.labels(spec, "selector", "matchLabels"))
    names = {dict(own)[GATEWAY_NAME] for own in _gateways(db, one.meta.namespace) if selects(wanted, own)}
    for name in sorted(names):
        message = f"the selector takes pods of the Kubernetes Gateway {name}, which heed no selector"
        yield found(
            Code.INEFFECTIVE_SELECTOR, one.ref, "spec.selector", message, "name the Gateway in targetRefs"
        )


@deferred
def _gateways(db: Database, namespace: str) -> tuple[Pairs, ...]:
    own = (
        pairs(pod.meta.labels)
        for ref in facts.refs(db, "Pod")
        if ref.namespace == namespace and (pod := facts.get(db, ref))
    )
    return tuple(dict.fromkeys(labels for labels in own if GATEWAY_NAME in dict(labels)))
