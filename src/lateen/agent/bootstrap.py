"""The bootstrap of a proxy: its node, where its configuration comes from, and what it serves of itself.

Everything else comes over ADS. The control plane and the admin interface are UNIX sockets, so neither has a port
inside the mesh (spec: one-machine.md). Shape after Istio's tools/packaging/common/envoy_bootstrap.json.
"""

from typing import Any

import msgspec

from lateen.model.defaults import READINESS_PORT, STATS_PORT

# SO_MARK values by which capture tells Envoy's own traffic from the application's (spec: one-machine.md A.2).
OUTBOUND_MARK = 0x539
_SOL_SOCKET, _SO_MARK = 1, 36
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_TYPE = "type.googleapis.com/"
MAX_CONNECTIONS = 50_000
"""Of clients, at once, where nobody says otherwise."""
_MAX_REGEX = 32768  # steps of a compiled expression, as Istio's bootstrap says; api.check refuses larger ones


class Bootstrap(msgspec.Struct, frozen=True, kw_only=True):
    """What a bootstrap is made of; all paths are of UNIX sockets."""

    node_id: str
    cluster: str
    metadata: dict[str, Any]
    ads_socket: str
    admin_socket: str
    locality: str = ""
    """`region/zone/subzone`."""
    max_connections: int = MAX_CONNECTIONS
    """Of clients, at once."""
    runtime: dict[str, Any] = {}
    """Envoy's runtime values; None takes back one that is usual here."""
    mark: int | None = OUTBOUND_MARK
    """Set on every connection that Envoy makes; None where nothing is captured."""


def bootstrap_json(settings: Bootstrap) -> bytes:
    """Return the bootstrap as JSON."""
    return msgspec.json.format(msgspec.json.encode(bootstrap(settings)))


def bootstrap(settings: Bootstrap) -> dict[str, Any]:
    """Return the bootstrap as proto JSON."""
    return {
        "node": _node(settings),
        "admin": {"address": {"pipe": {"path": settings.admin_socket, "mode": 0o600}}},
        "cluster_manager": _cluster_manager(settings.mark),
        "dynamic_resources": _dynamic_resources(),
        "static_resources": {
            "clusters": [_ads_cluster(settings.ads_socket), _admin_cluster(settings.admin_socket)],
            "listeners": [
                _self_listener("readiness", READINESS_PORT, "/healthz/ready", "/ready"),
                _self_listener("prometheus", STATS_PORT, "/stats/prometheus", "/stats/prometheus"),
            ],
        },
        "overload_manager": _overload_manager(settings.max_connections),
        "layered_runtime": {"layers": [{"name": "limits", "static_layer": _runtime(settings.runtime)}]},
    }


def _node(settings: Bootstrap) -> dict[str, Any]:
    node: dict[str, Any] = {
        "id": settings.node_id,
        "cluster": settings.cluster,
        "metadata": settings.metadata,
    }
    if settings.locality:
        region, zone, sub_zone = (*settings.locality.split("/"), "", "")[:3]
        node["locality"] = {"region": region, "zone": zone, "sub_zone": sub_zone}
    return node


def _cluster_manager(mark: int | None) -> dict[str, Any]:
    if mark is None:
        return {}
    option = {
        "description": "leave the application's capture",
        "level": _SOL_SOCKET,
        "name": _SO_MARK,
        "int_value": mark,
        "state": "STATE_PREBIND",
    }
    return {"upstream_bind_config": {"socket_options": [option]}}


def _dynamic_resources() -> dict[str, Any]:
    own = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
    return {
        "lds_config": own,
        "cds_config": own,
        "ads_config": {
            "api_type": "DELTA_GRPC",
            "transport_api_version": "V3",
            "set_node_on_first_message_only": True,
            "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}],
        },
    }


def _pipe_cluster(name: str, path: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": {"pipe": {"path": path}}}}]}],
        },
    }


def _ads_cluster(path: str) -> dict[str, Any]:
    http2 = {"@type": _TYPE + _HTTP_OPTIONS, "explicit_http_config": {"http2_protocol_options": {}}}
    return {**_pipe_cluster("xds-grpc", path), "typed_extension_protocol_options": {_HTTP_OPTIONS: http2}}


def _admin_cluster(path: str) -> dict[str, Any]:
    return _pipe_cluster("agent", path)


def _self_listener(name: str, port: int, path: str, target: str) -> dict[str, Any]:
    """Serve one path of the admin interface, and nothing else of it, to the mesh."""
    route = {"match": {"path": path}, "route": {"cluster": "agent", "prefix_rewrite": target}}
    manager = {
        "@type": _TYPE + "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "route_config": {"virtual_hosts": [{"name": "backend", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": _TYPE + "envoy.extensions.filters.http.router.v3.Router"},
            }
        ],
    }
    hcm = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return {
        "name": name,
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": port}},  # noqa: S104  inside the mesh
        "filter_chains": [{"filters": [hcm]}],
    }


def _runtime(own: dict[str, Any]) -> dict[str, Any]:
    values = {"re2.max_program_size.error_level": _MAX_REGEX, **own}
    return {key: value for key, value in values.items() if value is not None}


def _overload_manager(max_connections: int) -> dict[str, Any]:
    """Bound the connections; without a bound Envoy warns at every start."""
    limit = "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
    monitor = {
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": {"@type": _TYPE + limit, "max_active_downstream_connections": max_connections},
    }
    return {"resource_monitors": [monitor]}
