"""Addresses of the pods of one mesh: the next free one, kept as long as the pod lives."""

from collections.abc import Iterator

from lateen.local.network import Network


class Addresses:
    """Hands out pod addresses; a freed one is used again last, so that nobody's stale connection meets a stranger."""

    def __init__(self, network: Network) -> None:
        """Take the network whose addresses are given out."""
        self._fresh: Iterator[str] = network.addresses()
        self._freed: list[str] = []
        self._held: dict[str, str] = {}

    def take(self, pod: str) -> str:
        """Return the pod's address, a new one for a new pod.

        Raises:
            LookupError: every address is taken.
        """
        if pod not in self._held:
            address = next(self._fresh, None) or (self._freed.pop(0) if self._freed else None)
            if address is None:
                raise LookupError("all addresses of the mesh's network are taken")
            self._held[pod] = address
        return self._held[pod]

    def free(self, pod: str) -> None:
        """Give a pod's address back."""
        if pod in self._held:
            self._freed.append(self._held.pop(pod))
