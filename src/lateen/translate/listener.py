"""Listeners: an address, what looks at its connections first, and the filter chains behind.

Sources: pilot/pkg/networking/core/{listener,listener_builder,listener_inbound,gateway}.go.
"""

from collections.abc import Sequence

import msgspec
from envoy.config.core.v3.address_pb2 import Address, Pipe, SocketAddress
from envoy.config.core.v3.base_pb2 import TrafficDirection, TransportSocket
from envoy.config.listener.v3.listener_components_pb2 import (
    Filter,
    FilterChain,
    FilterChainMatch,
    ListenerFilter,
)
from envoy.config.listener.v3.listener_pb2 import AdditionalAddress, Listener

from lateen.api.meta import Ref
from lateen.model.families import WILDCARD
from lateen.model.filter_chain_match import ChainMatch
from lateen.model.mesh import AccessLog
from lateen.translate import listener_filters, message, names
from lateen.translate.access_log import listener_access_logs
from lateen.translate.filter_chain import HANDSHAKE_TIMEOUT, filter_chain
from lateen.translate.tcp_proxy import cluster_filter

UNIX = "unix://"
ACCEPTED_PER_EVENT = 1
"""Connections taken per wake-up, so that workers share them evenly (MAX_CONNECTIONS_PER_SOCKET_EVENT_LOOP)."""


class ListenerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the mesh and the proxy say about every listener."""

    detection_timeout: int = 0
    """Nanoseconds to wait for first bytes; 0 waits for ever."""
    log: AccessLog | None = None
    """For connections that no chain takes."""
    transparent: bool = False
    """TPROXY: the kernel hands over connections to foreign addresses."""
    buffer_bytes: int | None = None
    proxy_protocol: bool = False
    wildcard: str = WILDCARD
    """Every address of the proxy's family."""


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """One filter chain that a listener is made of, before it is known which of them is the default."""

    match: ChainMatch = ChainMatch()
    filters: Sequence[Filter]
    name: str = ""
    tls: TransportSocket | None = None
    origin: Ref | None = None


def outbound(
    where: tuple[str, int],
    specs: Sequence[Spec],
    default: Sequence[Filter],
    settings: ListenerSettings,
    *,
    bound: bool,
) -> Listener:
    """Return a sidecar's outbound listener.

    Args:
        where: address (or `unix://` path) and port.
        specs: its chains; one that takes everything becomes the default chain when there are others.
        default: the filters for everything else; empty for none.
        settings: what the mesh says.
        bound: open the port; else connections arrive from `virtualOutbound` by their original destination.
    """
    listener = Listener(
        name=names.listener(*where),
        address=address(*where),
        traffic_direction=TrafficDirection.OUTBOUND,
        continue_on_listener_filters_timeout=True,
        listener_filters=_inspectors(specs),
        listener_filters_timeout=message.duration(0),
    )
    if any(spec.match.application_protocols for spec in specs):
        listener.listener_filters_timeout.CopyFrom(message.duration(settings.detection_timeout))
    if bound:
        listener.max_connections_to_accept_per_socket_event.CopyFrom(message.uint32(ACCEPTED_PER_EVENT))
    else:
        listener.bind_to_port.CopyFrom(message.boolean(False))
    _set_chains(listener, specs, default)
    return listener


def _inspectors(specs: Sequence[Spec]) -> list[ListenerFilter]:
    filters = []
    if any(spec.match.sni for spec in specs):
        filters.append(listener_filters.tls_inspector())
    if any(spec.match.application_protocols for spec in specs):
        filters.append(listener_filters.http_inspector())
    return filters


def _set_chains(listener: Listener, specs: Sequence[Spec], default: Sequence[Filter]) -> None:
    """Put the chain that takes everything last, as the default; a connection that fits half a chain needs it too."""
    everything = next((spec for spec in specs if spec.match.takes_all), None)
    listener.filter_chains.extend(_timed(spec) for spec in specs if spec is not everything)
    if everything is not None and not listener.filter_chains:
        listener.filter_chains.append(_timed(everything))
    elif everything is not None:
        listener.default_filter_chain.CopyFrom(_timed(everything))
    elif default:
        match = FilterChainMatch()
        passed = FilterChain(name=names.OUTBOUND_PASSTHROUGH_CHAIN, filters=default, filter_chain_match=match)
        listener.default_filter_chain.CopyFrom(passed)


def _chain(spec: Spec) -> FilterChain:
    return filter_chain(spec.match, spec.filters, spec.name, spec.tls, spec.origin)


