"""The HTTP filters of a connection manager, in the order in which a request meets them.

Istio's own filters (istio.alpn, istio.stats, peer metadata) exist only in its build of Envoy and are not here; whoever
needs what they do finds its place by the reasons below. Source: listener_builder.go buildHTTPConnectionManager.
"""

from collections.abc import Callable

from envoy.extensions.filters.http.cors.v3.cors_pb2 import Cors
from envoy.extensions.filters.http.dynamic_forward_proxy.v3 import dynamic_forward_proxy_pb2 as dynamic
from envoy.extensions.filters.http.fault.v3.fault_pb2 import HTTPFault
from envoy.extensions.filters.http.grpc_stats.v3.config_pb2 import FilterConfig
from envoy.extensions.filters.http.grpc_web.v3.grpc_web_pb2 import GrpcWeb
from envoy.extensions.filters.http.router.v3.router_pb2 import Router
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import HttpFilter
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import BoolValue

from lateen.model.http_settings import HttpSettings
from lateen.model.protocol import Protocol
from lateen.translate import message, names
from lateen.translate.dns_cache import dns_cache

DYNAMIC_FORWARD_PROXY = "envoy.filters.http.dynamic_forward_proxy"
Build = Callable[[HttpSettings, Protocol, str], Message | None]


def _grpc_web(_settings: HttpSettings, protocol: Protocol, _cache: str) -> GrpcWeb | None:
    return GrpcWeb() if protocol is Protocol.GRPC_WEB else None


def _grpc_stats(_settings: HttpSettings, _protocol: Protocol, _cache: str) -> FilterConfig:
    return FilterConfig(emit_filter_state=True, stats_for_all_methods=BoolValue(value=False))


def _fault(_settings: HttpSettings, _protocol: Protocol, _cache: str) -> HTTPFault:
    return HTTPFault()


def _cors(_settings: HttpSettings, _protocol: Protocol, _cache: str) -> Cors:
    return Cors()


def _dynamic_forward_proxy(settings: HttpSettings, _protocol: Protocol, cache: str) -> dynamic.FilterConfig:
    return dynamic.FilterConfig(dns_cache_config=dns_cache(cache, only_v6=settings.only_v6))


def _router(settings: HttpSettings, _protocol: Protocol, _cache: str) -> Router:
    return Router(suppress_envoy_headers=not settings.debug_headers)


FILTERS: tuple[tuple[str, Build], ...] = (
    (names.GRPC_WEB, _grpc_web),  # first: what follows sees gRPC, not gRPC-Web
    (names.GRPC_STATS, _grpc_stats),  # before anything that answers by itself, so that those answers count
    (
        names.FAULT,
        _fault,
    ),  # a route's fault: after who may call is settled, before the request costs an upstream
    (names.CORS, _cors),  # answers preflights; behind faults, so that a preflight can be made to fail too
    (DYNAMIC_FORWARD_PROXY, _dynamic_forward_proxy),  # looks names up last: nothing before it waits for DNS
    (names.ROUTER, _router),  # terminal
)


def http_filters(
    settings: HttpSettings, protocol: Protocol, caches: tuple[str, ...] = ()
) -> list[HttpFilter]:
    """Return the filters for connections of this protocol; routes carry the settings of fault and CORS.

    Args:
        settings: what all connection managers on this side of the proxy have in common.
        protocol: what the port is declared to carry.
        caches: the names of the DNS caches of hosts that the proxy looks up itself; each has a filter that fills it.
    """
    once = ("",)
    built = (
        (name, build(settings, protocol, cache))
        for name, build in FILTERS
        for cache in (caches if name == DYNAMIC_FORWARD_PROXY else once)
    )
    return [
        HttpFilter(name=name, typed_config=message.any_of(config))
        for name, config in built
        if config is not None
    ]
