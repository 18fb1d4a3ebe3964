"""The server over its socket, with clients that speak gRPC."""

import asyncio
import socket
import stat
from contextlib import asynccontextmanager

import grpc
import pytest
from envoy.config.cluster.v3 import cluster_pb2
from envoy.service.discovery.v3 import discovery_pb2
from xds_playbook import CDS, EDS, LDS, NODE, World

from lateen.status.proxies import proxies
from lateen.xds.client import connect
from lateen.xds.grpc import SERVICE, AdsServer
from lateen.xds.session import Response

DEADLINE = 10


def cluster(name, stat_name="one"):
    message = cluster_pb2.Cluster(name=name, type=cluster_pb2.Cluster.EDS, alt_stat_name=stat_name)
    return message.SerializeToString()


@asynccontextmanager
async def serving(world, directory, **settings):
    server = AdsServer(resources=world.resources, view_of=lambda _: "view", **settings)
    await server.start(socket_path=directory / "ads.sock")
    try:
        yield server, f"unix:{directory}/ads.sock"
    finally:
        await server.stop()


async def until(server, condition):
    """Wait on the server's own changes."""
    async with asyncio.timeout(DEADLINE):
        while not condition(server.connections()):
            await server.moved()


def world_of_two():
    return World().set(CDS, a=cluster("a"), b=cluster("b")).set(EDS, a="", b="")


def test_a_client_gets_everything_and_an_edit(tmp_path):
    async def play():
        world = world_of_two()
        async with serving(world, tmp_path) as (server, target), connect(target, NODE) as client:
            await client.until(lambda c: c.names(EDS) == ["a", "b"])
            assert await server.synced(DEADLINE)
            before = server.traffic()["CDS"]
            world.set(CDS, a=cluster("a", "other"))
            assert await server.synced(DEADLINE)
            assert client.resources[CDS]["a"].body == cluster("a", "other")
            assert server.traffic()["CDS"].resources == before.resources + 1
            assert client.messages[EDS] == 2  # the edited cluster's endpoints followed
            (row,) = proxies(connection.state for connection in server.connections())
            assert (row.name, row.cds, row.eds, row.rds) == ("app.default", "SYNCED", "SYNCED", "IGNORED")

    asyncio.run(play())


def test_a_waiting_writer_holds_on_to_nothing_that_it_said(tmp_path):
    async def play():
        async with serving(world_of_two(), tmp_path) as (server, target), connect(target, NODE) as client:
            await client.until(lambda c: c.names(EDS) == ["a", "b"])
            assert await server.synced(DEADLINE)
            frames = [frame for task in asyncio.all_tasks() for frame in task.get_stack()]
            writers = [frame for frame in frames if frame.f_code.co_name == "_write"]
            assert writers
            held = [value for frame in writers for value in frame.f_locals.values()]
            assert not any(isinstance(value, Response) for value in held)

    asyncio.run(play())


def test_a_rejection_is_kept_with_its_words_and_does_not_keep_synced_waiting(tmp_path):
    async def play():
        world = world_of_two()

        def reject(_type_url, resource):
            return "a: nobody likes it" if b"bad" in resource.resource.value else ""

        async with serving(world, tmp_path) as (server, target), connect(target, NODE, reject) as client:
            await client.until(lambda c: c.names(EDS) == ["a", "b"])
            world.set(CDS, a=cluster("a", "bad"))
            assert await server.synced(DEADLINE)
            (row,) = proxies(connection.state for connection in server.connections())
            assert (row.cds, row.last_nack, row.is_synced) == ("ERROR", "CDS a: a: nobody likes it", False)
            assert server.traffic()["CDS"].rejections == 1
            world.set(CDS, a=cluster("a", "good"))
            assert await server.synced(DEADLINE)
            (row,) = proxies(connection.state for connection in server.connections())
            assert (row.cds, row.last_nack, row.is_synced) == ("SYNCED", "", True)

    asyncio.run(play())


def test_a_proxy_that_goes_is_forgotten(tmp_path):
    async def play():
        changes = []
        async with serving(world_of_two(), tmp_path, on_change=lambda: changes.append(1)) as (server, target):
            async with connect(target, NODE):
                await until(server, lambda found: len(found) == 1)
            await until(server, lambda found: not found)
            assert changes
            assert await server.synced(0)

    asyncio.run(play())


