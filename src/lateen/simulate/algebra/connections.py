"""Connections, divided by what listeners and filter chains look at: one example for every kind that there can be."""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations, product

from envoy.config.listener.v3.listener_components_pb2 import FilterChain
from envoy.config.listener.v3.listener_pb2 import Listener

from lateen.simulate.listeners import addresses, binds
from lateen.simulate.request import ClientHello, Connection, Payload

ELSEWHERE = ("203.0.113.7", "203.0.113.77", "198.51.100.7", "192.0.2.7")
"""Addresses that nobody has (RFC 5737), for what is sent to no service."""
CLIENT = "10.255.255.1"
_ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared, not bound


def entrances(
    listeners: Sequence[Listener], captured_by: int | None
) -> Iterator[tuple[str, int, int | None]]:
    """Yield (address, port, captured by) of every way to the listeners, one for each kind.

    Args:
        listeners: of both configurations.
        captured_by: the port that captured connections reach; None where nothing is captured, as on gateways.
    """
    places = dict.fromkeys(place for one in listeners for place in addresses(one) if place[1])
    bound = dict.fromkeys(place for one in listeners if binds(one) for place in addresses(one) if place[1])
    taken = {address for address, _ in places}
    free = next((one for one in ELSEWHERE if one not in taken), ELSEWHERE[0])
    if captured_by is None:
        yield from ((free if address in _ANY else address, port, None) for address, port in bound)
        return
    yield from ((address, port, None) for address, port in bound if address.startswith("127."))
    own = {port for one in listeners if one.use_original_dst.value for _, port in addresses(one)}
    ports = {port for _, port in places} - own
    for address, port in places:
        if port not in own and not address.startswith("127."):
            yield free if address in _ANY else address, port, captured_by
    yield free, next(port for port in range(65000, 64000, -1) if port not in ports), captured_by


def kinds(old: Listener | None, new: Listener | None, base: Connection) -> Iterator[Connection]:
    """Yield connections to one place that filter chains can tell apart."""
    chains = [
        chain for one in (old, new) if one is not None for chain in (*one.filter_chains, *_default(one))
    ]
    places = _addresses([r for c in chains for r in c.filter_chain_match.prefix_ranges], base.address)
    sources = _addresses(
        [
            r
            for c in chains
            for r in (
                *c.filter_chain_match.source_prefix_ranges,
                *c.filter_chain_match.direct_source_prefix_ranges,
            )
        ],
        base.source_address,
    )
    captor = any(one is not None and one.use_original_dst.value for one in (old, new))
    named = {c.filter_chain_match.destination_port.value for c in chains} - {0}
    ports = [base.port, *sorted(named - {base.port})] if captor or base.captured_by else [base.port]
    for port, address, source, (hello, payload) in product(ports, places, sources, list(_payloads(chains))):
        yield Connection(
            address=address,
            port=port,
            source_address=source,
            captured_by=base.captured_by,
            tls=hello,
            payload=payload,
        )


def _default(listener: Listener) -> Iterable[FilterChain]:
    return (listener.default_filter_chain,) if listener.HasField("default_filter_chain") else ()


def _payloads(chains: Sequence[FilterChain]) -> Iterator[tuple[ClientHello | None, Payload]]:
    """Yield what clients send first; the plain forms before TLS."""
    plain: tuple[Payload, ...] = ("http", "http2", "bytes")
    yield from ((None, payload) for payload in plain)
    matches = [chain.filter_chain_match for chain in chains]
    names = dict.fromkeys(name.lower() for match in matches for name in match.server_names)
    spoken = dict.fromkeys(one for match in matches for one in match.application_protocols)
    lists: list[tuple[str, ...]] = [("http/1.1",), (), *((one,) for one in spoken if one != "http/1.1")]
    lists += permutations(spoken, 2)
    for name, alpn in product([*(_server(one) for one in names), "other.example", ""], lists):
        for certificate, payload in product((True, False), ("http", "bytes")):
            yield (
                ClientHello(sni=name, alpn=alpn, certificate=certificate),
                "http" if payload == "http" else "bytes",
            )


def _server(pattern: str) -> str:
    return f"any{pattern[1:]}" if pattern.startswith("*.") else pattern


def _addresses(ranges: Sequence[object], usual: str) -> list[str]:
    """Return the usual address, and one of each range that no smaller range holds."""
    networks = sorted(
        {ipaddress.ip_network(f"{r.address_prefix}/{r.prefix_len.value}", strict=False) for r in ranges},  # type: ignore[attr-defined]
        key=lambda one: -one.prefixlen,
    )
    found = [usual]
    for network in networks:
        inner = [
            one for one in networks if one.prefixlen > network.prefixlen and one.version == network.version
        ]
        example = next((a for a in _samples(network, inner) if not any(a in one for one in inner)), None)
        if example is not None:
            found.append(str(example))
    return list(dict.fromkeys(found))


def _samples(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network, inner: Sequence[object]
) -> Iterator[object]:
    """Yield addresses of a network: its first and last, and those just outside of the networks inside."""
    yield network[0] + (1 if network.num_addresses > 2 else 0)
    yield network[-1]
    for one in inner:
        for edge in (one[0] - 1, one[-1] + 1):  # type: ignore[index]
            if edge in network:
                yield edge
