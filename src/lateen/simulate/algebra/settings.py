"""What a filter chain does with a connection, apart from routes: TLS, HTTP settings, forwarding of bytes."""

from collections.abc import Callable

import msgspec
from envoy.config.listener.v3.listener_components_pb2 import Filter, FilterChain
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import (
    HttpConnectionManager,
)
from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy
from envoy.extensions.transport_sockets.tls.v3.tls_pb2 import DownstreamTlsContext

from lateen.compile import types
from lateen.simulate.algebra.atoms import Base
from lateen.simulate.algebra.effects import Fields, flat, weighted
from lateen.simulate.choices import shares
from lateen.simulate.packed import opened
from lateen.simulate.request import Connection
from lateen.simulate.simulation import SNI_CLUSTER
from lateen.translate.dump import proto_json

CLOSED: Fields = {"connection": "closed"}


class Served(msgspec.Struct, frozen=True):
    """How a connection is served."""

    fields: Fields
    key: bytes
    """Tells one way to serve from another, the names of route configurations included."""
    manager: HttpConnectionManager | None = None
    """Set when there is HTTP on the connection."""
    clusters: tuple[str, ...] = ()
    """Where bytes are forwarded to."""


def served(chain: FilterChain | None, connection: Connection) -> Served:
    """Say how a connection is served by the chain that it reaches."""
    if chain is None:
        return Served(CLOSED, b"")
    context = opened(chain.transport_socket.typed_config, DownstreamTlsContext)
    refused = context is not None and (
        connection.tls is None
        or (context.require_client_certificate.value and not connection.tls.certificate)
    )
    if refused:
        return Served(CLOSED, b"refused")
    twin = FilterChain()
    twin.CopyFrom(chain)
    for field in ("filter_chain_match", "name", "metadata"):
        twin.ClearField(field)
    for one in twin.filters:
        manager = opened(one.typed_config, HttpConnectionManager)
        if manager is not None:
            readable = context is not None or connection.tls is None
            if not readable or connection.payload == "bytes":
                return Served({"connection": "closed, it is no HTTP"}, b"no HTTP")
            return _of_manager(twin, one, manager)
        proxy = opened(one.typed_config, TcpProxy)
        if proxy is not None:
            return _of_proxy(twin, one, proxy, connection)
    return Served(CLOSED, b"")


def _of_manager(chain: FilterChain, one: Filter, manager: HttpConnectionManager) -> Served:
    key = chain.SerializeToString(deterministic=True)
    bare = HttpConnectionManager()
    bare.CopyFrom(manager)
    for field in ("route_config", "rds", "stat_prefix", "access_log", "tracing"):
        bare.ClearField(field)
    one.typed_config.Pack(bare)
    return Served(_fields(chain), key, manager)


def _of_proxy(chain: FilterChain, one: Filter, proxy: TcpProxy, connection: Connection) -> Served:
    bare = TcpProxy()
    bare.CopyFrom(proxy)
    for field in ("cluster", "weighted_clusters", "stat_prefix", "access_log"):
        bare.ClearField(field)
    one.typed_config.Pack(bare)
    by_name = any(filter_.typed_config.type_url == SNI_CLUSTER for filter_ in chain.filters)
    if by_name and connection.tls is not None:
        spread = {connection.tls.sni: 1.0}
    elif proxy.WhichOneof("cluster_specifier") == "weighted_clusters":
        entries = shares((one.name, one.weight) for one in proxy.weighted_clusters.clusters)
        spread = {name: sum(share for other, share in entries if other == name) for name, _ in entries}
    else:
        spread = {proxy.cluster: 1.0}
    fields = {"to": weighted(spread)} | _fields(chain)
    return Served(fields, msgspec.json.encode(fields), None, tuple(spread))


def _fields(chain: FilterChain) -> Fields:
    json = proto_json(types.LISTENER, Listener(filter_chains=[chain]).SerializeToString())
    (only,) = json.get("filter_chains") or [{}]
    found: Fields = {}
    for one in only.pop("filters", ()):
        name = "HTTP settings" if "http_connection_manager" in one["name"] else one["name"].rpartition(".")[2]
        found |= {f"{name}.{key}": value for key, value in flat(one.get("typed_config", {})).items() if key}
    return found | {f"TLS.{_short(key)}": value for key, value in flat(only).items()}


