"""Addresses that do not move: each follows from a name, and from who else is there only when two names clash."""

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from ipaddress import IPv4Network

from lateen.api.meta import Ref

SERVICES = IPv4Network("10.96.0.0/16")
"""Where Kubernetes puts cluster IPs by default."""
PODS = IPv4Network("10.244.0.0/16")
"""Where pods are when nobody runs them."""
RESERVED = 256
"""The first addresses are left alone: network, API server (10.96.0.1), DNS (10.96.0.10), bridges."""


def digest(text: str, length: int) -> str:
    """Make a short stable name of a text, in letters and digits that Kubernetes uses for such names."""
    alphabet = "bcdfghjklmnpqrstvwxz2456789"
    number = int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
    letters = []
    for _ in range(length):
        number, place = divmod(number, len(alphabet))
        letters.append(alphabet[place])
    return "".join(letters)


def allocate(
    network: IPv4Network, refs: Iterable[Ref], taken: Iterable[str], held: Mapping[Ref, str]
) -> tuple[dict[Ref, str], tuple[Ref, ...]]:
    """Give each ref an address of its own; returns the addresses, and the refs for which none was left.

    The address follows from the ref; `taken` ones are passed over. `held` addresses are kept where they are free, so
    that a newcomer never moves anybody. The order of `refs` has no influence.
    """
    used = set(taken)
    found: dict[Ref, str] = {}
    waiting: list[Ref] = []
    for ref in sorted(set(refs)):
        address = held.get(ref)
        if address is not None and address not in used:
            used.add(address)
            found[ref] = address
        else:
            waiting.append(ref)
    left = tuple(ref for ref in waiting if not _take(network, ref, used, found.__setitem__))
    return found, left


class Pool:
    """The addresses of one network: those that were given, and those that objects have of their own."""

    def __init__(self, network: IPv4Network, held: Mapping[Ref, str]) -> None:
        """Give addresses of this network; who is in `held` keeps what it has where that is free."""
        self.given: dict[Ref, str] = dict(held)
        self.left: tuple[Ref, ...] = ()
        """Those for which no address was left, sorted."""
        self._network = network
        self._fixed: dict[Ref, str] = {}
        self._used: set[str] = set()

    def renew(self, free: Iterable[Ref], fixed: Mapping[Ref, str]) -> None:
        """Give an address to each of `free`; `fixed` ones are taken."""
        self._fixed = dict(fixed)
        self.given, self.left = allocate(self._network, free, self._fixed.values(), self.given)
        self._used = set(self.given.values())

    def amend(self, gone: Iterable[Ref], free: Iterable[Ref], fixed: Mapping[Ref, str]) -> bool:
        """Do what `renew` would after some have gone or changed; False, and nothing is done, if others may have to move.

        Args:
            gone: those that are not there any more, or may be others now.
            free: of those the ones that want an address, and newcomers.
            fixed: likewise, with an address of their own.
        """
        if self.left or not self._used.isdisjoint(fixed.values()):
            return False
        wanting = set(free)
        for ref in gone:
            self._fixed.pop(ref, None)
            if ref not in wanting and ref in self.given:
                self._used.discard(self.given.pop(ref))
        self._fixed |= fixed
        waiting = sorted(wanting - self.given.keys())
        if waiting:
            used = self._used.union(self._fixed.values())
            self.left = tuple(
                ref for ref in waiting if not _take(self._network, ref, used, self.given.__setitem__)
            )
            self._used.update(self.given[ref] for ref in waiting if ref in self.given)
        return True


def _take(network: IPv4Network, ref: Ref, used: set[str], give: Callable[[Ref, str], None]) -> bool:
    size = network.num_addresses - RESERVED - 1
    start = int.from_bytes(blake2b(f"{ref.namespace}/{ref.name}".encode(), digest_size=8).digest())
    for step in range(size):
        address = str(network[RESERVED + (start + step) % size])
        if address not in used and not address.endswith((".0", ".255")):  # some programs mistrust those
            used.add(address)
            give(ref, address)
            return True
    return False
