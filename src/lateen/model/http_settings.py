"""What the HTTP connection managers on one side of a proxy have in common.

Sources: pilot/pkg/networking/util/proxy_headers.go, pilot/pkg/networking/core/{listener_builder,connection_settings}.go.
"""

from enum import StrEnum

import msgspec

from lateen.api import facts
from lateen.api.mesh_config import MeshConfig
from lateen.api.proxy_settings import (
    ConnectionSettings,
    ProxyHeaders,
    ProxySettings,
    SetCurrentClientCertDetails,
)
from lateen.engine import Database, query
from lateen.model import mesh, mesh_networks
from lateen.model.defaults import SECOND
from lateen.model.families import V6
from lateen.model.view import View

SERVER_NAME = "istio-envoy"


class Side(StrEnum):
    """Where a connection manager stands."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"
    GATEWAY = "gateway"


class ClientCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of `x-forwarded-client-cert`, and what is written into it."""

    mode: str
    """Envoy's word: SANITIZE, FORWARD_ONLY, APPEND_FORWARD, SANITIZE_SET or ALWAYS_FORWARD_ONLY."""
    subject: bool = True
    uri: bool = True
    dns: bool = True
    cert: bool = False
    chain: bool = False

    says_always: bool = False
    """Say what is to be written even where the mode writes nothing, as istiod does on a sidecar's inbound side."""

    @property
    def writes(self) -> bool:
        """What is written of the client's certificate is said."""
        return self.says_always or self.mode in ("APPEND_FORWARD", "SANITIZE_SET")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`connectionSettings`; None is Envoy's default. Durations in nanoseconds."""

    buffer_bytes: int | None = None
    """Of a listener's connections."""
    cluster_buffer_bytes: int | None = None
    """Of connections to upstream hosts; as the API says it, for istiod itself only checks it."""
    idle_timeout: int | None = None
    max_connection_duration: int | None = None
    max_stream_duration: int | None = None
    stream_idle_timeout: int | None = None
    request_timeout: int | None = None
    request_headers_timeout: int | None = None
    drain_timeout: int | None = None
    max_concurrent_streams: int | None = None
    stream_window: int | None = None
    connection_window: int | None = None
    underscores: str = ""
    """ALLOW, REJECT_REQUEST or DROP_HEADER."""
    merge_slashes: bool | None = None
    escaped_slashes: str = ""
    """KEEP_UNCHANGED, REJECT_REQUEST, UNESCAPE_AND_REDIRECT or UNESCAPE_AND_FORWARD."""


EDGE = Limits(
    buffer_bytes=32 * 1024,
    idle_timeout=3600 * SECOND,
    stream_idle_timeout=300 * SECOND,
    request_timeout=300 * SECOND,
    request_headers_timeout=60 * SECOND,
    max_concurrent_streams=100,
    stream_window=64 * 1024,
    connection_window=1024 * 1024,
    underscores="REJECT_REQUEST",
    merge_slashes=True,
    escaped_slashes="UNESCAPE_AND_REDIRECT",
)  # connection_settings.go applyEdgeProfileDefaults: what Envoy advises for untrusted clients


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every HTTP connection manager on one side of a proxy has in common."""

    side: Side
    normalization: str = "BASE"
    """NONE, BASE, MERGE_SLASHES or DECODE_AND_MERGE_SLASHES."""
    server_name: str = ""
    """Empty is Envoy's own, `envoy`."""
    pass_server_header: bool = False
    generate_request_id: bool = True
    debug_headers: bool = True
    append_forwarded_port: bool = False
    preserve_header_case: bool = False
    http10: bool = False
    only_v6: bool = False
    """The proxy has IPv6 only; names that it looks up are of that family."""
    idle_timeout: int | None = None
    """Nanoseconds; from the proxy's IDLE_TIMEOUT."""
    client_certificate: ClientCertificate | None = None
    trusted_proxies: int = 0
    """How many addresses at the end of X-Forwarded-For are those of trusted proxies."""
    internal_ranges: tuple[str, ...] = ()
    """Clients from there are of the mesh's own networks: a gateway believes their `x-envoy-` headers."""
    limits: Limits = Limits()
    access_log: mesh.AccessLog | None = None


