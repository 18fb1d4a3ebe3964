"""Which filter chain of a listener matches: Envoy's order, one criterion after the other, without going back.

Destination port, destination address, server name, transport protocol, application protocol, source type, source
address, source port (source/common/listener_manager/filter_chain_manager_impl.cc). At each criterion only the chains
with the most specific match stay, even if none of those passes a later one. The destination port is special: when a
chain names the port but fails elsewhere, chains without a port are not tried; the default chain is.
"""

import ipaddress
from collections.abc import Callable, Sequence

import msgspec
from envoy.config.core.v3.address_pb2 import CidrRange
from envoy.config.listener.v3.listener_components_pb2 import FilterChain, FilterChainMatch
from envoy.config.listener.v3.listener_pb2 import Listener

from lateen.simulate.listeners import Inspected
from lateen.simulate.request import Connection
from lateen.simulate.trace import FilterChainChosen

Chains = Sequence[FilterChain]
Score = int | None  # how specifically a chain matches one criterion; None: not at all


class Facts(msgspec.Struct, frozen=True):
    """What the criteria look at."""

    connection: Connection
    inspected: Inspected


def choose(
    listener: Listener, connection: Connection, inspected: Inspected
) -> tuple[FilterChain, FilterChainChosen] | None:
    """Return the filter chain that serves the connection; None: it is closed."""
    facts = Facts(connection, inspected)
    chains: Chains = listener.filter_chains
    reasons = []
    for name, score in _CRITERIA:
        chains, chosen = _most_specific(chains, score, facts)
        if chosen:
            reasons.append(name)
    if chains:
        why = "matches on " + ", ".join(reasons) if reasons else "has no conditions"
        return chains[0], FilterChainChosen(filter_chain=chains[0].name, reason=why)
    if listener.HasField("default_filter_chain"):
        default = listener.default_filter_chain
        return default, FilterChainChosen(
            filter_chain=default.name, reason="the default: no other chain matches"
        )
    return None


def _most_specific(
    chains: Chains, score: Callable[[FilterChainMatch, Facts], Score], facts: Facts
) -> tuple[Chains, bool]:
    scored = [(got, chain) for chain in chains if (got := score(chain.filter_chain_match, facts)) is not None]
    best = max((got for got, _ in scored), default=0)
    return [chain for got, chain in scored if got == best], best > 0


def _port(match: FilterChainMatch, facts: Facts) -> Score:
    if not match.HasField("destination_port"):
        return 0
    return 1 if match.destination_port.value == facts.connection.port else None


def _destination(match: FilterChainMatch, facts: Facts) -> Score:
    return _longest(match.prefix_ranges, facts.connection.address)


def _server_name(match: FilterChainMatch, facts: Facts) -> Score:
    if not match.server_names:
        return 0
    scores = [_name_score(name.lower(), facts.inspected.server_name) for name in match.server_names]
    return max((score for score in scores if score is not None), default=None)


def _name_score(pattern: str, name: str) -> Score:
    if pattern.startswith("*."):
        return len(pattern) if name.endswith(pattern[1:]) and len(name) >= len(pattern) else None
    return 1_000_000 if pattern == name else None


def _transport(match: FilterChainMatch, facts: Facts) -> Score:
    if not match.transport_protocol:
        return 0
    return 1 if match.transport_protocol == facts.inspected.transport_protocol else None


def _application(match: FilterChainMatch, facts: Facts) -> Score:
    if not match.application_protocols:
        return 0
    spoken = facts.inspected.application_protocols  # the client's first choice wins
    found = [len(spoken) - spoken.index(one) for one in match.application_protocols if one in spoken]
    return max(found, default=None)


def _direct_source(match: FilterChainMatch, facts: Facts) -> Score:
    return _longest(match.direct_source_prefix_ranges, facts.connection.source_address)


def _source_type(match: FilterChainMatch, facts: Facts) -> Score:
    if match.source_type == FilterChainMatch.ANY:
        return 0
    source = facts.connection.source_address
    local = source == facts.connection.address or ipaddress.ip_address(source).is_loopback
    return 1 if local == (match.source_type == FilterChainMatch.SAME_IP_OR_LOOPBACK) else None


def _source(match: FilterChainMatch, facts: Facts) -> Score:
    return _longest(match.source_prefix_ranges, facts.connection.source_address)


def _source_port(match: FilterChainMatch, facts: Facts) -> Score:
    if not match.source_ports:
        return 0
    return 1 if facts.connection.source_port in match.source_ports else None


def _longest(ranges: Sequence[CidrRange], address: str) -> Score:
    if not ranges:
        return 0
    lengths = [one.prefix_len.value + 1 for one in ranges if covers(one, address)]
    return max(lengths, default=None)


def covers(one: CidrRange, address: str) -> bool:
    """Tell whether an address is in a range."""
    try:
        network = ipaddress.ip_network(f"{one.address_prefix}/{one.prefix_len.value}", strict=False)
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False


_CRITERIA: tuple[tuple[str, Callable[[FilterChainMatch, Facts], Score]], ...] = (
    ("destination port", _port),
    ("destination address", _destination),
    ("server name", _server_name),
    ("transport protocol", _transport),
    ("application protocol", _application),
    ("direct source address", _direct_source),
    ("source type", _source_type),
    ("source address", _source),
    ("source port", _source_port),
)
