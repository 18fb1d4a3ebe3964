"""A real Envoy on the other side: it is served, takes edits without dropping a request, and rejects what is wrong."""

import asyncio
import json
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2  # noqa: F401  named by a listener
from envoy.extensions.filters.network.http_connection_manager.v3 import (  # noqa: F401  named by a listener
    http_connection_manager_pb2,
)
from google.protobuf import json_format
from xds_playbook import CDS, EDS, LDS, RDS, World

from lateen.agent.binary import envoy_path
from lateen.status.proxies import proxies
from lateen.xds.grpc import AdsServer

pytestmark = [pytest.mark.envoy, pytest.mark.slow]
DEADLINE = 10
ADS = {"ads": {}, "resource_api_version": "V3"}
TYPE = "type.googleapis.com/envoy.extensions.filters"


def message(kind, body):
    return json_format.ParseDict(body, kind()).SerializeToString(deterministic=True)


def listener(directory, routes="routes"):
    router = {"name": "router", "typed_config": {"@type": f"{TYPE}.http.router.v3.Router"}}
    http = {
        "@type": f"{TYPE}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "test",
        "rds": {"route_config_name": routes, "config_source": ADS},
        "http_filters": [router],
    }
    body = {
        "name": "front",
        "address": {"pipe": {"path": f"{directory}/front.sock"}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": http}]}],
    }
    return message(listener_pb2.Listener, body)


def route(action, name="routes"):
    host = {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, **action}]}
    return message(route_pb2.RouteConfiguration, {"name": name, "virtual_hosts": [host]})


def answer(text):
    return route({"direct_response": {"status": 200, "body": {"inline_string": text}}})


def cluster(name, timeout="1s"):
    body = {
        "name": name,
        "type": "EDS",
        "connect_timeout": timeout,
        "eds_cluster_config": {"eds_config": ADS},
    }
    return message(cluster_pb2.Cluster, body)


def endpoints(name, directory):
    address = {"pipe": {"path": f"{directory}/backend.sock"}}
    body = {
        "cluster_name": name,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
    }
    return message(endpoint_pb2.ClusterLoadAssignment, body)


def bootstrap(directory, api_type):
    http2 = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    address = {"pipe": {"path": f"{directory}/ads.sock"}}
    ads = {
        "name": "ads",
        "type": "STATIC",
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2},
        "load_assignment": {
            "cluster_name": "ads",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
    }
    return {
        "node": {"id": "sidecar~127.0.0.1~front.default~default.svc.cluster.local", "cluster": "front"},
        "admin": {"address": {"pipe": {"path": f"{directory}/admin.sock"}}},
        "dynamic_resources": {
            "ads_config": {
                "api_type": api_type,
                "transport_api_version": "V3",
                "grpc_services": [{"envoy_grpc": {"cluster_name": "ads"}}],
            },
            "cds_config": ADS,
            "lds_config": ADS,
        },
        "static_resources": {"clusters": [ads]},
    }


async def get(directory):
    """Return status and body of one request through the proxy."""
    reader, writer = await asyncio.open_unix_connection(f"{directory}/front.sock")
    try:
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].split()[0])
        return int(head.split()[1]), (await reader.readexactly(length)).decode()
    finally:
        writer.close()


async def eventually(directory, expected):
    """Ask until the proxy answers so; it may still be starting its listener."""
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                if await get(directory) == expected:
                    return
            except (OSError, EOFError):
                pass
            await asyncio.sleep(0.005)


@asynccontextmanager
async def backend(directory, text):
    """A plain HTTP server that always answers the same."""

    async def serve(reader, writer):
        while (await reader.readuntil(b"\r\n\r\n")) and not writer.is_closing():
            writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(text)}\r\n\r\n{text}".encode())

    async def quietly(reader, writer):
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_unix_server(quietly, f"{directory}/backend.sock")
    try:
        yield
    finally:
        server.close()


@asynccontextmanager
async def mesh(world, api_type):
    """A control plane and an Envoy that is configured by it."""
    with tempfile.TemporaryDirectory() as name:  # pytest's own paths may be too long for a socket
        directory = Path(name)
        world.set(LDS, front=listener(directory)).set(RDS, routes=answer("v0"))
        server = AdsServer(resources=world.resources, view_of=lambda _: "view")
        await server.start(socket_path=directory / "ads.sock")
        config = directory / "bootstrap.json"
        config.write_text(json.dumps(bootstrap(directory, api_type)))
        log = (directory / "envoy.log").open("w")
        options = ["--concurrency", "1", "--log-level", "warn", "--disable-hot-restart"]
        process = await asyncio.create_subprocess_exec(
            envoy_path(), "-c", config, *options, stdout=log, stderr=log
        )
        try:
            await eventually(directory, (200, "v0"))
            assert await server.synced(DEADLINE)
            yield server, directory
        finally:
            process.terminate()
            await process.wait()
            log.close()
            await server.stop()