def _timed(spec: Spec) -> FilterChain:
    """Bound handshakes, as Istio does wherever clients connect by a service's or a gateway's own listener."""
    chain = _chain(spec)
    chain.transport_socket_connect_timeout.CopyFrom(message.duration(HANDSHAKE_TIMEOUT))
    return chain


def virtual_outbound(port: int, specs: Sequence[Spec], settings: ListenerSettings) -> Listener:
    """Return the listener that all captured outbound connections reach first.

    It hands them to the listener of their original destination, or takes them itself. A connection that was made to
    its own port would come back for ever, and is dropped.
    """
    loop = Spec(
        match=ChainMatch(port=port),
        filters=[cluster_filter(names.BLACK_HOLE)],
        name=names.OUTBOUND_BLACK_HOLE_CHAIN,
    )
    listener = Listener(
        name=names.VIRTUAL_OUTBOUND,
        address=address(settings.wildcard, port),
        traffic_direction=TrafficDirection.OUTBOUND,
        use_original_dst=message.boolean(True),
        transparent=message.boolean(True) if settings.transparent else None,
        filter_chains=[_chain(spec) for spec in (loop, *specs)],
        max_connections_to_accept_per_socket_event=message.uint32(ACCEPTED_PER_EVENT),
        access_log=listener_access_logs(settings.log),
    )
    if any(spec.match.application_protocols for spec in specs):
        listener.listener_filters.append(listener_filters.http_inspector())
    return listener


def virtual_inbound(port: int, specs: Sequence[Spec], settings: ListenerSettings) -> Listener:
    """Return the listener of all captured inbound connections; its chains tell the ports apart."""
    loop = Spec(
        match=ChainMatch(port=port),
        filters=[cluster_filter(names.BLACK_HOLE)],
        name=names.INBOUND_BLACK_HOLE_CHAIN,
    )
    every = (loop, *specs)
    listener = _inbound(names.VIRTUAL_INBOUND, (settings.wildcard, port), every, settings)
    filters = [listener_filters.original_destination()]
    if settings.transparent:
        filters.append(listener_filters.original_source())
        listener.transparent.CopyFrom(message.boolean(True))
    listener.listener_filters.extend([*filters, *listener_filters.inspectors_by_port(s.match for s in every)])
    return listener


def inbound(where: tuple[str, int], specs: Sequence[Spec], settings: ListenerSettings) -> Listener:
    """Return a listener of its own for one inbound port (a Sidecar's ingress without capture)."""
    listener = _inbound(names.listener(*where), where, specs, settings)
    listener.listener_filters.extend(listener_filters.inspectors_by_port(s.match for s in specs))
    return listener


def _inbound(
    name: str, where: tuple[str, int], specs: Sequence[Spec], settings: ListenerSettings
) -> Listener:
    return Listener(
        name=name,
        address=address(*where),
        traffic_direction=TrafficDirection.INBOUND,
        continue_on_listener_filters_timeout=True,
        listener_filters_timeout=message.duration(settings.detection_timeout),
        max_connections_to_accept_per_socket_event=message.uint32(ACCEPTED_PER_EVENT),
        filter_chains=[_chain(spec) for spec in specs],
        access_log=listener_access_logs(settings.log),
    )


def gateway(where: tuple[str, int], specs: Sequence[Spec], settings: ListenerSettings) -> Listener:
    """Return a gateway's listener. Envoy's own limit of 15 s for first bytes stays: its clients are strangers."""
    filters = [listener_filters.proxy_protocol()] if settings.proxy_protocol else []
    if any(spec.match.sni or spec.tls is not None for spec in specs):
        filters.append(listener_filters.tls_inspector())
    return Listener(
        name=names.listener(*where),
        address=address(*where),
        traffic_direction=TrafficDirection.OUTBOUND,
        listener_filters=filters,
        filter_chains=[_timed(spec) for spec in specs],
        max_connections_to_accept_per_socket_event=message.uint32(ACCEPTED_PER_EVENT),
        per_connection_buffer_limit_bytes=message.optional_uint32(settings.buffer_bytes),
        access_log=listener_access_logs(settings.log),
    )


def also_at(listener: Listener, binds: Sequence[str], port: int) -> Listener:
    """Let a listener take connections at further addresses, too."""
    listener.additional_addresses.extend(AdditionalAddress(address=address(bind, port)) for bind in binds)
    return listener


def address(bind: str, port: int) -> Address:
    """Return an address: `unix://path` without a port, or an IP with one."""
    if bind.startswith(UNIX):
        return Address(pipe=Pipe(path=bind.removeprefix(UNIX)))
    return Address(socket_address=SocketAddress(address=bind, port_value=port))
