"""What a compiled configuration answers to: where a call must go to meet rules."""

import re
from collections.abc import Iterator

import msgspec
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from lateen.compile import types
from lateen.model.view import Proxy
from lateen.simulate.configuration import Configuration
from lateen.simulate.listeners import addresses, binds

ANY = "0.0.0.0"


class Known(msgspec.Struct, frozen=True):
    """Targets and names that a proxy's resources mention, sorted."""

    listening: tuple[tuple[str, int], ...]
    """Where connections are taken; the address is empty for any."""
    arriving: tuple[int, ...]
    """Ports that the inbound side knows."""
    hosts: dict[int, tuple[str, ...]]
    """Hosts of the route configurations, by port."""
    names: tuple[str, ...]
    """Server names."""

    def hosts_at(self, port: int) -> tuple[str, ...]:
        """Return hosts that have routes on a port; those of all ports when it has none."""
        return self.hosts.get(port) or tuple(sorted({one for found in self.hosts.values() for one in found}))


def known(configuration: Configuration, proxy: Proxy) -> Known:
    """Read a proxy's resources."""
    explicit = proxy.type == "router" or proxy.meta("INTERCEPTION_MODE") == "NONE"
    listening, arriving, names = set(), set(), set()
    hosts: dict[int, set[str]] = {}
    for listener in configuration.listeners:
        captor = listener.name in ("virtualInbound", "virtualOutbound")
        for address, port in () if captor or binds(listener) != explicit else addresses(listener):
            if address.startswith("127.") and not explicit:
                continue  # nothing is captured on the way there
            listening.add((proxy.address if explicit and address == ANY else address.replace(ANY, ""), port))
        for chain in listener.filter_chains:
            match = chain.filter_chain_match
            names |= {_filled(one) for one in match.server_names}
            if listener.name == "virtualInbound" and match.HasField("destination_port"):
                arriving.add(match.destination_port.value)
    for name in configuration.names(types.ROUTE):
        found = configuration.route_configuration(name)
        port = re.search(r"\d+", name)
        if found is not None and port:
            hosts.setdefault(int(port[0]), set()).update(_domains(found))
    return Known(
        tuple(sorted(listening)), tuple(sorted(arriving)), {port: tuple(sorted(one)) for port, one in hosts.items()},
        tuple(sorted(names)),
    )  # fmt: skip


def _domains(found: RouteConfiguration) -> Iterator[str]:
    for host in found.virtual_hosts:
        yield from (_filled(one) for one in host.domains if one != "*")


def _filled(pattern: str) -> str:
    """Put something for a wildcard."""
    return pattern.replace("*", "www")
