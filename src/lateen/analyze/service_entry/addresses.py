"""IST0134: TCP ports of ServiceEntries that have no address to tell them from others by."""

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.service_entry import ServiceEntry
from lateen.engine import Database, query
from lateen.model import protocol
from lateen.model.auto_address import hosts_in_need


@query
def addresses(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which TCP ports take every connection to their number: no address, and none that the mesh allots."""
    one = facts.get(db, ref)
    if one is None or not isinstance(one.spec, ServiceEntry) or one.spec.addresses:
        return ()
    if set(hosts_in_need(db, ref)) >= set(one.spec.hosts):
        return ()
    return tuple(
        found(
            Code.ADDRESSES_REQUIRED,
            ref,
            f"spec.ports[{index}]",
            f"{port.protocol or 'TCP'} on port {port.number} without addresses takes every connection to that port",
            "set addresses, or a resolution with which the mesh allots one (STATIC or DNS, no wildcard host)",
        )
        for index, port in enumerate(one.spec.ports)
        if not port.protocol or protocol.parse(port.protocol) is protocol.Protocol.TCP
    )
