"""Connected proxies without sockets: the control plane's sessions, and clients that ask as an Envoy does."""

import time
from collections import Counter
from typing import Any, cast

import bench_mesh
import msgspec
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.service.discovery.v3 import discovery_pb2

from lateen.compile import types
from lateen.compile.resources import resources
from lateen.engine import Database
from lateen.model.defaults import CLUSTER_DOMAIN
from lateen.model.view import Proxy, View, view_of
from lateen.xds.change import Changes
from lateen.xds.request import Node, Request
from lateen.xds.session import Response, Session

Hcm = http_connection_manager_pb2.HttpConnectionManager
NAME = "http_connection_manager"


class Sent(msgspec.Struct):
    """What went out in answer to one change, over all proxies."""

    messages: int = 0
    bytes: int = 0
    resources: Counter[str] = msgspec.field(default_factory=Counter)
    """By type's abbreviation, removals too."""
    keeps_names: bool = True
    """Whether `by_client` is filled; for many proxies that is more than all that the server holds."""
    by_client: list[tuple[str, ...]] = msgspec.field(default_factory=list)
    """What each proxy got, as `CDS name`."""
    proxies: int = 0
    """How many were sent anything."""
    seconds: float = 0.0
    """Processor time in the sessions and the queries; the clients' own is left out."""


class Client:
    """One proxy: a delta session and the requests that an Envoy would make of what it is told."""

    def __init__(self, db: Database, node: Node, changes: Changes) -> None:
        self.node = node
        self.session = Session("delta", _asker(db), lambda proxy: view_of(db, proxy), changes, _proxy_of)
        self._waiting: list[Request] = [
            Request(type_url=types.CLUSTER, node=node),
            Request(type_url=types.LISTENER),
        ]
        self._clusters = self._routes = _shared(frozenset())

    def settle(self, sent: Sent) -> None:
        """Talk until nobody has anything to say."""
        told: list[str] = []
        while True:
            began = time.process_time()
            for request in self._waiting:
                self.session.receive(request)
            said = self.session.respond()
            sent.seconds += time.process_time() - began
            self._waiting = []
            if not said:
                break
            for response in said:
                told += _count(response, sent)
                self._take(response)
        sent.proxies += bool(told)
        if sent.keeps_names:
            sent.by_client.append(tuple(told))

    def _take(self, response: Response) -> None:
        self._waiting.append(Request(type_url=response.type_url, nonce=response.nonce))
        if response.type_url == types.CLUSTER and not {*response.names} <= self._clusters:
            self._clusters = self._ask(types.ENDPOINT, eds_names(response.message), self._clusters)
        if response.type_url == types.LISTENER:
            self._routes = self._ask(types.ROUTE, route_names(response.message), self._routes)

    def _ask(self, type_url: str, named: set[str], known: frozenset[str]) -> frozenset[str]:
        if named - known:
            self._waiting.append(Request(type_url=type_url, subscribe=tuple(sorted(named - known))))
        return _shared(known | named)


def node(index: int, copy: int = 0, kind: str = "sidecar") -> Node:
    """What the proxy of one of a generated mesh's pods says of itself."""
    space, pod = bench_mesh.namespace(index), bench_mesh.pod_name(index, copy)
    labels = {"app": bench_mesh.name(index), "version": "v1", "pod-template-hash": f"{index}x"}
    address = bench_mesh.pod_address(index, copy)
    metadata = {
        "NAMESPACE": space,
        "LABELS": labels,
        "INTERCEPTION_MODE": "REDIRECT",
        "CLUSTER_ID": "Kubernetes",
    }
    return Node(id=f"{kind}~{address}~{pod}.{space}~{space}.svc.{CLUSTER_DOMAIN}", metadata=metadata)


def gateway_node() -> Node:
    metadata = {"NAMESPACE": "istio-system", "LABELS": {"istio": "ingressgateway"}}
    return Node(
        id=f"router~10.9.9.9~gateway.istio-system~istio-system.svc.{CLUSTER_DOMAIN}", metadata=metadata
    )


def settle(clients: list[Client], *, keeps_names: bool = True) -> Sent:
    """Let every proxy hear what is new for it."""
    sent = Sent(keeps_names=keeps_names)
    for client in clients:
        client.settle(sent)
    return sent


def _proxy_of(node: Node) -> Proxy:
    return Proxy.from_node(node.id, node.metadata)


_SETS: dict[frozenset[str], frozenset[str]] = {}


def _shared(names: frozenset[str]) -> frozenset[str]:
    """Keep equal sets once: the clients' memory is not what is measured."""
    return _SETS.setdefault(names, names)


def _asker(db: Database) -> Any:
    return lambda type_url, view, names: resources(db, type_url, cast("View", view), names)


def _count(response: Response, sent: Sent) -> list[str]:
    kind = types.abbreviation(response.type_url)
    sent.messages += 1
    sent.bytes += len(response.message)
    sent.resources[kind] += len(response.names) + len(response.removed)
    return [*(f"{kind} {name}" for name in response.names), *(f"{kind} -{name}" for name in response.removed)]


def _bodies(message: bytes) -> list[bytes]:
    parsed = discovery_pb2.DeltaDiscoveryResponse.FromString(message)
    return [one.resource.value for one in parsed.resources]


def eds_names(message: bytes) -> set[str]:
    clusters = map(cluster_pb2.Cluster.FromString, _bodies(message))
    return {one.name for one in clusters if one.type == cluster_pb2.Cluster.EDS}


def route_names(message: bytes) -> set[str]:
    found = set()
    for listener in map(listener_pb2.Listener.FromString, _bodies(message)):
        for chain in (*listener.filter_chains, listener.default_filter_chain):
            for one in chain.filters:
                manager = Hcm()
                if one.name.endswith(NAME) and one.typed_config.Unpack(manager) and manager.HasField("rds"):
                    found.add(manager.rds.route_config_name)
    return found
