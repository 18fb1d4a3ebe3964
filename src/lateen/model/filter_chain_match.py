"""Conditions of a filter chain, and when two of them are the same to Envoy, which refuses such a listener.

Source: pilot/pkg/networking/core/listener.go (isMatchAll, conflictsWith, toFilterChainMatch).
"""

import ipaddress
import itertools

import msgspec

PLAINTEXT_HTTP = ("http/1.1", "h2c")
"""What the HTTP inspector finds in clear text; HTTP/1.0 is no part of it, whatever the proxy accepts."""
ISTIO_MUTUAL = ("istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2")
"""ALPN of a mesh client's TLS."""
RAW = "raw_buffer"
TLS = "tls"


class ChainMatch(msgspec.Struct, frozen=True, kw_only=True):
    """Which connections a chain takes; empty takes all."""

    sni: tuple[str, ...] = ()
    """Server names; `*` among them is no condition."""
    cidrs: tuple[str, ...] = ()
    """Ranges and addresses of the original destination."""
    application_protocols: tuple[str, ...] = ()
    transport: str = ""
    """`tls`, `raw_buffer` or empty for both."""
    port: int = 0
    """The original destination's port; 0 for any."""

    @property
    def server_names(self) -> tuple[str, ...]:
        """The server names that are a condition, sorted."""
        return () if "*" in self.sni else tuple(sorted(set(self.sni)))

    @property
    def ranges(self) -> tuple[str, ...]:
        """The ranges that are a condition, as they are written, sorted; malformed ones are left out."""
        own = {canonical_range(cidr): cidr for cidr in reversed(self.cidrs)}
        return tuple(cidr for network, cidr in sorted(own.items()) if network)

    @property
    def takes_all(self) -> bool:
        """Nothing is asked for: the listener's default chain."""
        return (
            self == ChainMatch(sni=self.sni, cidrs=self.cidrs) and not self.server_names and not self.ranges
        )


def canonical_range(text: str) -> str:
    """Write an address or range as `network/length`; empty for every address and for what is not one."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return ""
    return "" if str(network.network_address) == "0.0.0.0" else str(network)  # noqa: S104


def without_taken(match: ChainMatch, taken: set[tuple[str, ...]]) -> ChainMatch | None:
    """Take away what earlier chains already match, and note the rest as taken; None when nothing is left.

    Envoy refuses a whole listener when two chains name the same server, range and protocol.
    """
    left = match
    if _conditions(match) & taken:
        sni = tuple(name for name in match.server_names if not _conditions(_only(match, sni=(name,))) & taken)
        cidrs = tuple(one for one in match.ranges if not _conditions(_only(match, cidrs=(one,))) & taken)
        if sni:
            left = _only(match, sni=sni)
        elif cidrs:
            left = _only(match, cidrs=cidrs)
        else:
            return None
    taken |= _conditions(left)
    return left


def _only(
    match: ChainMatch, *, sni: tuple[str, ...] | None = None, cidrs: tuple[str, ...] | None = None
) -> ChainMatch:
    return msgspec.structs.replace(
        match, sni=match.sni if sni is None else sni, cidrs=match.cidrs if cidrs is None else cidrs
    )


def _conditions(match: ChainMatch) -> set[tuple[str, ...]]:
    ranges = tuple(canonical_range(cidr) for cidr in match.ranges)
    lists = (match.server_names or ("",), ranges or ("",), match.application_protocols or ("",))
    return {(*one, match.transport, str(match.port)) for one in itertools.product(*lists)}
