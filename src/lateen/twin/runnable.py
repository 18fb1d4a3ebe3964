"""Compiled resources → what one Envoy on 127.0.0.1 can run, changed in as few places as that takes.

Routing decisions stay Envoy's own on the compiled resources: RouteConfigurations and filter chain matches are untouched (but for
the length of a delay). What is changed, and why:

* a listener that opens a port opens a UNIX socket instead, and reads where the connection was going from a PROXY protocol
  header (in place of the kernel's original destination): hand-off between listeners and filter chain matching are Envoy's;
* each endpoint gets an address of its own in 127.0.0.0/8, where one server answers for all and says which address it was;
  host names and UNIX sockets likewise; clusters that go to the original destination, or to a name that they look up, become
  static with one such address, and nothing is looked up;
* TLS and HTTP/2 towards the upstream are left out: the server speaks HTTP/1.1 and bytes;
* every certificate and authority is the twin's own;
* a fault's delay is a millisecond;
* access logs and tracing are left out.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import msgspec
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.address_pb2 import Address
from envoy.config.core.v3.base_pb2 import HeaderValue
from envoy.config.core.v3.config_source_pb2 import ConfigSource
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.config.listener.v3.listener_components_pb2 import FilterChain
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.http.fault.v3.fault_pb2 import HTTPFault
from envoy.extensions.filters.http.header_mutation.v3.header_mutation_pb2 import HeaderMutation
from envoy.extensions.filters.listener.proxy_protocol.v3.proxy_protocol_pb2 import ProxyProtocol
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import (
    HttpConnectionManager,
    HttpFilter,
)
from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy
from envoy.extensions.transport_sockets.tls.v3.tls_pb2 import DownstreamTlsContext
from envoy.extensions.upstreams.http.v3.http_protocol_options_pb2 import HttpProtocolOptions
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message

from lateen.compile import types
from lateen.compile.resource import Resource
from lateen.simulate.packed import opened
from lateen.simulate.targets import text_of
from lateen.translate.cluster import DYNAMIC_FORWARD_PROXY
from lateen.translate.http_filters.table import DYNAMIC_FORWARD_PROXY as HTTP_LOOKUP
from lateen.translate.message import any_of
from lateen.translate.names import HTTP_PROTOCOL_OPTIONS, ORIGINAL_DST_FILTER
from lateen.translate.tcp_proxy import SNI_LOOKUP
from lateen.twin.certificates import Pair

M = TypeVar("M", bound=Message)
Resources = Mapping[str, tuple[Resource, ...]]
CLUSTER, FLAGS, ROUTE = "x-lateen-twin-cluster", "x-lateen-twin-flags", "x-lateen-twin-route"
TOLD = {CLUSTER: "%UPSTREAM_CLUSTER_RAW%", FLAGS: "%RESPONSE_FLAGS%", ROUTE: "%ROUTE_NAME%"}
"""Headers of the response in which the twin says what it did."""
ORIGINAL = "original"
"""What stands for an endpoint where the client says the address."""


class Target(msgspec.Struct, frozen=True):
    """What an address of the twin's backend stands for."""

    cluster: str
    address: str
    """The compiled endpoint; `original` for the original destination, and for what a name leads to."""


class Runnable(msgspec.Struct):
    """What is pushed, and the way back from what happens to the compiled names."""

    bodies: dict[str, dict[str, bytes]]
    needed: dict[str, frozenset[str]]
    sockets: dict[tuple[str, int], str]
    """(compiled address, port) of each listener that opens a port → path of its UNIX socket."""
    targets: dict[str, Target]


