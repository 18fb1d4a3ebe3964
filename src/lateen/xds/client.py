"""A small delta ADS client, for tests and benchmarks: an Envoy as far as discovery goes.

It subscribes to all clusters and listeners, then to the endpoints and route configurations that these name, as Envoy
does, and accepts what it is sent unless it is told to reject it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import msgspec
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import base_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import json_format

from lateen.compile import types
from lateen.xds.grpc import SERVICE
from lateen.xds.request import Node

_METHOD = f"/{SERVICE}/DeltaAggregatedResources"
_UNLIMITED = (("grpc.max_receive_message_length", -1),)
_HTTP = http_connection_manager_pb2.HttpConnectionManager

Reject = Callable[[str, discovery_pb2.Resource], str]
"""Return why a resource of a type is rejected, or an empty string."""


class Received(msgspec.Struct, frozen=True):
    """A resource that the client was sent and has accepted."""

    version: str
    body: bytes


class AdsClient:
    """The client's side of one stream; made by `connect`.

    Attributes:
        resources: what it has, by type URL and name.
        messages: how many responses came, by type URL.
        bytes: how many bytes they had.
    """

    def __init__(self, call: Any, node: Node, reject: Reject) -> None:
        self.resources: dict[str, dict[str, Received]] = {}
        self.messages: dict[str, int] = {}
        self.bytes = 0
        self._call, self._node, self._reject = call, node, reject
        self._named: dict[str, set[str]] = {types.ENDPOINT: set(), types.ROUTE: set()}
        self._moved = asyncio.Event()

    async def until(self, condition: Callable[["AdsClient"], bool], timeout: float = 10) -> None:  # noqa: ASYNC109  a test's deadline
        """Wait until what the client has satisfies a condition.

        Raises:
            TimeoutError: it did not, in so many seconds.
        """
        async with asyncio.timeout(timeout):
            while not condition(self):
                await self._moved.wait()

    def names(self, type_url: str) -> list[str]:
        """Return the names of what it has, sorted."""
        return sorted(self.resources.get(type_url, ()))

    async def run(self) -> None:
        """Subscribe, and take what comes until the stream ends."""
        node = base_pb2.Node(id=self._node.id, cluster=self._node.cluster)
        json_format.ParseDict(self._node.metadata, node.metadata)
        await self._send(types.CLUSTER, node=node)
        await self._send(types.LISTENER)
        while (message := await self._call.read()) is not grpc.aio.EOF:
            self.bytes += len(message)
            await self._take(discovery_pb2.DeltaDiscoveryResponse.FromString(message))
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

    async def _take(self, response: discovery_pb2.DeltaDiscoveryResponse) -> None:
        type_url = response.type_url
        self.messages[type_url] = self.messages.get(type_url, 0) + 1
        errors = [error for item in response.resources if (error := self._reject(type_url, item))]
        if errors:
            detail = {"code": 3, "message": "; ".join(errors)}
            await self._send(type_url, response_nonce=response.nonce, error_detail=detail)
            return
        have = self.resources.setdefault(type_url, {})
        have.update({r.name: Received(r.version, r.resource.value) for r in response.resources})
        for name in response.removed_resources:
            have.pop(name, None)
        await self._send(type_url, response_nonce=response.nonce)
        if type_url == types.CLUSTER:
            await self._follow(types.ENDPOINT, _endpoint_names(have))
        elif type_url == types.LISTENER:
            await self._follow(types.ROUTE, _route_names(have))

    async def _follow(self, type_url: str, names: set[str]) -> None:
        """Subscribe to what is now named and give up what no longer is."""
        before = self._named[type_url]
        more, less = sorted(names - before), sorted(before - names)
        self._named[type_url] = names
        if more or less:
            await self._send(type_url, resource_names_subscribe=more, resource_names_unsubscribe=less)
        for name in less:
            self.resources.get(type_url, {}).pop(name, None)

    async def _send(self, type_url: str, **fields: Any) -> None:
        request = discovery_pb2.DeltaDiscoveryRequest(type_url=type_url, **fields)
        await self._call.write(request.SerializeToString())


@asynccontextmanager
async def connect(
    target: str, node: Node, reject: Reject = lambda _type_url, _resource: ""
) -> AsyncIterator[AdsClient]:
    """Connect to a server (`unix:/path` or `127.0.0.1:port`) and stay so for the duration of the block."""
    async with grpc.aio.insecure_channel(target, options=_UNLIMITED) as channel, asyncio.TaskGroup() as tasks:
        client = AdsClient(channel.stream_stream(_METHOD)(), node, reject)
        running = tasks.create_task(client.run())
        try:
            yield client
        finally:
            running.cancel()


def _endpoint_names(clusters: dict[str, Received]) -> set[str]:
    found = (cluster_pb2.Cluster.FromString(received.body) for received in clusters.values())
    return {c.eds_cluster_config.service_name or c.name for c in found if c.type == cluster_pb2.Cluster.EDS}


def _route_names(listeners: dict[str, Received]) -> set[str]:
    names = set()
    for received in listeners.values():
        listener = listener_pb2.Listener.FromString(received.body)
        for chain in (*listener.filter_chains, listener.default_filter_chain):
            for item in chain.filters:
                if item.typed_config.TypeName() == _HTTP.DESCRIPTOR.full_name:
                    names.add(_HTTP.FromString(item.typed_config.value).rds.route_config_name)
    return names - {""}
