"""LAT0110: on a gateway VirtualServices of one host are merged; rules that an older one leaves nothing to.

The order is that of age, with everything that takes every request at the end (gateway.go buildGatewayHTTPRouteConfig).
"""

from collections.abc import Iterator

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.analyze.virtual_service.arrival import arrival, is_mesh
from lateen.analyze.virtual_service.containment import covers
from lateen.analyze.virtual_service.unreachable import Branch, branches
from lateen.analyze.virtual_service.walk import rule_name, virtual_service
from lateen.analyze.virtual_service.witness import example, meets
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database, deferred
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.routing_match import is_catch_all
from lateen.model.virtual_services import Binding, binding, by_gateway


@deferred
def _rivals(db: Database, ref: Ref) -> tuple[Ref, ...]:
    """Return the older VirtualServices that share a gateway and a host with one."""
    own = binding(db, ref)
    if own is None:
        return ()
    found_: dict[Ref, None] = {}
    for gateway in own.gateways:
        for other in _of_hosts(db, gateway, own.hosts):
            if gateway != MESH_GATEWAY and other.ref != ref and other.age < own.age:
                found_[other.ref] = None
    return tuple(found_)


@deferred
def _index(db: Database, gateway: str) -> dict[str, tuple[Binding, ...]]:
    index: dict[str, tuple[Binding, ...]] = {}
    for one in by_gateway(db).get(gateway, ()):
        for host in one.hosts:
            index[host] = (*index.get(host, ()), one)
    return index


def _of_hosts(db: Database, gateway: str, hosts: tuple[str, ...]) -> Iterator[Binding]:
    index = _index(db, gateway)
    for host in hosts:
        yield from index.get(host, ())


def gateway_overlap(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which rules are never used because of an older VirtualService on the same gateway and host."""
    one = virtual_service(db, ref)
    if one is None or is_mesh(one):
        return ()
    older = [(rival, branch) for rival in _rivals(db, ref) for branch in _branches(db, rival)]
    if not older:
        return ()
    return tuple(
        finding for index in range(len(one.spec.http)) for finding in _of_rule(db, one, index, older)
    )


def _branches(db: Database, ref: Ref) -> list[Branch]:
    found_ = virtual_service(db, ref)
    rules = found_.spec.http if found_ else ()
    return [
        one for index, rule in enumerate(rules) if rule.delegate is None for one in branches(rules, index)
    ]


def _of_rule(
    db: Database, one: Object[VirtualService], index: int, older: list[tuple[Ref, Branch]]
) -> Iterator[Finding]:
    own = branches(one.spec.http, index)
    shadows = [next(((ref, by) for ref, by in older if _takes(by, mine)), None) for mine in own]
    if not all(shadows) or shadows[0] is None:
        return
    ref, by = shadows[0]
    host, port = arrival(db, one)
    proof = example(own[0].condition, host, port)
    shown = f": {proof} goes there" if proof and meets(proof, by.condition) else ""
    name = rule_name(index, one.spec.http[index])
    message = f"{name} is never used on the gateway: VirtualService {ref.namespace}/{ref.name} is older and its {by.path} takes all of its requests{shown}"
    hint = "put both rules into one VirtualService, in the order that is meant"
    yield found(Code.GATEWAY_ROUTES_OVERLAP, one.ref, f"spec.http[{index}]", message, hint)


def _takes(older: Branch, own: Branch) -> bool:
    """A rule for everything comes last, whatever its age: it only keeps out others like it."""
    if is_catch_all(older.condition) and not is_catch_all(own.condition):
        return False
    return covers(older.condition, own.condition)
