"""LAT0113: `tcp` rules that earlier ones leave nothing to, of the same VirtualService or another.

On a gateway the first rule that holds at a server takes all of its connections; a sidecar stops at the first that asks for no
subnet (pilot/pkg/networking/core/{gateway,tls}.go). What the object alone shows is IST0130.
"""

from collections.abc import Iterator, Sequence

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.analyze.virtual_service.opaque import (
    Place,
    always_holds,
    before,
    called,
    claims_on_gateways,
    places,
    whose,
)
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import TCPRoute, VirtualService
from lateen.engine import Database
from lateen.model.defaults import MESH_GATEWAY

Taker = tuple[Ref, str]


def tcp_rules(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which `tcp` rules of a VirtualService are used nowhere."""
    one = virtual_service(db, ref)
    if one is None or not one.spec.tcp or not one.spec.hosts:
        return ()
    gateways, sidecars = _on_gateways(db, one), _for_sidecars(db, one)
    findings = []
    for index, rule in enumerate(one.spec.tcp):
        path = f"spec.tcp[{index}]"
        takers = [found_[path] for found_ in (gateways, sidecars) if path in found_]
        known = [taker for taker in takers if taker is not None]
        if takers and len(known) == len(takers) and not _is_told(one, index, rule):
            findings.append(_finding(ref, path, known[0]))
    return tuple(findings)


def _is_told(one: Object[VirtualService], index: int, rule: TCPRoute) -> bool:
    """Tell whether validation knows: the object has a rule before it that takes everything, or all of its matches."""
    earlier = one.spec.tcp[:index]
    seen = [match for other in earlier for match in other.match]
    return any(not other.match for other in earlier) or (
        bool(rule.match) and all(match in seen for match in rule.match)
    )


def _on_gateways(db: Database, one: Object[VirtualService]) -> dict[str, Taker | None]:
    """Return for each rule that holds at a gateway who takes its connections; None when it is used somewhere."""
    takers: dict[str, Taker | None] = {}
    for path, claims in claims_on_gateways(db, one).items():
        first = claims[0].by
        is_used = first is None or any(claim.by is None for claim in claims)
        takers[path] = None if is_used or first is None else (first.ref, first.path)
    return takers


def _for_sidecars(db: Database, one: Object[VirtualService]) -> dict[str, Taker | None]:
    """Return the same for sidecars."""
    if one.spec.gateways and MESH_GATEWAY not in one.spec.gateways:
        return {}
    asked, takers = before(db, one.ref, "tcp"), dict[str, Taker | None]()
    own = list(places(db, one.ref, "tcp"))
    for rule in dict.fromkeys(place.rule for place in own):
        mine = [place for place in own if place.rule == rule]
        shadows = [_shadow(asked, place) for place in mine]
        takers[rule] = None if None in shadows else shadows[0]
        asked += mine
    return takers


def _shadow(asked: Sequence[Place], own: Place) -> Taker | None:
    return next(((one.ref, one.path) for one in _holding(asked, own) if _takes(one, own)), None)


def _holding(asked: Sequence[Place], own: Place) -> Iterator[Place]:
    return (one for one in asked if always_holds(one.match, own.match))


def _takes(one: Place, own: Place) -> bool:
    """A match without subnets ends the list; one with subnets takes just these."""
    subnets, needed = one.match.destination_subnets, own.match.destination_subnets
    return not subnets or (bool(needed) and set(needed) <= set(subnets))


def _finding(ref: Ref, path: str, taker: Taker) -> Finding:
    message = f"{called(path)} is never used: {whose(*taker, ref)}, takes all of its connections"
    hint = "remove it, move it before the other, or tell them apart by port"
    return found(Code.TCP_RULE_SHADOWED, ref, path, message, hint)