async def push(server):
    """Wait for the acknowledgement, in less than the 15 seconds that Envoy waits for endpoints that do not come."""
    assert await server.synced(5)


def row(server):
    (found,) = proxies(connection.state for connection in server.connections())
    return found


both = pytest.mark.parametrize("api_type", ["DELTA_GRPC", "GRPC"])


# items 1, 3
@both
def test_envoy_serves_and_takes_an_edit(api_type):
    async def play():
        world = World()
        async with mesh(world, api_type) as (server, directory):
            status = row(server)
            assert (status.name, status.version) == ("front.default", "1.40.0")
            assert (status.cds, status.lds, status.rds) == ("SYNCED", "SYNCED", "SYNCED")
            assert status.protocol == {"DELTA_GRPC": "delta", "GRPC": "sotw"}[api_type]
            world.set(RDS, routes=answer("v1"))
            await push(server)
            await eventually(directory, (200, "v1"))

    asyncio.run(play())


@both
def test_clusters_come_change_and_go_without_a_failed_request(api_type):
    async def play():
        world = World()
        async with mesh(world, api_type) as (server, directory), backend(directory, "backend"):
            answers = set()
            done = asyncio.Event()

            async def load():
                while not done.is_set():
                    answers.add(await get(directory))

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(load())
                world.set(CDS, a=cluster("a")).set(EDS, a=endpoints("a", directory))
                world.set(RDS, routes=route({"route": {"cluster": "a"}}))
                await push(server)
                await eventually(directory, (200, "backend"))
                world.set(CDS, a=cluster("a", timeout="2s"))  # its endpoints stay the same
                await push(server)
                world.set(CDS, a=None, b=cluster("b"))
                world.set(EDS, a=None, b=endpoints("b", directory)).set(
                    RDS, routes=route({"route": {"cluster": "b"}})
                )
                await push(server)
                world.set(CDS, b=None).set(RDS, routes=answer("v2"))
                await push(server)
                await eventually(directory, (200, "v2"))
                done.set()
            assert answers <= {(200, "v0"), (200, "backend"), (200, "v2")}
            assert row(server).is_synced
            counts = {state.type_url: state.resources for state in server.connections()[0].state.types}
            assert counts[CDS] == 0

    asyncio.run(play())


# item 2
@both
def test_what_envoy_rejects_is_shown_in_its_words_and_the_rest_goes_on(api_type):
    async def play():
        world = World()
        async with mesh(world, api_type) as (server, directory):
            bad = json_format.ParseDict({"name": "bad", "type": "EDS"}, cluster_pb2.Cluster())
            world.set(CDS, bad=bad.SerializeToString(), good=cluster("good"))
            world.set(EDS, good=endpoints("good", directory))
            await push(server)
            status = row(server)
            assert status.cds == "ERROR"
            assert "bad" in status.last_nack
            world.set(RDS, routes=answer("v1"))
            await push(server)
            await eventually(directory, (200, "v1"))
            world.set(CDS, bad=None)
            await push(server)
            assert row(server).is_synced, row(server)

    asyncio.run(play())


# item 10
@both
def test_a_restarted_control_plane_changes_nothing(api_type):
    async def play():
        world = World()
        async with mesh(world, api_type) as (server, directory):
            await server.stop()
            again = AdsServer(resources=world.resources, view_of=lambda _: "view")
            await again.start(socket_path=directory / "ads.sock")
            try:
                async with asyncio.timeout(DEADLINE):
                    while not again.connections() or len(again.connections()[0].state.types) < 3:
                        await again.moved()
                await push(again)
                sent = sum(traffic.resources for traffic in again.traffic().values())
                assert sent == (0 if api_type == "DELTA_GRPC" else 2)
                assert await get(directory) == (200, "v0")
                world.set(RDS, routes=answer("v1"))
                await push(again)
                await eventually(directory, (200, "v1"))
            finally:
                await again.stop()

    asyncio.run(play())
