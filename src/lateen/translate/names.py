"""Every name that goes over the wire, once. They are Istio's, so that people's tools and dashboards carry over.

Sources: pilot/pkg/model/context.go BuildSubsetKey, pilot/pkg/networking/core/{cluster,listener,httproute,gateway}.go.
"""

from sys import intern

BLACK_HOLE = "BlackHoleCluster"
PASSTHROUGH = "PassthroughCluster"
INBOUND_PASSTHROUGH = "InboundPassthroughCluster"
DYNAMIC_DNS = "AllowAnyDynamicDNSCluster"

VIRTUAL_OUTBOUND = "virtualOutbound"
VIRTUAL_INBOUND = "virtualInbound"
OUTBOUND_BLACK_HOLE_CHAIN = "virtualOutbound-blackhole"
OUTBOUND_CATCH_ALL_CHAIN = "virtualOutbound-catchall-tcp"
OUTBOUND_PASSTHROUGH_CHAIN = "PassthroughFilterChain"
INBOUND_BLACK_HOLE_CHAIN = "virtualInbound-blackhole"
INBOUND_CATCH_ALL_CHAIN = "virtualInbound"
INBOUND_CATCH_ALL_HTTP_CHAIN = "virtualInbound-catchall-http"

ALLOW_ANY_HOST = "allow_any"
BLOCK_ALL_HOST = "block_all"
ALLOW_ANY_DYNAMIC_DNS_HOST = "allow_any_dynamic_dns"

DEFAULT_ROUTE = "default"

# Filters and extensions, by the names that EnvoyFilters match.
HTTP_CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager"
TCP_PROXY = "envoy.filters.network.tcp_proxy"
ROUTER = "envoy.filters.http.router"
FAULT = "envoy.filters.http.fault"
CORS = "envoy.filters.http.cors"
JWT_AUTHN = "envoy.filters.http.jwt_authn"
GRPC_STATS = "envoy.filters.http.grpc_stats"
GRPC_WEB = "envoy.filters.http.grpc_web"
ORIGINAL_DST_FILTER = "envoy.filters.listener.original_dst"
TLS_INSPECTOR = "envoy.filters.listener.tls_inspector"
HTTP_INSPECTOR = "envoy.filters.listener.http_inspector"
PROXY_PROTOCOL_FILTER = "envoy.filters.listener.proxy_protocol"
TLS_TRANSPORT_SOCKET = "envoy.transport_sockets.tls"
RAW_BUFFER_TRANSPORT_SOCKET = "raw_buffer"
PRESERVE_CASE = "preserve_case"
HTTP_PROTOCOL_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def once(name: str) -> str:
    """Return a name itself or an equal one that somebody holds: thousands of clusters are named in many places."""
    return intern(name)


def outbound_cluster(host: str, port: int, subset: str = "") -> str:
    """Name the cluster of a service's port, or of one subset of it."""
    return once(f"outbound|{port}|{subset}|{host}")


def stats_prefix(name: str) -> str:
    """Name the statistics of something; the delimiter tells where the name ends (util.go DelimitedStatsPrefix)."""
    return f"{name};"


def inbound_cluster(port: int) -> str:
    """Name the cluster of the application's port behind a sidecar."""
    return f"inbound|{port}||"


def sni_of_outbound(host: str, port: int, subset: str = "") -> str:
    """Name the SNI that stands for an outbound cluster (AUTO_PASSTHROUGH, mesh TLS)."""
    return f"outbound_.{port}_.{subset}_.{host}"


def parse_cluster(name: str) -> tuple[str, int, str, str] | None:
    """Split a cluster's name into (direction, port, subset, host); None for a fixed cluster."""
    direction, *rest = name.split("|")
    if len(rest) != 3 or not rest[0].isdigit():
        return None
    return direction, int(rest[0]), rest[1], rest[2]


def virtual_host(host: str, port: int) -> str:
    """Name the virtual host of a service on a port."""
    return f"{host}:{port}"


def listener(bind: str, port: int) -> str:
    """Name a listener by its address; a UNIX socket has port 0."""
    return f"{bind}_{port}"


def inbound_virtual_host(port: int) -> str:
    """Name the only virtual host of an inbound port."""
    return f"inbound|http|{port}"


def black_hole_virtual_host(port: int) -> str:
    """Name the virtual host of a gateway's port that no VirtualService is bound to."""
    return f"blackhole:{port}"


def config_path(group: str, version: str, namespace: str, plural: str, name: str) -> str:
    """Name the object that a route or cluster comes from, for its metadata."""
    return f"/apis/{group}/{version}/namespaces/{namespace}/{plural}/{name}"
