"""Which virtual host answers for a host: Envoy's order (source/common/router/config_impl.cc, findVirtualHost).

An exact domain, else the longest `*.suffix`, else the longest `prefix.*`, else `*`; case does not matter.
"""

from typing import Literal

import msgspec
from envoy.config.route.v3.route_components_pb2 import VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from lateen.simulate.paths import host_without_port

Reason = Literal["exact", "suffix", "prefix", "any"]


class Found(msgspec.Struct, frozen=True):
    """A virtual host and the domain that led to it."""

    virtual_host: VirtualHost
    domain: str
    reason: Reason


class Domains:
    """The domains of one route configuration."""

    def __init__(self, configuration: RouteConfiguration) -> None:
        self.ignore_port = configuration.ignore_port_in_host_matching
        self._exact: dict[str, VirtualHost] = {}
        self._suffixes: dict[str, VirtualHost] = {}
        self._prefixes: dict[str, VirtualHost] = {}
        self._any: VirtualHost | None = None
        for virtual_host in configuration.virtual_hosts:
            for domain in virtual_host.domains:
                self._enter(domain.lower(), virtual_host)
        self._suffix_lengths = sorted({len(suffix) for suffix in self._suffixes}, reverse=True)
        self._prefix_lengths = sorted({len(prefix) for prefix in self._prefixes}, reverse=True)

    def _enter(self, domain: str, virtual_host: VirtualHost) -> None:
        if domain == "*":
            self._any = virtual_host
        elif domain.startswith("*"):
            self._suffixes.setdefault(domain[1:], virtual_host)
        elif domain.endswith("*"):
            self._prefixes.setdefault(domain[:-1], virtual_host)
        else:
            self._exact.setdefault(domain, virtual_host)

    def find(self, authority: str) -> Found | None:
        """Return the virtual host for an authority, or None when none answers for it."""
        host = host_without_port(authority) if self.ignore_port else authority
        host = host.lower()
        if host in self._exact:
            return Found(self._exact[host], host, "exact")
        return self._by_suffix(host) or self._by_prefix(host) or self._default()

    def _by_suffix(self, host: str) -> Found | None:
        for length in self._suffix_lengths:  # a wildcard stands for at least one character
            if length < len(host) and (found := self._suffixes.get(host[len(host) - length :])):
                return Found(found, "*" + host[len(host) - length :], "suffix")
        return None

    def _by_prefix(self, host: str) -> Found | None:
        for length in self._prefix_lengths:
            if length < len(host) and (found := self._prefixes.get(host[:length])):
                return Found(found, host[:length] + "*", "prefix")
        return None

    def _default(self) -> Found | None:
        return Found(self._any, "*", "any") if self._any is not None else None
