"""Many proxies in one process, each with a connection of its own: what `bench_streams` serves.

    python bench_stream_clients.py SOCKET PROXIES

They subscribe as an Envoy does and accept what they are sent. One line says when all have everything; a line on
standard input lets in the next group, and its end ends all.
"""

import asyncio
import sys
from functools import lru_cache
from typing import Any

import bench_mesh
import bench_proxies
import grpc
from envoy.config.core.v3 import base_pb2
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import json_format

from lateen.compile import types
from lateen.xds.grpc import SERVICE
from lateen.xds.request import Node

OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1))
Taken = tuple[str, str, frozenset[str]]


async def proxy(socket: str, node: Node, ready: asyncio.Event) -> None:
    """Be one proxy; say when it has routes, which come last."""
    async with grpc.aio.insecure_channel(f"unix:{socket}", options=OPTIONS) as channel:
        call = channel.stream_stream(f"/{SERVICE}/DeltaAggregatedResources")()
        await call.write(_request(types.CLUSTER, node=_node(node)))
        await call.write(_request(types.LISTENER))
        known: dict[str, frozenset[str]] = {types.ENDPOINT: frozenset(), types.ROUTE: frozenset()}
        while (message := await call.read()) is not grpc.aio.EOF:
            type_url, nonce, named = taken(message)
            await call.write(_request(type_url, response_nonce=nonce))
            wanted = {types.CLUSTER: types.ENDPOINT, types.LISTENER: types.ROUTE}.get(type_url)
            if wanted and named - known[wanted]:
                new = sorted(named - known[wanted])
                known[wanted] |= named
                await call.write(_request(wanted, resource_names_subscribe=new))
            if type_url == types.ROUTE:
                ready.set()


@lru_cache(64)
def taken(message: bytes) -> Taken:
    """Read a response: its type, nonce, and what its resources refer to; the proxies of a view get the same bytes."""
    response = discovery_pb2.DeltaDiscoveryResponse.FromString(message)
    names: frozenset[str] = frozenset()
    if response.type_url == types.CLUSTER:
        names = frozenset(bench_proxies.eds_names(message))
    if response.type_url == types.LISTENER:
        names = frozenset(bench_proxies.route_names(message))
    return response.type_url, response.nonce, names


def _request(type_url: str, **more: Any) -> bytes:
    return discovery_pb2.DeltaDiscoveryRequest(type_url=type_url, **more).SerializeToString()


def _node(node: Node) -> base_pb2.Node:
    return json_format.ParseDict({"id": node.id, "metadata": node.metadata}, base_pb2.Node())


async def main() -> None:
    socket, proxies = sys.argv[1], int(sys.argv[2])
    spaces = bench_mesh.NAMESPACES
    running = []
    for group in (range(spaces), range(spaces, proxies)):
        ready = [asyncio.Event() for _ in group]
        for number, event in zip(group, ready, strict=True):
            node = bench_proxies.node(number % spaces, number // spaces)
            running.append(asyncio.create_task(proxy(socket, node, event)))
            await event.wait()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
    for one in running:
        one.cancel()
    await asyncio.gather(*running, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main())
