"""Addresses of one mesh on one machine, and the kernel settings of its namespaces."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

MESH_SYSCTLS: Final[Mapping[str, str]] = {
    # Without a route out, forwarding makes the kernel refuse what Envoy does not carry (UDP) instead of dropping it.
    "net.ipv4.ip_forward": "1",
    # Where Docker has loaded br_netfilter, frames between pods would pass the packet rules once more.
    "net.bridge.bridge-nf-call-iptables": "0",
}

_FIRST_POD: Final = 10


def pod_sysctls(gid: int) -> Mapping[str, str]:
    """Programs of group `gid` may listen on any port of their own pod, and may ping."""
    return {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": f"{gid} {gid}"}


class Network(NamedTuple):
    """Where the mesh lives. Two meshes may use the same addresses: they never meet.

    `pods` is the IPv4 network of pods, /24 or wider; `services` are the networks of service addresses.
    """

    pods: str = "10.244.0.0/16"
    services: tuple[str, ...] = ("10.96.0.0/12", "240.240.0.0/16")

    @property
    def prefix(self) -> int:
        """Prefix length of the pods' network."""
        return ipaddress.IPv4Network(self.pods).prefixlen

    @property
    def gateway(self) -> str:
        """The bridge: every pod's default route and name server (10.244.0.1)."""
        return self._address(1)

    @property
    def host(self) -> str:
        """Stands for the host's own 127.0.0.1 inside the mesh (10.244.0.2, host.lateen.internal)."""
        return self._address(2)

    @property
    def ranges(self) -> tuple[str, ...]:
        """Everything that is inside the mesh."""
        return (self.pods, *self.services)

    def addresses(self) -> Iterator[str]:
        """Addresses for pods, in order, from 10.244.0.10 on."""
        network = ipaddress.IPv4Network(self.pods)
        return (str(network[i]) for i in range(_FIRST_POD, network.num_addresses - 1))

    def _address(self, offset: int) -> str:
        return str(ipaddress.IPv4Network(self.pods)[offset])
