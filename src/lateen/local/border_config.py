"""Envoy configuration of the border, the way into and out of the mesh, as JSON values. Pure.

Two Envoys, because a listener and what it dials share one network namespace: one in the mesh's own network, one in the
host's. They meet on UNIX sockets, which know no network namespace.

In: 127.0.0.1:8080 on the host → a socket → the gateway's pod. Out: the mesh's rules redirect what is addressed to the
world to one listener → a socket, with the destination in a PROXY protocol header → the host's network. The address
`Network.host` stands for the host's own 127.0.0.1; the host's loopback is not to be had otherwise.
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from lateen.local.network import Network
from lateen.local.rules import Chain, Match, Rule, Table

Json = Mapping[str, Any]

EXIT_PORT: Final = 15001
_TYPE: Final = "type.googleapis.com/envoy."
_ORIGINAL_DESTINATION: Final = "envoy.network.transport_socket.original_dst_address"
_CONNECT_TIMEOUT: Final = "5s"


class Entrance(NamedTuple):
    """A port on the host that leads to gateway pods; `destinations` are their (address, port)."""

    port: int
    destinations: tuple[tuple[str, int], ...]
    address: str = "127.0.0.1"

    @property
    def name(self) -> str:
        """The listener, the cluster and the socket are called so."""
        return f"in-{self.address}-{self.port}"


def border_rules(network: Network) -> Table:
    """Rules of the mesh's own network: TCP that leaves the mesh, or means the host, goes to the border."""
    tcp, outward = Match("l4proto", 6), Match("iif", 1, negate=True)
    chain = "prerouting"
    inside = (Rule(chain, (Match("ip daddr", cidr),)) for cidr in network.ranges)
    to_host = Rule(chain, (Match("ip daddr", f"{network.host}/32"), tcp), EXIT_PORT)
    return Table(
        "border",
        (Chain(chain, "prerouting", -100),),
        (to_host, *inside, Rule(chain, (outward, tcp), EXIT_PORT)),
    )


def bootstrap(name: str, directory: str) -> Json:
    """Start-up configuration of the border Envoy `name`; its listeners and clusters come from files beside it."""
    return {
        "node": {"id": name, "cluster": "border"},
        "admin": {"address": _pipe(f"{directory}/{name}.admin")},
        "dynamic_resources": {
            "lds_config": _from_file(f"{directory}/{name}.listeners.json"),
            "cds_config": _from_file(f"{directory}/{name}.clusters.json"),
        },
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": _TYPE
                        + "extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
                        "max_active_downstream_connections": 50_000,
                    },
                }
            ]
        },
    }


def mesh_listeners(directory: str, entrances: Iterable[Entrance]) -> Json:
    """What the mesh's side listens on: each entrance's socket, and the exit."""
    inward = [
        _listener(entrance.name, _pipe(f"{directory}/{entrance.name}"), _tcp_proxy(entrance.name))
        for entrance in entrances
    ]
    exit_listener = _listener("exit", _ip("0.0.0.0", EXIT_PORT), _tcp_proxy("exit"))  # noqa: S104 - the mesh's own network
    exit_listener["listener_filters"] = [_filter("listener", "original_dst", "v3.OriginalDst")]
    return _response("config.listener.v3.Listener", [*inward, exit_listener])


def mesh_clusters(directory: str, entrances: Iterable[Entrance]) -> Json:
    """What the mesh's side dials: gateway pods, and the socket of the host's side."""
    inward = [
        _static_cluster(entrance.name, [_ip(address, port) for address, port in entrance.destinations])
        for entrance in entrances
    ]
    out = _static_cluster("exit", [_pipe(f"{directory}/exit")])
    out["transport_socket"] = {
        "name": "envoy.transport_sockets.upstream_proxy_protocol",
        "typed_config": {
            "@type": _TYPE + "extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport",
            "config": {"version": "V2"},
            "transport_socket": {
                "name": "envoy.transport_sockets.raw_buffer",
                "typed_config": {"@type": _TYPE + "extensions.transport_sockets.raw_buffer.v3.RawBuffer"},
            },
        },
    }
    return _response("config.cluster.v3.Cluster", [*inward, out])


