"""Addresses that the mesh allots to ServiceEntries without one (pilot/pkg/controllers/ipallocate).

Istio's controller writes them to `status.addresses`, which wins here too. Without one, the address is found by the
hash of namespace, name and host, and the next free one on a clash: it stays the same when other entries come and go.
"""

import hashlib
import ipaddress
from typing import Any

from lateen.api import facts
from lateen.api.meta import Object, Ref
from lateen.api.service_entry import ServiceEntry
from lateen.engine import Database, query
from lateen.model import blocks
from lateen.model.defaults import AUTO_ALLOCATED_NETWORK
from lateen.model.host import is_wildcard

KIND = "ServiceEntry"
DISABLED_LABEL = "networking.istio.io/enable-autoallocate-ip"
_NETWORK = ipaddress.ip_network(AUTO_ALLOCATED_NETWORK)


@query
def allocated_address(db: Database, ref: Ref, host: str) -> str:
    """Return the address allotted to one host of a ServiceEntry, or an empty string."""
    return allocations(db).get((ref, host), "")


@query
def allocations(db: Database) -> dict[tuple[Ref, str], str]:
    """Return every allotted address by (ServiceEntry, host)."""
    numbers = blocks.refs_by_block(db, KIND)
    needs = {ref: hosts for number in numbers for ref, hosts in _in_need(db, number)}
    taken: set[int] = set()
    allotted: dict[tuple[Ref, str], str] = {}
    for ref in facts.refs(db, KIND) if needs else ():
        for host in needs.get(ref, ()):
            offset = _free_offset(f"{ref.namespace}/{ref.name}/{host}", taken)
            taken.add(offset)
            allotted[ref, host] = str(_NETWORK.network_address + offset)
    return allotted


@query
def _in_need(db: Database, number: int) -> tuple[tuple[Ref, tuple[str, ...]], ...]:
    """Return those of a block of ServiceEntries that have hosts in need of an address, with these."""
    found = ((one.ref, _hosts_in_need(one)) for one in blocks.objects(db, KIND, number))
    return tuple(one for one in found if one[1])


def _hosts_in_need(found: Object[Any]) -> tuple[str, ...]:
    """Return the hosts of a ServiceEntry that get an address: not for NONE, own addresses, wildcards, opt-out."""
    spec = found.spec
    if not isinstance(spec, ServiceEntry):
        return ()
    refused = found.meta.labels.get(DISABLED_LABEL, "").lower() == "false"
    if refused or spec.addresses or (spec.resolution or "NONE") == "NONE":
        return ()
    return tuple(host for host in spec.hosts if spec.resolution == "DYNAMIC_DNS" or not is_wildcard(host))


def _free_offset(identity: str, taken: set[int]) -> int:
    size = _NETWORK.num_addresses - 2
    start = int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=4).digest()) % size
    return next(1 + (start + step) % size for step in range(size) if 1 + (start + step) % size not in taken)
