"""Envoy resources written as proto JSON, for tests of the simulator that need no compiler."""

from typing import Any

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.http.cors.v3 import cors_pb2 as _cors  # noqa: F401  an Any must be known to be read
from envoy.extensions.filters.http.fault.v3 import fault_pb2 as _fault  # noqa: F401
from envoy.extensions.filters.http.router.v3 import router_pb2 as _router  # noqa: F401
from envoy.extensions.filters.listener.http_inspector.v3 import http_inspector_pb2 as _http  # noqa: F401
from envoy.extensions.filters.listener.original_dst.v3 import original_dst_pb2 as _original  # noqa: F401
from envoy.extensions.filters.listener.tls_inspector.v3 import tls_inspector_pb2 as _tls  # noqa: F401
from envoy.extensions.filters.network.http_connection_manager.v3 import (  # noqa: F401
    http_connection_manager_pb2 as _manager,
)
from envoy.extensions.filters.network.tcp_proxy.v3 import tcp_proxy_pb2 as _tcp  # noqa: F401
from google.protobuf.json_format import ParseDict

from lateen.compile import types
from lateen.compile.resource import Resource, resource
from lateen.simulate.configuration import Configuration

Json = dict[str, Any]
KINDS = {
    types.CLUSTER: (Cluster, "name"),
    types.LISTENER: (Listener, "name"),
    types.ROUTE: (RouteConfiguration, "name"),
    types.ENDPOINT: (ClusterLoadAssignment, "cluster_name"),
}
TYPE = "type.googleapis.com/"
FILTERS = TYPE + "envoy.extensions.filters."
ADS = {"ads": {}, "resource_api_version": "V3"}
FAULT = {"name": "envoy.filters.http.fault", "typed_config": {"@type": FILTERS + "http.fault.v3.HTTPFault"}}
CORS = {"name": "envoy.filters.http.cors", "typed_config": {"@type": FILTERS + "http.cors.v3.Cors"}}
ROUTER = {"name": "envoy.filters.http.router", "typed_config": {"@type": FILTERS + "http.router.v3.Router"}}
TLS_INSPECTOR = {
    "name": "envoy.filters.listener.tls_inspector",
    "typed_config": {"@type": FILTERS + "listener.tls_inspector.v3.TlsInspector"},
}
HTTP_INSPECTOR = {
    "name": "envoy.filters.listener.http_inspector",
    "typed_config": {"@type": FILTERS + "listener.http_inspector.v3.HttpInspector"},
}
ORIGINAL_DST = {
    "name": "envoy.filters.listener.original_dst",
    "typed_config": {"@type": FILTERS + "listener.original_dst.v3.OriginalDst"},
}


def resources(**by_type: list[Json]) -> dict[str, tuple[Resource, ...]]:
    """Make resources of lists of proto JSON under `clusters`, `listeners`, `routes`, `endpoints`."""
    urls = {
        "clusters": types.CLUSTER,
        "listeners": types.LISTENER,
        "routes": types.ROUTE,
        "endpoints": types.ENDPOINT,
    }
    return {urls[key]: tuple(_one(urls[key], value) for value in values) for key, values in by_type.items()}


def _one(type_url: str, value: Json) -> Resource:
    kind, name = KINDS[type_url]
    return resource(value[name], ParseDict(value, kind()).SerializeToString(deterministic=True))


def configuration(**by_type: list[Json]) -> Configuration:
    """Make a proxy's configuration."""
    return Configuration(resources(**by_type))


def manager(**settings: Any) -> Json:
    """An HTTP connection manager with fault, cors and router; by default it reads the route configuration `routes`."""
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": FILTERS + "network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "http",
            "http_filters": [CORS, FAULT, ROUTER],
            **(
                {}
                if "route_config" in settings
                else {"rds": {"route_config_name": "routes", "config_source": ADS}}
            ),
            **settings,
        },
    }


def tcp_proxy(cluster: str) -> Json:
    """A filter that forwards bytes."""
    return {
        "name": "envoy.filters.network.tcp_proxy",
        "typed_config": {
            "@type": FILTERS + "network.tcp_proxy.v3.TcpProxy",
            "stat_prefix": "tcp",
            "cluster": cluster,
        },
    }


def socket(address: str, port: int) -> Json:
    """A socket address."""
    return {"socket_address": {"address": address, "port_value": port}}


def listener(name: str, address: str, port: int, *chains: Json, **settings: Any) -> Json:
    """A listener."""
    return {"name": name, "address": socket(address, port), "filter_chains": list(chains), **settings}


def static_cluster(name: str, *addresses: str) -> Json:
    """A cluster with endpoints `ip:port` of its own."""
    found = [
        {"endpoint": {"address": socket(a.partition(":")[0], int(a.partition(":")[2]))}} for a in addresses
    ]
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": found}] if found else []},
    }
