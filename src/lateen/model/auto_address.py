"""Addresses that the mesh allots to ServiceEntries without one (pilot/pkg/controllers/ipallocate).

Istio's controller writes them to `status.addresses`, which wins here too. Without one, the address is found by the
hash of namespace, name and host, and the next free one on a clash: it stays the same when other entries come and go.
When all are allotted, the hosts that are left have none.
"""

import hashlib
import ipaddress
from typing import Any

from lateen.api.meta import Object, Ref
from lateen.api.service_entry import ServiceEntry
from lateen.engine import Database, entry_of, query
from lateen.model import blocks
from lateen.model.defaults import AUTO_ALLOCATED_NETWORK
from lateen.model.host import is_wildcard

KIND = "ServiceEntry"
DISABLED_LABEL = "networking.istio.io/enable-autoallocate-ip"
_NETWORK = ipaddress.ip_network(AUTO_ALLOCATED_NETWORK)
_FIRST, _SIZE = int(_NETWORK.network_address), _NETWORK.num_addresses - 2

Allotted = dict[tuple[Ref, str], str]
"""Addresses by (ServiceEntry, host)."""


def allocated_address(db: Database, ref: Ref, host: str) -> str:
    """Return the address allotted to one host of a ServiceEntry, or an empty string."""
    allotted = _allotted(db, blocks.number_of(db, ref))
    return allotted.get((ref, host), "") if allotted else ""


@query
def _by_block(db: Database) -> dict[int, Allotted]:
    """Allot all addresses, and divide them by the blocks of their ServiceEntries."""
    numbers = blocks.refs_by_block(db, KIND)
    needs = {ref: (number, hosts) for number in numbers for ref, hosts in _in_need(db, number)}
    taken: set[int] = set()
    allotted: dict[int, Allotted] = {}
    for ref, (number, hosts) in sorted(needs.items()):
        for host in hosts[: _SIZE - len(taken)]:
            offset = _free_offset(f"{ref.namespace}/{ref.name}/{host}", taken)
            taken.add(offset)
            allotted.setdefault(number, {})[ref, host] = ".".join(map(str, (_FIRST + offset).to_bytes(4)))
    return allotted


@entry_of(_by_block)
def _allotted(db: Database, number: int) -> Allotted | None:
    return _by_block(db).get(number)


@query
def _in_need(db: Database, number: int) -> tuple[tuple[Ref, tuple[str, ...]], ...]:
    """Return those of a block of ServiceEntries that have hosts in need of an address, with these."""
    found = ((ref, _hosts_in_need(one)) for ref, one in blocks.by_ref(db, KIND, number))
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
    offset = int.from_bytes(hashlib.blake2b(identity.encode(), digest_size=4).digest()) % _SIZE
    while 1 + offset in taken:
        offset = (offset + 1) % _SIZE
    return 1 + offset
