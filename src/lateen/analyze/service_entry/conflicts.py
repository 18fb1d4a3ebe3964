"""IST0177: ServiceEntries that disagree about the protocol of a host's port."""

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.service_entry import ServiceEntry
from lateen.engine import Database, deferred
from lateen.model import visibility
from lateen.model.service_entry_visibility import widest

Claim = tuple[Ref, str, tuple[str, ...]]


@deferred
def _claims(db: Database) -> dict[tuple[str, int], tuple[Claim, ...]]:
    """Index (ServiceEntry, protocol, effective exportTo) by host and port."""
    index: dict[tuple[str, int], tuple[Claim, ...]] = {}
    default = facts.mesh_config(db).default_service_export_to
    for ref in facts.refs(db, "ServiceEntry"):
        one = facts.get(db, ref)
        if one is None or not isinstance(one.spec, ServiceEntry):
            continue
        declared = visibility.effective(one.spec.export_to, ref.namespace, default)
        seen_by = visibility.capped(declared, ref.namespace, widest(db, ref.namespace))
        for host in one.spec.hosts:
            for port in one.spec.ports:
                key = host.lower(), port.number
                index[key] = (*index.get(key, ()), (ref, (port.protocol or "").upper(), seen_by))
    return index


def conflicts(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell where another ServiceEntry that is seen beside this one gives a port another protocol."""
    one = facts.get(db, ref)
    if one is None or not isinstance(one.spec, ServiceEntry):
        return ()
    findings = []
    for host in one.spec.hosts:
        for index, port in enumerate(one.spec.ports):
            claims = _claims(db).get((host.lower(), port.number), ())
            own = next((claim for claim in claims if claim[0] == ref), None)
            others = [claim for claim in claims if own and claim[1] != own[1] and _together(claim[2], own[2])]
            if others:
                names = joined(
                    f"{other.namespace}/{other.name} ({spoken or 'none'})" for other, spoken, _ in others
                )
                message = f"port {port.number} of {host} is {port.protocol or 'of no protocol'} here; ServiceEntry {names} says otherwise"
                path = f"spec.ports[{index}].protocol"
                findings.append(
                    found(
                        Code.SERVICE_ENTRY_CONFLICT,
                        ref,
                        path,
                        message,
                        "let both say the same, or remove one",
                    )
                )
    return tuple(findings)


def _together(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    return visibility.is_public(left) or visibility.is_public(right) or bool(set(left) & set(right))
