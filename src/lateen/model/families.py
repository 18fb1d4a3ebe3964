"""The families of addresses that a proxy has: IPv4, IPv6, or both.

As istiod without its dual-stack flag: a proxy with both is treated as one of IPv4, except that its outbound wildcard
listeners and its inbound pass-through know IPv6, too.
Source: pilot/pkg/networking/core/listener_address.go, pilot/pkg/model/context.go DiscoverIPMode.
"""

from collections.abc import Iterable

from lateen.model.defaults import INBOUND_SOURCE_ADDRESS
from lateen.model.host import is_address

V4, V6, DUAL = "4", "6", "46"
WILDCARD = "0.0.0.0"  # noqa: S104  every address of the workload
WILDCARD6 = "::"
WILDCARDS = frozenset({WILDCARD, WILDCARD6})
LOOPBACK = "127.0.0.1"
LOOPBACK6 = "::1"
INBOUND_SOURCE_ADDRESS6 = "::6"


def families_of(addresses: Iterable[str]) -> str:
    """Return V4, V6 or DUAL; without any address V4."""
    found = {V6 if ":" in address else V4 for address in addresses}
    return DUAL if len(found) > 1 else next(iter(found), V4)


def instance_addresses(announced: str, own: str) -> tuple[str, ...]:
    """Return the addresses that a node announces as INSTANCE_IPS, the main one first; else that of its id."""
    parts = (part.strip(' []"') for part in announced.split(","))
    return tuple(part for part in parts if is_address(part)) or ((own,) if is_address(own) else ())


def speaks(families: str, address: str) -> bool:
    """Tell whether a proxy can reach an address or range by its family."""
    return (V6 if ":" in address else V4) in families


def wildcard(families: str) -> str:
    """Return the address that stands for all of a proxy's own."""
    return WILDCARD if V4 in families else WILDCARD6


def bound(families: str, address: str) -> str:
    """Return an address to listen on: the wildcard in the proxy's family."""
    return wildcard(families) if address == WILDCARD else address


def also(families: str, address: str) -> tuple[str, ...]:
    """Return further addresses of an outbound listener that takes every address."""
    return (WILDCARD6,) if families == DUAL and address == WILDCARD else ()


def also_own_host(families: str) -> tuple[str, ...]:
    """Return the further address of the own host, of a proxy with both families."""
    return (LOOPBACK6,) if families == DUAL else ()


def loopback(families: str) -> str:
    """Return the address of the own host."""
    return LOOPBACK if V4 in families else LOOPBACK6


def source(families: str) -> str:
    """Return the address that calls to the application come from."""
    return INBOUND_SOURCE_ADDRESS if V4 in families else INBOUND_SOURCE_ADDRESS6
