"""IST0109: VirtualServices that claim the same host for sidecars. Only one of them is used; nothing is merged.

Every one of them is told of, as in Istio (virtualservice/conflictingmeshgatewayhosts.go): who wins today is who is older,
which nobody sees in the files.
"""

from collections.abc import Iterable

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined, shortened
from lateen.analyze.virtual_service.arrival import arrival
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.analyze.virtual_service.witness import NOTHING, example
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database, deferred
from lateen.model import visibility
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.host import covering, is_wildcard, matches
from lateen.model.virtual_services import Binding, binding, by_gateway


@deferred
def claims(db: Database) -> dict[str, tuple[Binding, ...]]:
    """Index the VirtualServices for sidecars by host, oldest first."""
    index: dict[str, tuple[Binding, ...]] = {}
    for one in by_gateway(db).get(MESH_GATEWAY, ()):
        for host in one.hosts:
            index[host] = (*index.get(host, ()), one)
    return index


@deferred
def claims_of(db: Database, host: str) -> tuple[Binding, ...]:
    """Return who claims a host; a firewall in front of the index."""
    return claims(db).get(host, ())


def conflicts(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which hosts of a VirtualService another one has, too."""
    own, one = binding(db, ref), virtual_service(db, ref)
    if own is None or one is None or MESH_GATEWAY not in own.gateways:
        return ()
    findings = []
    for index, host in enumerate(own.hosts):
        rivals = _rivals(db, own, host)
        if rivals:
            findings.append(_finding(db, one, index, own, rivals))
    return tuple(findings)


def _rivals(db: Database, own: Binding, host: str) -> tuple[Binding, ...]:
    """Return who has the host beside this one for some namespace; one that it takes the host from comes first."""
    others = [
        other
        for other in _overlapping(db, own, host)
        if other != own and _common(other.export_to, own.export_to)
    ]
    return tuple(sorted(others, key=lambda other: not _wins(other, own)))


def _overlapping(db: Database, own: Binding, host: str) -> Iterable[Binding]:
    """Return those with this host; between an exported and a public one, a wildcard that covers it is the same host."""
    yield from claims_of(db, host)
    patterns = (one for one in claims(db) if matches(one, host)) if is_wildcard(host) else covering(host)
    public = visibility.is_public(own.export_to)
    for pattern in patterns:
        if pattern != host:
            yield from (
                one for one in claims_of(db, pattern) if visibility.is_public(one.export_to) != public
            )


def _wins(other: Binding, own: Binding) -> bool:
    """Tell whether a namespace that sees both takes the other one."""
    if visibility.is_public(other.export_to) != visibility.is_public(own.export_to):
        return visibility.is_public(own.export_to)
    return other.age < own.age


def _common(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    return visibility.PUBLIC in left or visibility.PUBLIC in right or bool(set(left) & set(right))


def _finding(
    db: Database, one: Object[VirtualService], index: int, own: Binding, rivals: tuple[Binding, ...]
) -> Finding:
    names = [shortened(other.ref, one.meta.namespace) for other in rivals]
    has = "has" if len(names) == 1 else "have"
    loses = _wins(rivals[0], own)
    effect = (
        (", and is used instead of this one" if len(names) == 1 else f"; {names[0]} is used")
        if loses
        else "; this one is used"
    )
    message = (
        f"VirtualService {joined(names)} {has} the host {one.spec.hosts[index]} for sidecars, too{effect}"
    )
    shown = _shown(db, one) if loses else ""
    hint = f"merge them, or make one a delegate of the other: sidecars do not merge VirtualServices{shown}"
    return found(Code.MESH_HOST_CONFLICT, one.ref, f"spec.hosts[{index}]", message, hint)


def _shown(db: Database, one: Object[VirtualService]) -> str:
    if not one.spec.http:
        return ""
    host, port = arrival(db, one)
    conditions = one.spec.http[0].match
    proof = example(conditions[0] if conditions else NOTHING, host, port)
    return f"; for example {proof} never sees rule 1 of this one" if proof else ""
