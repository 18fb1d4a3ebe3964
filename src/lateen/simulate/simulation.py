"""A connection, and a request on it, through a proxy's compiled configuration: a trace with reasons.

Nothing is drawn at random: where Envoy would draw (weights, fractions, faults), every possible outcome is returned
with its probability.
"""

import msgspec
from envoy.config.listener.v3.listener_components_pb2 import Filter, FilterChain
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import (
    HttpConnectionManager,
)
from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy
from envoy.extensions.transport_sockets.tls.v3.tls_pb2 import DownstreamTlsContext

from lateen.simulate import filter_chains, listeners, tcp
from lateen.simulate.configuration import Configuration
from lateen.simulate.http_connection_manager import serve
from lateen.simulate.packed import opened
from lateen.simulate.request import Connection, Request
from lateen.simulate.trace import AnyStep, NetworkFilterReached, Outcome, Trace, Unsupported

SNI_CLUSTER = "type.googleapis.com/envoy.extensions.filters.network.sni_cluster.v3.SniCluster"
_HARMLESS = frozenset({"istio.metadata_exchange", "istio.stats", "envoy.filters.network.metadata_exchange"})


def simulate(configuration: Configuration, connection: Connection, request: Request | None = None) -> Trace:
    """Return what a proxy with this configuration does with a connection (and a request on it).

    Args:
        configuration: the resources that the proxy was sent.
        connection: where the client connects to, and how.
        request: what it sends; None for a connection that carries no HTTP.
    """
    steps: list[AnyStep] = []
    chosen = listeners.choose(configuration.listeners, connection)
    if chosen is None:
        return Trace(steps=(), outcomes=(Outcome(kind="reset"),))
    listener, step = chosen
    inspected = listeners.inspect(listener, connection)
    steps += [step, inspected.step]
    found = filter_chains.choose(listener, connection, inspected)
    if found is None:
        return _trace(steps, [Outcome(kind="reset", flag="NR")], listener.name, "")
    chain, chain_step = found
    terminates = opened(chain.transport_socket.typed_config, DownstreamTlsContext) is not None
    steps.append(msgspec.structs.replace(chain_step, terminates_tls=terminates))
    outcomes = _through(configuration, chain, _known(connection, inspected), request, steps)
    return _trace(steps, outcomes, listener.name, chain.name)


def _known(connection: Connection, inspected: listeners.Inspected) -> Connection:
    """Forget the server name where no listener filter read it: filters know no other."""
    if connection.tls is None:
        return connection
    return msgspec.structs.replace(
        connection, tls=msgspec.structs.replace(connection.tls, sni=inspected.server_name)
    )


def _trace(steps: list[AnyStep], outcomes: list[Outcome], listener: str, chain: str) -> Trace:
    placed = (msgspec.structs.replace(one, listener=listener, filter_chain=chain) for one in outcomes)
    return Trace(steps=tuple(steps), outcomes=tuple(placed))


def _through(
    configuration: Configuration,
    chain: FilterChain,
    connection: Connection,
    request: Request | None,
    steps: list[AnyStep],
) -> list[Outcome]:
    context = opened(chain.transport_socket.typed_config, DownstreamTlsContext)
    if context is not None and not _accepts(context, connection):
        return [Outcome(kind="reset")]
    readable = context is not None or connection.tls is None
    cluster = ""
    for one in chain.filters:
        manager = opened(one.typed_config, HttpConnectionManager)
        proxy = opened(one.typed_config, TcpProxy)
        if manager is not None or proxy is not None:
            steps.append(NetworkFilterReached(name=one.name))
        if manager is not None:
            if context is not None and connection.payload == "bytes" and _agreed(context, connection) == "h2":
                return [Outcome(kind="reset")]
            if not readable or request is None or connection.payload == "bytes":
                return [Outcome(kind="response", status=400)]  # what it reads is no HTTP
            return serve(configuration, manager, connection, request, steps)
        if proxy is not None:
            return tcp.forward(configuration, proxy, cluster, connection, steps)
        cluster = cluster or _cluster_by_name(one, connection)
        steps += _unknown(one)
    return [Outcome(kind="reset")]


def _accepts(context: DownstreamTlsContext, connection: Connection) -> bool:
    """Tell whether the handshake can succeed: there is TLS, and a client certificate when one is required."""
    if connection.tls is None:
        return False
    return connection.tls.certificate or not context.require_client_certificate.value


def _agreed(context: DownstreamTlsContext, connection: Connection) -> str:
    """Return the application protocol that both sides of the handshake know; the proxy's order counts."""
    offered = connection.tls.alpn if connection.tls is not None else ()
    return next((one for one in context.common_tls_context.alpn_protocols if one in offered), "")


def _cluster_by_name(one: Filter, connection: Connection) -> str:
    by_name = one.typed_config.type_url == SNI_CLUSTER and connection.tls is not None
    return connection.tls.sni if by_name and connection.tls else ""


def _unknown(one: Filter) -> list[AnyStep]:
    known = one.name in _HARMLESS or one.typed_config.type_url == SNI_CLUSTER
    return [] if known else [Unsupported(what=f"network filter {one.name}")]
