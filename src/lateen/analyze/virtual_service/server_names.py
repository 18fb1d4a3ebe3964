"""LAT0112: `tls` matches whose server names an earlier match takes.

On a gateway that passes TLS on, a match that shares one name is left out with all its names; a sidecar keeps for each name
and subnet the first chain (pilot/pkg/networking/core/{gateway,tls}.go). A match that is written twice is IST0131.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined
from lateen.analyze.virtual_service.opaque import (
    Place,
    always_holds,
    before,
    called,
    claims_on_gateways,
    is_for_gateways,
    places,
    whose,
)
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import TLSMatchAttributes, VirtualService
from lateen.engine import Database
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.gateway_claims import Claim


def server_names(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which `tls` matches of a VirtualService lose server names, and to which match."""
    one = virtual_service(db, ref)
    if one is None or not one.spec.tls or not one.spec.hosts:
        return ()
    return (*_on_gateways(db, one), *_for_sidecars(db, one))


def _on_gateways(db: Database, one: Object[VirtualService]) -> Iterator[Finding]:
    """Tell of matches that are used nowhere, or have names that are left out with one that is taken."""
    matches = {
        f"spec.tls[{index}].match[{number}]": match
        for index, rule in enumerate(one.spec.tls)
        for number, match in enumerate(rule.match)
    }
    for path, claims in claims_on_gateways(db, one).items():
        if path in matches:
            is_used = any(claim.by is None for claim in claims)
            lost = (claim for claim in claims if not _is_told(one, matches, claim))
            told = (_left_out(one.ref, claim) for claim in lost if not is_used or _missing(claim))
            yield from islice(told, 1)


def _is_told(one: Object[VirtualService], matches: dict[str, TLSMatchAttributes], claim: Claim) -> bool:
    """It is used, or the match itself is at another server of the port, or validation knows its double."""
    by = claim.by
    return by is None or (by.ref == one.ref and matches[by.path] == matches[claim.route.path])


def _missing(claim: Claim) -> list[str]:
    return [name for name in claim.route.sni if name not in claim.taken]


def _left_out(ref: Ref, claim: Claim) -> Finding:
    assert claim.by is not None
    shared = [name for name in claim.route.sni if name in claim.by.sni]
    missing, server = _missing(claim), claim.server
    path, where = claim.route.path, f"port {server.port} of Gateway {server.gateway_name}"
    rest = f", and {joined(missing)} {_is(missing)} left out with {_it(shared)}" if missing else ""
    message = (
        f"{called(path)} is left out on {where}: {joined(shared)} {_is(shared)} taken by "
        f"{whose(claim.by.ref, claim.by.path, ref)}{rest}"
    )
    hint = (
        f"take {joined(shared)} out of these sniHosts"
        if missing
        else "remove it, or give it names of its own"
    )
    return found(Code.SERVER_NAME_TAKEN, ref, f"{path}.sniHosts", message, hint)


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _it(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _for_sidecars(db: Database, one: Object[VirtualService]) -> Iterator[Finding]:
    if one.spec.gateways and MESH_GATEWAY not in one.spec.gateways:
        return
    asked = before(db, one.ref, "tls")
    for place in places(db, one.ref, "tls"):
        if not is_for_gateways(one, place.match):
            takers = _takers(asked, place)
            if takers:
                yield _taken(one.ref, place, takers)
        asked.append(place)


def _takers(asked: Sequence[Place], own: Place) -> dict[str, Place]:
    """Return which of a match's names are taken, and the first that takes each.

    The subnets of a match stay in force for later ones without any, as in tls.go.
    """
    subnets: tuple[str, ...] = ()
    steps: list[tuple[Place, TLSMatchAttributes, tuple[str, ...]]] = []
    for place in (*asked, own):
        if isinstance(place.match, TLSMatchAttributes) and (
            place is own or always_holds(place.match, own.match)
        ):
            subnets = place.match.destination_subnets or subnets
            steps.append((place, place.match, subnets))
    if not steps or steps[-1][0] is not own:
        return {}
    (_, mine, needed), earlier = steps[-1], steps[:-1]
    if any(place.ref == own.ref and match == mine for place, match, _ in earlier):
        return {}  # validation knows
    takers: dict[str, Place] = {}
    for place, match, given in earlier:
        if (needed and set(needed) <= set(given)) or not (needed or given):
            takers |= {
                name: place for name in mine.sni_hosts if name in match.sni_hosts and name not in takers
            }
    return takers


def _taken(ref: Ref, place: Place, takers: dict[str, Place]) -> Finding:
    assert isinstance(place.match, TLSMatchAttributes)
    by, left = next(iter(takers.values())), [name for name in place.match.sni_hosts if name not in takers]
    names = list(takers)
    end = (
        f"; only {joined(left)} {_is(left)} left to {called(place.path)}"
        if left
        else f"; {called(place.path)} is never used"
    )
    message = f"sidecars send {joined(names)} by {whose(by.ref, by.path, ref)}{end}"
    hint = f"take {joined(names)} out of these sniHosts" if left else "remove it, or move it before the other"
    return found(Code.SERVER_NAME_TAKEN, ref, f"{place.path}.sniHosts", message, hint)