def test_a_silent_proxy_keeps_synced_waiting_and_nobody_else(tmp_path):
    async def play():
        world = world_of_two()
        async with (
            serving(world, tmp_path) as (server, target),
            grpc.aio.insecure_channel(target) as channel,
            connect(target, NODE) as client,
        ):
            silent = channel.stream_stream(f"/{SERVICE}/DeltaAggregatedResources")()
            request = discovery_pb2.DeltaDiscoveryRequest(type_url=CDS, node={"id": "silent"})
            await silent.write(request.SerializeToString())
            await until(server, lambda found: len(found) == 2)
            world.set(CDS, c=cluster("c")).set(EDS, c="")
            assert not await server.synced(0.05)
            await client.until(lambda c: c.names(EDS) == ["a", "b", "c"])

    asyncio.run(play())


def test_changes_wait_for_a_cluster_only_as_long_as_patience_lasts(tmp_path):
    async def play():
        world = world_of_two().set(LDS)
        async with (
            serving(world, tmp_path, patience=0.01) as (server, target),
            grpc.aio.insecure_channel(target) as channel,
        ):
            call = channel.stream_stream(f"/{SERVICE}/DeltaAggregatedResources")()
            for type_url in (CDS, LDS):
                request = discovery_pb2.DeltaDiscoveryRequest(type_url=type_url, node={"id": "slow"})
                await call.write(request.SerializeToString())
            seen = [discovery_pb2.DeltaDiscoveryResponse.FromString(await call.read()) for _ in range(2)]
            assert [response.type_url for response in seen] == [CDS, LDS]
            ack = discovery_pb2.DeltaDiscoveryRequest(type_url=LDS, response_nonce=seen[1].nonce)
            await call.write(ack.SerializeToString())
            world.set(LDS, l="x")
            server.notify()
            async with asyncio.timeout(DEADLINE):
                late = discovery_pb2.DeltaDiscoveryResponse.FromString(await call.read())
            assert (late.type_url, late.resources[0].name) == (LDS, "l")

    asyncio.run(play())


REQUESTS = {
    "DeltaAggregatedResources": discovery_pb2.DeltaDiscoveryRequest(type_url=CDS).SerializeToString(),
    "StreamAggregatedResources": discovery_pb2.DiscoveryRequest(type_url=CDS).SerializeToString(),
}


@pytest.mark.parametrize("method", REQUESTS)
@pytest.mark.parametrize(
    ("garbled", "words"), [(False, "node with an id"), (True, r"not a \w*DiscoveryRequest")]
)
def test_a_stream_that_breaks_the_protocol_is_ended_with_words(tmp_path, method, garbled, words):
    async def play():
        async with serving(World(), tmp_path) as (_, target), grpc.aio.insecure_channel(target) as channel:
            call = channel.stream_stream(f"/{SERVICE}/{method}")()
            await call.write(b"\xff" if garbled else REQUESTS[method])
            with pytest.raises(grpc.aio.AioRpcError, match=words) as caught:
                await call.read()
            assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT

    asyncio.run(play())


def test_the_socket_is_private_replaces_a_stale_one_and_goes(tmp_path):
    async def play():
        path = tmp_path / "ads.sock"
        async with serving(World(), tmp_path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            with pytest.raises(OSError, match="another server listens"):
                await AdsServer(resources=World().resources, view_of=str).start(socket_path=path)
        assert not path.exists()
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(path))
        async with serving(World(), tmp_path) as (server, target), connect(target, NODE):
            await until(server, lambda found: len(found) == 1)

    asyncio.run(play())


def test_a_port_on_loopback():
    async def play():
        server = AdsServer(resources=world_of_two().resources, view_of=lambda _: "view")
        port = await server.start(port=0)
        async with connect(f"127.0.0.1:{port}", NODE) as client:
            await client.until(lambda c: c.names(CDS) == ["a", "b"])
        await server.stop()

    asyncio.run(play())


def test_a_path_too_long_for_a_socket_is_an_error_with_words(tmp_path):
    async def play():
        path = tmp_path / ("x" * 120)
        with pytest.raises(OSError, match="x" * 120):
            await AdsServer(resources=World().resources, view_of=str).start(socket_path=path)

    asyncio.run(play())
