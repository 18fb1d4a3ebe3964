"""IST0134: TCP ports of ServiceEntries that have no address to tell them from others by.

An address that the mesh allots counts only for proxies that answer the DNS queries of their workloads
(analyzers/serviceentry/protocoladdresses.go), which the mesh's settings or nobody turns on.
"""

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.service_entry import ServiceEntry
from lateen.engine import Database
from lateen.model import protocol

CAPTURE = "ISTIO_META_DNS_CAPTURE"
ALLOCATE = ("ISTIO_META_DNS_AUTO_ALLOCATE", "PILOT_ENABLE_IP_AUTOALLOCATE")


def addresses(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell which TCP ports take every connection to their number: no address, and none that proxies know of."""
    one = facts.get(db, ref)
    if one is None or not isinstance(one.spec, ServiceEntry) or one.spec.addresses:
        return ()
    if (one.status is not None and one.status.addresses) or _allots(db):
        return ()
    return tuple(
        found(
            Code.ADDRESSES_REQUIRED,
            ref,
            f"spec.ports[{index}]",
            f"{port.protocol or 'TCP'} on port {port.number} without addresses takes every connection to that port",
            "set addresses, or let proxies answer DNS queries with allotted ones: "
            "ISTIO_META_DNS_CAPTURE and PILOT_ENABLE_IP_AUTOALLOCATE in the mesh's proxyMetadata",
        )
        for index, port in enumerate(one.spec.ports)
        if not port.protocol or protocol.parse(port.protocol) is protocol.Protocol.TCP
    )


def _allots(db: Database) -> bool:
    settings = facts.mesh_config(db).default_config
    metadata = settings.proxy_metadata if settings is not None else {}
    return metadata.get(CAPTURE) == "true" and any(metadata.get(name) == "true" for name in ALLOCATE)
