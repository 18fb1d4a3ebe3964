"""LAT0121: rules of one namespace and host are merged; what the younger loses."""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.destination_rule.subject import destination_rule
from lateen.analyze.report import found
from lateen.api.destination_rule import DestinationRule
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model.destination_rules import Head, head, heads


@deferred
def siblings(db: Database, namespace: str) -> dict[str, tuple[Head, ...]]:
    """Index a namespace's rules without a workloadSelector by host, in the order of merging."""
    index: dict[str, tuple[Head, ...]] = {}
    for one in heads(db, namespace) or ():
        if one.selector is None:
            index[one.host] = (*index.get(one.host, ()), one)
    return index


def merging(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which parts of a rule an older one of the same namespace and host makes void."""
    own, one = head(db, ref), destination_rule(db, ref)
    if own is None or one is None or own.selector is not None:
        return ()
    group = siblings(db, ref.namespace).get(own.host, ())
    older = group[: group.index(own)] if own in group else ()
    return tuple(finding for other in older for finding in _lost(db, ref, one.spec, other.ref))


def _lost(db: Database, ref: Ref, spec: DestinationRule, older: Ref) -> Iterator[Finding]:
    other = destination_rule(db, older)
    if other is None:
        return
    hint = "merge the two objects"
    if spec.traffic_policy is not None and other.spec.traffic_policy not in (None, spec.traffic_policy):
        message = f"the trafficPolicy is ignored: {older.name} is older and has one for the same host"
        yield found(Code.POLICY_LOST, ref, "spec.trafficPolicy", message, hint)
    known = {subset.name: subset for subset in other.spec.subsets}
    for index, subset in enumerate(spec.subsets):
        if subset.name in known and known[subset.name] != subset:
            message = f"subset {subset.name} is ignored: {older.name} is older and has one of this name"
            yield found(Code.POLICY_LOST, ref, f"spec.subsets[{index}]", message, hint)