class _Rewriting:
    def __init__(self, directory: str, backend_port: int, pair: Pair) -> None:
        self.directory, self.backend_port, self.pair = directory, backend_port, pair
        self.sockets: dict[tuple[str, int], str] = {}
        self.targets: dict[str, Target] = {}
        self.routes: set[str] = set()
        self.extensions: set[str] = set()

    # endpoints

    def local(self, cluster: str, address: str) -> Address:
        number = len(self.targets) + 1
        host = f"127.{64 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        self.targets[host] = Target(cluster, address)
        return Address(socket_address={"address": host, "port_value": self.backend_port})

    def assignment(self, found: ClusterLoadAssignment, cluster: str) -> None:
        for group in found.endpoints:
            for one in group.lb_endpoints:
                one.endpoint.address.CopyFrom(self.local(cluster, text_of(one.endpoint.address)))
                one.endpoint.ClearField("health_check_config")

    def cluster(self, found: Cluster) -> None:
        for field in (
            "transport_socket",
            "transport_socket_matches",
            "health_checks",
            "upstream_bind_config",
        ):
            found.ClearField(field)
        if found.HasField("eds_cluster_config"):
            found.eds_cluster_config.eds_config.CopyFrom(_ads())
        looked_up = found.cluster_type.name == DYNAMIC_FORWARD_PROXY
        if looked_up or (not found.HasField("cluster_type") and found.type == Cluster.ORIGINAL_DST):
            found.type, found.lb_policy = Cluster.STATIC, Cluster.ROUND_ROBIN
            found.ClearField("original_dst_lb_config")
            found.load_assignment.cluster_name = found.name
            endpoint = found.load_assignment.endpoints.add().lb_endpoints.add().endpoint
            endpoint.address.CopyFrom(self.local(found.name, ORIGINAL))
        else:
            self.assignment(found.load_assignment, found.name)
        self._speak_http1(found)

    def _speak_http1(self, found: Cluster) -> None:
        packed = found.typed_extension_protocol_options
        if HTTP_PROTOCOL_OPTIONS in packed:
            options = HttpProtocolOptions()
            packed[HTTP_PROTOCOL_OPTIONS].Unpack(options)
            common = HttpProtocolOptions(common_http_protocol_options=options.common_http_protocol_options)
            common.explicit_http_config.http_protocol_options.SetInParent()
            packed[HTTP_PROTOCOL_OPTIONS].Pack(common)

    # listeners

    def listener(self, found: Listener) -> None:
        found.ClearField("access_log")
        if not found.HasField("bind_to_port") or found.bind_to_port.value:
            self._open_socket(found)
        for chain in (*found.filter_chains, found.default_filter_chain):
            self._chain(chain)
        if not found.default_filter_chain.filters:
            found.ClearField("default_filter_chain")

    def _open_socket(self, found: Listener) -> None:
        path = f"{self.directory}/{len(self.sockets)}"
        for address in (found.address, *(extra.address for extra in found.additional_addresses)):
            self.sockets[address.socket_address.address, address.socket_address.port_value] = path
        found.address.CopyFrom(Address(pipe={"path": path}))
        for field in (
            "additional_addresses",
            "transparent",
            "freebind",
            "socket_options",
            "enable_reuse_port",
        ):
            found.ClearField(field)
        kept = [one for one in found.listener_filters if one.name != ORIGINAL_DST_FILTER]
        del found.listener_filters[:]
        found.listener_filters.add(name="lateen.twin.destination", typed_config=any_of(ProxyProtocol()))
        found.listener_filters.extend(kept)

    def _chain(self, chain: FilterChain) -> None:
        if not chain.filters:
            return
        context = DownstreamTlsContext()
        if chain.transport_socket.typed_config.Unpack(context):
            self._certificates(context)
            chain.transport_socket.typed_config.CopyFrom(any_of(context))
        kept = [one for one in chain.filters if one.name != SNI_LOOKUP]
        del chain.filters[:]
        chain.filters.extend(kept)
        for one in chain.filters:
            _edit(one.typed_config, HttpConnectionManager, self._manager)
            _edit(one.typed_config, TcpProxy, lambda proxy: proxy.ClearField("access_log"))

    def _certificates(self, context: DownstreamTlsContext) -> None:
        common = context.common_tls_context
        validates = common.WhichOneof("validation_context_type") is not None
        for field in (
            "tls_certificates", "tls_certificate_sds_secret_configs", "validation_context",
            "validation_context_sds_secret_config", "combined_validation_context",
        ):  # fmt: skip
            common.ClearField(field)
        common.tls_certificates.add(
            certificate_chain={"filename": str(self.pair.certificate)},
            private_key={"filename": str(self.pair.key)},
        )
        if validates:
            common.validation_context.trusted_ca.filename = str(self.pair.certificate)

    def _manager(self, manager: HttpConnectionManager) -> None:
        for field in ("access_log", "access_log_options", "tracing"):
            manager.ClearField(field)
        if manager.HasField("rds"):
            self.routes.add(manager.rds.route_config_name)
            manager.rds.config_source.CopyFrom(_ads())
        else:
            _shorten_delays(manager.route_config)
        for one in manager.http_filters:
            if one.HasField("config_discovery"):
                self.extensions.add(one.name)
                one.config_discovery.config_source.CopyFrom(_ads())
        telling = HeaderMutation()
        for name, value in TOLD.items():
            telling.mutations.response_mutations.add().append.header.MergeFrom(_header(name, value))
        kept = [one for one in manager.http_filters if one.name != HTTP_LOOKUP]
        filters = [HttpFilter(name="lateen.twin.telling", typed_config=any_of(telling)), *kept]
        del manager.http_filters[:]
        manager.http_filters.extend(filters)