def host_listeners(directory: str, entrances: Iterable[Entrance], network: Network) -> Json:
    """What the host's side listens on: the entrances' ports, and the exit's socket."""
    inward = []
    for entrance in entrances:
        listener = _listener(entrance.name, _ip(entrance.address, entrance.port), _tcp_proxy(entrance.name))
        # With SO_REUSEPORT two meshes would share the port, each taking every other connection.
        inward.append({**listener, "enable_reuse_port": False})
    return _response("config.listener.v3.Listener", [*inward, _exit_to_host(directory, network)])


def host_clusters(directory: str, entrances: Iterable[Entrance]) -> Json:
    """What the host's side dials: the mesh's sockets, and whatever the PROXY header says."""
    inward = [
        _static_cluster(entrance.name, [_pipe(f"{directory}/{entrance.name}")]) for entrance in entrances
    ]
    world = {
        "name": "world",
        "type": "ORIGINAL_DST",
        "lb_policy": "CLUSTER_PROVIDED",
        "connect_timeout": _CONNECT_TIMEOUT,
    }
    return _response("config.cluster.v3.Cluster", [*inward, world, _static_cluster("nowhere", [])])


def _exit_to_host(directory: str, network: Network) -> dict[str, Any]:
    to_loopback = {
        "name": "envoy.filters.network.set_filter_state",
        "typed_config": {
            "@type": _TYPE + "extensions.filters.network.set_filter_state.v3.Config",
            "on_new_connection": [
                {
                    "object_key": _ORIGINAL_DESTINATION,
                    "format_string": {
                        "text_format_source": {"inline_string": "127.0.0.1:%DOWNSTREAM_LOCAL_PORT%"}
                    },
                }
            ],
        },
    }
    return {
        "name": "exit",
        "address": _pipe(f"{directory}/exit"),
        "listener_filters": [_filter("listener", "proxy_protocol", "v3.ProxyProtocol")],
        "filter_chains": [
            _chain([f"{network.host}/32"], to_loopback, _tcp_proxy("world", "host")),
            _chain([*network.ranges, "127.0.0.0/8", "0.0.0.0/32"], _tcp_proxy("nowhere")),
        ],
        "default_filter_chain": {"filters": [_tcp_proxy("world")]},
    }


def _chain(prefixes: Iterable[str], *filters: Json) -> Json:
    ranges = []
    for prefix in prefixes:
        address, _, length = prefix.partition("/")
        ranges.append({"address_prefix": address, "prefix_len": int(length)})
    return {"filter_chain_match": {"prefix_ranges": ranges}, "filters": list(filters)}


def _listener(name: str, address: Json, *filters: Json) -> dict[str, Any]:
    return {"name": name, "address": address, "filter_chains": [{"filters": list(filters)}]}


def _tcp_proxy(cluster: str, stat_prefix: str = "") -> Json:
    return _filter("network", "tcp_proxy", "v3.TcpProxy", stat_prefix=stat_prefix or cluster, cluster=cluster)


def _filter(kind: str, name: str, message: str, **fields: Any) -> Json:
    return {
        "name": f"envoy.filters.{kind}.{name}",
        "typed_config": {"@type": f"{_TYPE}extensions.filters.{kind}.{name}.{message}", **fields},
    }


def _static_cluster(name: str, addresses: Iterable[Json]) -> dict[str, Any]:
    endpoints = [{"endpoint": {"address": address}} for address in addresses]
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": _CONNECT_TIMEOUT,
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def _pipe(path: str) -> Json:
    return {"pipe": {"path": path, "mode": 0o600}}


def _ip(address: str, port: int) -> Json:
    return {"socket_address": {"address": address, "port_value": port}}


def _from_file(path: str) -> Json:
    return {"resource_api_version": "V3", "path_config_source": {"path": path}}


def _response(message: str, resources: Iterable[Json]) -> Json:
    typed = [{"@type": f"{_TYPE}{message}", **resource} for resource in resources]
    version = blake2b(json.dumps(typed).encode(), digest_size=8).hexdigest()
    return {"version_info": version, "resources": typed}
