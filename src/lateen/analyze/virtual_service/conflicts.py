"""IST0109: VirtualServices that claim the same host for sidecars. Only one of them is used; nothing is merged."""

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.analyze.virtual_service.arrival import arrival
from lateen.analyze.virtual_service.walk import virtual_service
from lateen.analyze.virtual_service.witness import NOTHING, example
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import VirtualService
from lateen.engine import Database, query
from lateen.model import visibility
from lateen.model.defaults import MESH_GATEWAY
from lateen.model.virtual_services import Binding, binding, by_gateway


@query
def claims(db: Database) -> dict[str, tuple[Binding, ...]]:
    """Index the VirtualServices for sidecars by host, oldest first."""
    index: dict[str, tuple[Binding, ...]] = {}
    for one in by_gateway(db).get(MESH_GATEWAY, ()):
        for host in one.hosts:
            index[host] = (*index.get(host, ()), one)
    return index


@query
def claims_of(db: Database, host: str) -> tuple[Binding, ...]:
    """Return who claims a host; a firewall in front of the index."""
    return claims(db).get(host, ())


@query
def conflicts(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which hosts of a VirtualService an older one takes."""
    own, one = binding(db, ref), virtual_service(db, ref)
    if (
        own is None
        or one is None
        or MESH_GATEWAY not in own.gateways
        or not (one.spec.http or one.spec.tcp or one.spec.tls)
    ):
        return ()
    findings = []
    for index, host in enumerate(own.hosts):
        winner = next((other for other in claims_of(db, host) if other != own and _wins(other, own)), None)
        if winner is not None:
            findings.append(_finding(db, one, index, winner))
    return tuple(findings)


def _wins(other: Binding, own: Binding) -> bool:
    """Tell whether some namespace sees both, and takes the other one."""
    shared = _common(other.export_to, own.export_to)
    if not shared:
        return False
    if visibility.is_public(other.export_to) != visibility.is_public(own.export_to):
        return visibility.is_public(own.export_to)
    return other.age < own.age


def _common(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    return visibility.PUBLIC in left or visibility.PUBLIC in right or bool(set(left) & set(right))


def _finding(db: Database, one: Object[VirtualService], index: int, winner: Binding) -> Finding:
    ref = winner.ref
    other = ref.name if ref.namespace == one.meta.namespace else f"{ref.namespace}/{ref.name}"
    shown = _shown(db, one)
    message = f"VirtualService {other} has the host {one.spec.hosts[index]} for sidecars too, and is used instead of this one"
    hint = f"merge the two, or make one a delegate of the other: sidecars do not merge VirtualServices{shown}"
    return found(Code.MESH_HOST_CONFLICT, one.ref, f"spec.hosts[{index}]", message, hint)


def _shown(db: Database, one: Object[VirtualService]) -> str:
    if not one.spec.http:
        return ""
    host, port = arrival(db, one)
    conditions = one.spec.http[0].match
    proof = example(conditions[0] if conditions else NOTHING, host, port)
    return f"; for example {proof} never sees rule 1 of this one" if proof else ""