def runnable(resources: Resources, directory: str, backend_port: int, pair: Pair) -> Runnable:
    """Make the compiled resources of a proxy runnable here."""
    rewriting = _Rewriting(directory, backend_port, pair)
    clusters = {one.name: Cluster.FromString(one.body) for one in resources.get(types.CLUSTER, ())}
    listeners = {one.name: Listener.FromString(one.body) for one in resources.get(types.LISTENER, ())}
    assigned = {
        one.name: ClusterLoadAssignment.FromString(one.body) for one in resources.get(types.ENDPOINT, ())
    }
    routes = {one.name: RouteConfiguration.FromString(one.body) for one in resources.get(types.ROUTE, ())}
    users = {name: cluster.name for cluster in clusters.values() for name in _eds_names(cluster)}
    for cluster in clusters.values():
        rewriting.cluster(cluster)
    for name, assignment in assigned.items():
        rewriting.assignment(assignment, users.get(name, name))
    for listener in listeners.values():
        rewriting.listener(listener)
    for route in routes.values():
        _shorten_delays(route)
    return Runnable(
        bodies={
            types.CLUSTER: _serialized(clusters),
            types.ENDPOINT: _serialized(assigned),
            types.LISTENER: _serialized(listeners),
            types.ROUTE: _serialized(routes),
            types.EXTENSION_CONFIG: {one.name: one.body for one in resources.get(types.EXTENSION_CONFIG, ())},
        },
        needed={
            types.ENDPOINT: frozenset(users),
            types.ROUTE: frozenset(rewriting.routes),
            types.EXTENSION_CONFIG: frozenset(rewriting.extensions),
        },
        sockets=rewriting.sockets,
        targets=rewriting.targets,
    )


def _serialized(messages: Mapping[str, Message]) -> dict[str, bytes]:
    return {name: message.SerializeToString(deterministic=True) for name, message in messages.items()}


def _eds_names(cluster: Cluster) -> Iterator[str]:
    if not cluster.HasField("cluster_type") and cluster.type == Cluster.EDS:
        yield cluster.eds_cluster_config.service_name or cluster.name


def _shorten_delays(configuration: RouteConfiguration) -> None:
    found = [configuration.typed_per_filter_config]
    for virtual_host in configuration.virtual_hosts:
        found.append(virtual_host.typed_per_filter_config)
        for route in virtual_host.routes:
            found.append(route.typed_per_filter_config)
            found += [one.typed_per_filter_config for one in route.route.weighted_clusters.clusters]
    for settings in found:
        for packed in settings.values():
            _edit(packed, HTTPFault, _shorten)


def _shorten(fault: HTTPFault) -> None:
    if fault.delay.HasField("fixed_delay"):
        fault.delay.fixed_delay.FromMilliseconds(1)


def _edit(packed: AnyMessage, kind: type[M], edit: Callable[[M], None]) -> None:
    message = opened(packed, kind)
    if message is not None:
        edit(message)
        packed.CopyFrom(any_of(message))


def _ads() -> ConfigSource:
    return ConfigSource(ads={}, resource_api_version="V3")


def _header(name: str, value: str) -> HeaderValue:
    return HeaderValue(key=name, value=value)