@query
def http_settings(db: Database, view: View, side: Side) -> HttpSettings:
    """Return what every connection manager on this side of a proxy has in common."""
    own = mesh.proxy_settings(db, view)
    headers = own.proxy_headers or ProxyHeaders()
    hides_server = bool(headers.server and headers.server.disabled)
    return HttpSettings(
        side=side,
        normalization=_normalization(facts.mesh_config(db)),
        server_name="" if hides_server else _server_name(headers, side),
        pass_server_header=hides_server,
        generate_request_id=not (headers.request_id and headers.request_id.disabled),
        debug_headers=not (headers.envoy_debug_headers and headers.envoy_debug_headers.disabled),
        append_forwarded_port=bool(headers.x_forwarded_port and headers.x_forwarded_port.enabled),
        preserve_header_case=bool(headers.preserve_http1_header_case),
        http10=view.meta("HTTP10") == "1",
        only_v6=view.families == V6,
        idle_timeout=mesh.idle_timeout(view),
        client_certificate=_client_certificate(own, side),
        trusted_proxies=_trusted_proxies(own) if side is Side.GATEWAY else 0,
        internal_ranges=mesh_networks.ranges(db) if side is Side.GATEWAY else (),
        limits=limits(db, view),
        access_log=mesh.access_log(db),
    )


@query
def limits(db: Database, view: View) -> Limits:
    """Return a proxy's `connectionSettings`; the EDGE profile fills in what is unset, on gateways only."""
    own = mesh.proxy_settings(db, view).connection_settings
    if own is None:
        default = facts.mesh_config(db).default_config
        own = default.connection_settings if default else None
    if own is None:
        return Limits()
    base = EDGE if own.profile == "EDGE" and view.is_router else Limits()
    return _over(base, _limits(own))


def cluster_buffer(db: Database, view: View) -> int | None:
    """Return how many bytes a connection to an upstream host may hold back; None is Envoy's default."""
    return limits(db, view).cluster_buffer_bytes


def _over(base: Limits, own: Limits) -> Limits:
    chosen = {
        name: getattr(own, name) for name in Limits.__struct_fields__ if getattr(own, name) not in (None, "")
    }
    return msgspec.structs.replace(base, **chosen)


def _limits(own: ConnectionSettings) -> Limits:
    return Limits(
        buffer_bytes=_natural(own.listener_per_connection_buffer_limit_bytes),
        cluster_buffer_bytes=_natural(own.cluster_per_connection_buffer_limit_bytes),
        idle_timeout=own.http_idle_timeout,
        max_connection_duration=own.http_max_connection_duration,
        max_stream_duration=own.http_max_stream_duration,
        stream_idle_timeout=own.http_stream_idle_timeout,
        request_timeout=own.http_request_timeout,
        request_headers_timeout=own.http_request_headers_timeout,
        drain_timeout=own.http_drain_timeout,
        max_concurrent_streams=_natural(own.http_max_concurrent_streams),
        stream_window=_natural(own.http2_initial_stream_window_size),
        connection_window=_natural(own.http2_initial_connection_window_size),
        underscores=_chosen(own.http_headers_with_underscores_action, "HEADERS_WITH_UNDERSCORES_"),
        merge_slashes=own.http_merge_slashes,
        escaped_slashes=_chosen(own.http_path_with_escaped_slashes_action, "PATH_WITH_ESCAPED_SLASHES_"),
    )


def _natural(number: int | None) -> int | None:
    return None if number is None or number < 0 else number


def _chosen(value: str | None, prefix: str) -> str:
    """Strip an enum's prefix; its `UNSPECIFIED` is no choice."""
    name = (value or "").removeprefix(prefix)
    return "" if name == "UNSPECIFIED" else name


def _normalization(config: MeshConfig) -> str:
    chosen = config.path_normalization.normalization if config.path_normalization else None
    return "BASE" if chosen in (None, "DEFAULT") else str(chosen)


def _server_name(headers: ProxyHeaders, side: Side) -> str:
    """Name the server; an outbound sidecar keeps Envoy's own name (proxy_headers.go calls it a historical accident)."""
    own = headers.server.value if headers.server else None
    return own or ("" if side is Side.OUTBOUND else SERVER_NAME)


def _trusted_proxies(own: ProxySettings) -> int:
    return (own.gateway_topology.num_trusted_proxies if own.gateway_topology else None) or 0


def _client_certificate(own: ProxySettings, side: Side) -> ClientCertificate | None:
    if side is Side.OUTBOUND:
        return None
    if side is Side.GATEWAY:  # `proxyHeaders` has no say here (gateway.go buildGatewayConnectionManager)
        chosen = own.gateway_topology.forward_client_cert_details if own.gateway_topology else None
        return ClientCertificate(mode=_or(chosen, "SANITIZE_SET"), cert=True)
    headers = own.proxy_headers or ProxyHeaders()
    said = headers.set_current_client_cert_details or SetCurrentClientCertDetails()
    return ClientCertificate(
        mode=_or(headers.forwarded_client_cert, "APPEND_FORWARD"),
        subject=said.subject is not False,
        uri=said.uri is not False,
        dns=said.dns is not False,
        cert=bool(said.cert),
        chain=bool(said.chain),
        says_always=True,
    )


def _or(chosen: str | None, default: str) -> str:
    return default if chosen in (None, "UNDEFINED") else str(chosen)
