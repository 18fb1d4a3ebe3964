"""Which ports of this machine lead to which port of which gateway.

80 appears as 8080 and 443 as 8443, since an ordinary user cannot open those; other ports keep their number, those below
1024 move up by 8000. `--publish 80=9080` says otherwise. A default that is taken moves on to the next free number.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import count

import msgspec

PREFERRED_GATEWAY = "istio-ingressgateway"
_DEFAULTS = {80: 8080, 443: 8443}
_UNPRIVILEGED = 1024
_SHIFT = 8000


class GatewayPort(msgspec.Struct, frozen=True, order=True):
    """A port that one gateway proxy listens on."""

    owner: str
    """The gateway's Deployment, or its pod's name."""
    number: int
    """As Gateways name it: the Service's port."""
    pod: str
    address: str
    port: int
    """Opened inside the pod."""
    protocol: str


class Published(msgspec.Struct, frozen=True):
    """A port of this machine and the gateway port behind it, on all replicas."""

    host_port: int
    behind: tuple[GatewayPort, ...]


def default_port(number: int) -> int:
    """Return the number that a gateway's port likes to have on this machine."""
    return _DEFAULTS.get(number, number if number >= _UNPRIVILEGED else number + _SHIFT)


def publish(
    found: Iterable[GatewayPort],
    chosen: Mapping[int, int],
    held: Mapping[tuple[str, int], int],
    is_free: Callable[[int], bool],
) -> tuple[Published, ...]:
    """Give each gateway port a number on this machine.

    Args:
        found: every port of every gateway proxy.
        chosen: gateway port → host port, as the user asked; applies to the first gateway with that port.
        held: numbers given before, by (owner, port): they stay.
        is_free: whether a number can be opened on this machine.

    Returns:
        The published ports, by number.
    """
    groups: dict[tuple[str, int], list[GatewayPort]] = {}
    for one in sorted(found):
        groups.setdefault((one.owner, one.number), []).append(one)
    taken: set[int] = {held[key] for key in groups if key in held}
    published = []
    for key in sorted(groups, key=lambda key: (key[0] != PREFERRED_GATEWAY, key)):
        number = held.get(key) or _number(key[1], chosen, taken, is_free)
        taken.add(number)
        published.append(Published(number, tuple(groups[key])))
    return tuple(sorted(published, key=lambda one: one.host_port))


def _number(wanted: int, chosen: Mapping[int, int], taken: set[int], is_free: Callable[[int], bool]) -> int:
    if wanted in chosen and chosen[wanted] not in taken:
        return chosen[wanted]
    return next(number for number in count(default_port(wanted)) if number not in taken and is_free(number))
