"""A sidecar's inbound listeners, from what the model says of them to bytes.

Every chain takes clear text; the chains for mesh TLS are to come in front of these (filterchain_options.go has the
table of modes and protocols).
"""

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from lateen.api.meta import Ref
from lateen.api.virtual_service import HTTPRetry
from lateen.model.filter_chain_match import PLAINTEXT_HTTP, RAW, ChainMatch
from lateen.model.http_settings import HttpSettings
from lateen.model.inbound import InboundChain
from lateen.model.protocol import Protocol
from lateen.translate import listener, message, names
from lateen.translate.http_connection_manager import Http, http_filter
from lateen.translate.inbound_routes import inbound_route_configuration
from lateen.translate.listener import ListenerSettings, Spec
from lateen.translate.tcp_proxy import cluster_filter, mongo_statistics

FEW = 8
"""A listener of so many ports, some kilobytes, is remembered: many proxies and meshes have it in common."""
_RECENT = 2**8


class InboundSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What all inbound chains of a proxy have in common."""

    listener: ListenerSettings
    http: HttpSettings
    retries: HTTPRetry | None = None
    """The mesh's `defaultInboundHttpRetryPolicy`."""
    any_port_stat_name: str = ""
    """Begins the statistics of opaque connections to undeclared ports; empty is the cluster's name."""


class _Port(msgspec.Struct, frozen=True, kw_only=True):
    """A chain's names and numbers; port 0 stands for all that nobody declares."""

    number: int
    cluster: str
    http_name: str
    tcp_name: str
    stat_prefix: str
    tcp_stat_prefix: str = ""
    host: str = ""
    service_port: int = 0
    origin: Ref | None = None


_ANY_PORT = _Port(
    number=0,
    cluster=names.INBOUND_PASSTHROUGH,
    http_name=names.INBOUND_CATCH_ALL_HTTP_CHAIN,
    tcp_name=names.INBOUND_CATCH_ALL_CHAIN,
    stat_prefix=names.stats_prefix(names.INBOUND_PASSTHROUGH),
)


def virtual_inbound(port: int, chains: tuple[InboundChain, ...], settings: InboundSettings) -> bytes:
    """Return the listener of all captured inbound connections; undeclared ports are passed to the application."""
    make = _recent_listener if len(chains) <= FEW else _listener
    return make(port, chains, settings)


def _listener(port: int, chains: tuple[InboundChain, ...], settings: InboundSettings) -> bytes:
    anywhere = msgspec.structs.replace(_ANY_PORT, tcp_stat_prefix=settings.any_port_stat_name)
    specs = [
        *_specs(anywhere, Protocol.UNSUPPORTED, settings),
        *(s for chain in chains for s in _of(chain, settings)),
    ]
    return message.serialized(listener.virtual_inbound(port, specs, settings.listener))


_recent_listener = lru_cache(_RECENT)(_listener)


def bound_inbound(chain: InboundChain, settings: InboundSettings) -> bytes:
    """Return the listener of one inbound port that is opened for real."""
    specs = [*_of(chain, settings)]
    return message.serialized(listener.inbound((chain.bind, chain.port), specs, settings.listener))


def _of(chain: InboundChain, settings: InboundSettings) -> Iterator[Spec]:
    name = names.listener(chain.bind, chain.port)
    port = _Port(
        number=chain.port,
        cluster=names.inbound_cluster(chain.port),
        http_name=name,
        tcp_name=name,
        stat_prefix=names.stats_prefix(f"inbound_{name}"),
        tcp_stat_prefix=chain.stat_name,
        host=chain.host,
        service_port=chain.service_port,
        origin=Ref("Sidecar", *chain.sidecar) if chain.sidecar else None,
    )
    yield from _specs(port, chain.protocol, settings)


def _specs(port: _Port, protocol: Protocol, settings: InboundSettings) -> Iterator[Spec]:
    if protocol.is_http:
        yield _http(port, protocol, ChainMatch(port=port.number, transport=RAW), settings)
    elif protocol.is_sniffed:
        detected = ChainMatch(port=port.number, transport=RAW, application_protocols=PLAINTEXT_HTTP)
        yield _http(port, protocol, detected, settings)
    if (
        not protocol.is_http
    ):  # UDP too, as istiod has it: the Service's port says so, the chain takes what TCP there is
        tcp = cluster_filter(
            port.cluster, settings.http.access_log, settings.http.idle_timeout, port.tcp_stat_prefix
        )
        match = ChainMatch(port=port.number, transport=RAW)
        mongo = [mongo_statistics(port.tcp_stat_prefix or port.cluster)] if protocol is Protocol.MONGO else []
        yield Spec(match=match, filters=[*mongo, tcp], name=port.tcp_name, origin=port.origin)


def _http(port: _Port, protocol: Protocol, match: ChainMatch, settings: InboundSettings) -> Spec:
    routes = inbound_route_configuration(
        cluster=port.cluster,
        host=port.host,
        port=port.service_port,
        retries=settings.retries,
        is_grpc=protocol.is_grpc,
    )
    spoken = Http(stat_prefix=port.stat_prefix, protocol=protocol)
    filters = [http_filter(settings.http, spoken, routes)]
    return Spec(match=match, filters=filters, name=port.http_name, origin=port.origin)
