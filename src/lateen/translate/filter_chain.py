"""Filter chains: conditions, the filters behind them, the TLS in front, where they come from."""

import ipaddress
from collections.abc import Iterable

from envoy.config.core.v3.address_pb2 import CidrRange
from envoy.config.core.v3.base_pb2 import Metadata, TransportSocket
from envoy.config.listener.v3.listener_components_pb2 import Filter, FilterChain, FilterChainMatch

from lateen.api.meta import Ref
from lateen.model.filter_chain_match import ChainMatch
from lateen.translate import message, names

HANDSHAKE_TIMEOUT = 15 * message.SECOND
"""Bounds slow TLS handshakes (PILOT_GATEWAY_TRANSPORT_SOCKET_CONNECT_TIMEOUT)."""


def filter_chain_match(match: ChainMatch) -> FilterChainMatch | None:
    """Return the conditions; None when every connection is taken."""
    if match.takes_all:
        return None
    return FilterChainMatch(
        server_names=match.server_names,
        prefix_ranges=[cidr_range(text) for text in match.ranges],
        application_protocols=match.application_protocols,
        transport_protocol=match.transport,
        destination_port=message.uint32(match.port) if match.port else None,
    )


def filter_chain(
    match: ChainMatch,
    filters: Iterable[Filter],
    name: str = "",
    tls: TransportSocket | None = None,
    origin: Ref | None = None,
) -> FilterChain:
    """Return a chain.

    Args:
        match: which connections it takes.
        filters: the network filters, the terminal one last.
        name: shown in EnvoyFilters and statistics; may be empty.
        tls: ends TLS; None passes bytes as they are.
        origin: the VirtualService or Sidecar it comes from, for its metadata.
    """
    return FilterChain(
        name=name,
        filter_chain_match=filter_chain_match(match),
        filters=filters,
        transport_socket=tls,
        metadata=origin_metadata(origin) if origin else None,
    )


def origin_metadata(origin: Ref) -> Metadata:
    """Say which object something comes from, as Istio does (`filter_metadata.istio.config`)."""
    metadata = Metadata()
    kind = {"VirtualService": "virtual-service", "Sidecar": "sidecar"}.get(origin.kind, origin.kind.lower())
    path = names.config_path("networking.istio.io", "v1", origin.namespace, kind, origin.name)
    metadata.filter_metadata["istio"].update({"config": path})
    return metadata


def cidr_range(text: str) -> CidrRange:
    """Read an address with or without a mask, the address as it is written."""
    one = ipaddress.ip_interface(text)
    return CidrRange(address_prefix=str(one.ip), prefix_len=message.uint32(one.network.prefixlen))