def _short(key: str) -> str:
    for begin in ("transport_socket.typed_config.", "common_tls_context."):
        key = key.removeprefix(begin)
    return key


def trimmed(
    old: Listener | None, new: Listener | None, is_touched: Callable[[bytes], bool]
) -> tuple[Listener | None, Listener | None]:
    """Leave out the filter chains for server names that are alike on both sides and that no changed chain competes with.

    A listener of a gateway may have hundreds, of which an edit changes one. What is left tells which connections to look
    at; they are looked up among all chains.
    """
    if old is None or new is None:
        return old, new
    bodies = [
        {chain.SerializeToString(deterministic=True) for chain in one.filter_chains} for one in (old, new)
    ]
    alike = {body for body in bodies[0] & bodies[1] if not is_touched(body)}
    changed = [
        chain
        for one in (old, new)
        for chain in one.filter_chains
        if chain.SerializeToString(deterministic=True) not in alike
    ]
    if any(not chain.filter_chain_match.server_names for chain in changed):
        return old, new
    patterns = [name for chain in changed for name in chain.filter_chain_match.server_names]
    return _kept(old, alike, patterns), _kept(new, alike, patterns)


def _kept(listener: Listener, alike: set[bytes], patterns: list[str]) -> Listener:
    twin = Listener()
    twin.CopyFrom(listener)
    del twin.filter_chains[:]
    for chain in listener.filter_chains:
        names = chain.filter_chain_match.server_names
        competes = not names or any(_overlap(name, pattern) for name in names for pattern in patterns)
        if competes or chain.SerializeToString(deterministic=True) not in alike:
            twin.filter_chains.add().CopyFrom(chain)
    return twin


def _overlap(one: str, other: str) -> bool:
    """Tell whether a server name can be of both."""
    a, b = one.removeprefix("*"), other.removeprefix("*")
    return (one.startswith("*") and b.endswith(a)) or (other.startswith("*") and a.endswith(b)) or a == b


_HEX = "[0-9a-fA-F]"
_KEPT_ESCAPE = (  # of characters that need one
    f"%(?:[01]{_HEX}|2[0-9a-cA-CfF]|3[a-fA-F]|40|5[b-eB-E]|60|7[b-dB-DfF]|[89a-fA-F]{_HEX})"
)
_NO_SLASHES = f"%(?:[01]{_HEX}|2[0-9a-cA-C]|3[a-fA-F]|40|5[bdeBDE]|60|7[b-dB-DfF]|[89a-fA-F]{_HEX})"


def _class(left_out: str) -> str:
    """Return the characters that the canonical form of a path leaves as they are, but for some."""
    gone = '/%?#"<>`{}|^\\' + left_out
    return "[" + "".join(f"\\x{code:02x}" for code in range(0x21, 0x7F) if chr(code) not in gone) + "]"


def paths(manager: HttpConnectionManager) -> Base:
    """Return the paths that routes see, as the connection manager passes them on.

    Where paths are normalized: without `.` and `..` between slashes, with escapes only of characters that need one. A `%`
    that begins no escape stays.
    """
    if not manager.normalize_path.value:
        return Base(r"/[!\"$->@-~]*", ("/",))
    unescapes = manager.path_with_escaped_slashes_action > HttpConnectionManager.KEEP_UNCHANGED
    escape, stray = _NO_SLASHES if unescapes else _KEPT_ESCAPE, f"(?:%{_HEX}?)"
    escaped = f"{stray}*{escape}|{stray}+{_class('0123456789abcdefABCDEF')}"
    one, no_dot = f"(?:{_class('')}|{escaped})", f"(?:{_class('.')}|{escaped})"
    some = f"(?:{no_dot}{one}*{stray}*|{stray}+)"
    segment = rf"(?:{some}|\.{some}|\.\.(?:{one}+{stray}*|{stray}+))"
    if manager.merge_slashes:
        return Base(f"(?:/{segment})+/?|//?", ("/",))
    return Base(f"(?:/{segment}?)+", ("/",))
