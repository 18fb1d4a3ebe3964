"""IST0101, LAT0111: VirtualServices that a rule delegates to."""

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, nearest
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.virtual_service import HTTPRoute
from lateen.engine import Database
from lateen.model import routing_match, visibility
from lateen.model.delegates import delegate_export, delegate_ref, qualified_routes


def delegates(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which delegates are missing, and whose routes are not used."""
    one = virtual_service(db, ref)
    findings: list[Finding] = []
    for index, rule in enumerate(one.spec.http if one else ()):
        if rule.delegate is not None:
            findings += _judged(db, ref, f"spec.http[{index}].delegate", rule)
    return tuple(findings)


def _judged(db: Database, ref: Ref, path: str, rule: HTTPRoute) -> list[Finding]:
    target = delegate_ref(rule, ref.namespace)
    assert target is not None
    other = virtual_service(db, target)
    if other is None:
        known = (one.name for one in facts.refs(db, "VirtualService") if one.namespace == target.namespace)
        name = f"{target.namespace}/{target.name}"
        message = f"the delegate VirtualService {name} is not found: its requests go on to the next rule"
        return [found(Code.REFERENCE, ref, path, message, nearest(target.name, known, "VirtualServices"))]
    if other.spec.hosts:
        return [_ignored(ref, path, target, "it has hosts, and a delegate must have none")]
    if not visibility.visible_to(delegate_export(db, target) or (), ref.namespace):
        return [_ignored(ref, path, target, f"it is not exported to {ref.namespace}")]
    root = next(
        (one for one in qualified_routes(db, ref) if one.delegate == rule.delegate and one.name == rule.name),
        rule,
    )
    return [
        _ignored(
            ref, path, target, f"the match of its rule {place + 1} is not narrower than the match here", place
        )
        for place, leaf in enumerate(qualified_routes(db, target))
        if routing_match.joined(root.match, leaf.match) is None
    ]


def _ignored(ref: Ref, path: str, target: Ref, why: str, place: int | None = None) -> Finding:
    what, are = ("the routes", "are") if place is None else (f"rule {place + 1}", "is")
    return found(
        Code.DELEGATE_IGNORED,
        ref,
        path,
        f"{what} of the delegate {target.namespace}/{target.name} {are} ignored: {why}",
    )
