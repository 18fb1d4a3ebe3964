"""Listener filters: what looks at a connection before a filter chain is chosen (listener_inbound.go, filters.go)."""

from collections.abc import Iterable

from envoy.config.listener.v3.listener_components_pb2 import ListenerFilter, ListenerFilterChainMatchPredicate
from envoy.extensions.filters.listener.http_inspector.v3.http_inspector_pb2 import HttpInspector
from envoy.extensions.filters.listener.original_dst.v3.original_dst_pb2 import OriginalDst
from envoy.extensions.filters.listener.original_src.v3.original_src_pb2 import OriginalSrc
from envoy.extensions.filters.listener.proxy_protocol.v3.proxy_protocol_pb2 import ProxyProtocol
from envoy.extensions.filters.listener.tls_inspector.v3.tls_inspector_pb2 import TlsInspector
from envoy.type.v3.range_pb2 import Int32Range
from google.protobuf.message import Message

from lateen.model.filter_chain_match import PLAINTEXT_HTTP, TLS, ChainMatch
from lateen.translate import message, names

ORIGINAL_SOURCE = "envoy.filters.listener.original_src"
TPROXY_MARK = 1337
"""Packets of a transparent proxy carry it, so that the rules do not capture them again."""
FIRST_BYTES = 512
"""How much of a ClientHello is read at first, instead of 64 KiB."""

Predicate = ListenerFilterChainMatchPredicate


def original_destination() -> ListenerFilter:
    """Return the filter that restores where a redirected connection was going."""
    return _filter(names.ORIGINAL_DST_FILTER, OriginalDst())


def original_source() -> ListenerFilter:
    """Return the filter that keeps the client's address towards the application (TPROXY)."""
    return _filter(ORIGINAL_SOURCE, OriginalSrc(mark=TPROXY_MARK))


def proxy_protocol() -> ListenerFilter:
    """Return the filter that reads the PROXY protocol's header."""
    return _filter(names.PROXY_PROTOCOL_FILTER, ProxyProtocol())


def tls_inspector(disabled: Predicate | None = None) -> ListenerFilter:
    """Return the filter that finds TLS, its server name and ALPN."""
    config = TlsInspector(initial_read_buffer_size=message.uint32(FIRST_BYTES))
    return _filter(names.TLS_INSPECTOR, config, disabled)


def http_inspector(disabled: Predicate | None = None) -> ListenerFilter:
    """Return the filter that finds HTTP in clear text."""
    return _filter(names.HTTP_INSPECTOR, HttpInspector(), disabled)


def inspectors_by_port(matches: Iterable[ChainMatch]) -> list[ListenerFilter]:
    """Return the inspectors that the chains need, switched off on every port whose own chains do not need them.

    Waiting for first bytes would break protocols in which the server speaks first. The TLS inspector goes first: when
    it finds TLS, the HTTP inspector has nothing to look for.
    """
    known = tuple(matches)
    ports = sorted({match.port for match in known})
    with_tls = {match.port for match in known if match.transport == TLS or match.server_names}
    with_http = {match.port for match in known if set(match.application_protocols) & set(PLAINTEXT_HTTP)}
    filters = []
    if with_tls:
        filters.append(tls_inspector(_disabled_on(ports, with_tls)))
    if with_http:
        filters.append(http_inspector(_disabled_on(ports, with_http)))
    return filters


def _disabled_on(ports: list[int], needed: set[int]) -> Predicate | None:
    """Port 0 stands for all others: when they need it, exclude the rest; when not, include those that do."""
    if 0 in needed:
        return _any_of_ports([port for port in ports if port not in needed])
    if 0 not in ports:
        return None if needed == set(ports) else _any_of_ports([port for port in ports if port not in needed])
    inside = _any_of_ports(sorted(needed))
    return Predicate(not_match=inside) if inside else None


def _any_of_ports(ports: list[int]) -> Predicate | None:
    rules = [Predicate(destination_port_range=Int32Range(start=port, end=port + 1)) for port in ports]
    if len(rules) > 1:
        return Predicate(or_match=Predicate.MatchSet(rules=rules))
    return rules[0] if rules else None


def _filter(name: str, config: Message, disabled: Predicate | None = None) -> ListenerFilter:
    return ListenerFilter(name=name, typed_config=message.any_of(config), filter_disabled=disabled)
