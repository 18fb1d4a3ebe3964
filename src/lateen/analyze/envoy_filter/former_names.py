"""What filters were called once (pkg/config/xds/deprecated.go). Nothing is generated under these names."""

from collections.abc import Mapping
from types import MappingProxyType

_HTTP = (
    "buffer", "cors", "csrf", "ext_authz", "fault", "grpc_http1_bridge", "grpc_json_transcoder", "grpc_web", "gzip",
    "health_check", "ip_tagging", "lua", "router", "squash",
)  # fmt: skip
_NETWORK = (
    "client_ssl_auth",
    "http_connection_manager",
    "mongo_proxy",
    "ratelimit",
    "redis_proxy",
    "tcp_proxy",
)
_LISTENER = ("http_inspector", "original_dst", "original_src", "proxy_protocol", "tls_inspector")

FORMER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        **{f"envoy.{name}": f"envoy.filters.http.{name}" for name in _HTTP},
        **{f"envoy.{name}": f"envoy.filters.network.{name}" for name in _NETWORK},
        **{f"envoy.listener.{name}": f"envoy.filters.listener.{name}" for name in _LISTENER},
        "envoy.http_dynamo_filter": "envoy.filters.http.dynamo",
        "envoy.rate_limit": "envoy.filters.http.ratelimit",
    }
)
"""Former name to present name."""
