"""A real Envoy, served by the control plane: patches take effect, come and go, and a broken one breaks nothing."""

import asyncio
import json
import socket
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lateen.agent.binary import envoy_path
from lateen.server.control_plane import ControlPlane
from lateen.sources.memory import from_text

pytestmark = [pytest.mark.envoy, pytest.mark.slow]
DEADLINE = 10
POD = "127.0.0.1"
MANAGER = (
    "{name: envoy.filters.network.http_connection_manager, subFilter: {name: envoy.filters.http.router}}"
)
LUA = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"


def script(text):
    return f"""function envoy_on_response(handle) handle:headers():replace("x-lua", "{text}") end"""


def lua_filter(text):
    return f"""
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {{name: lua, namespace: istio-system}}
spec:
  configPatches:
  - applyTo: HTTP_FILTER
    match: {{context: SIDECAR_OUTBOUND, listener: {{filterChain: {{filter: {MANAGER}}}}}}}
    patch:
      operation: INSERT_BEFORE
      value:
        name: lua
        typed_config:
          "@type": {LUA}
          default_source_code: {{inline_string: '{script(text)}'}}
"""


def extension(text):
    return f"""
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {{name: lua, namespace: istio-system}}
spec:
  configPatches:
  - applyTo: EXTENSION_CONFIG
    patch:
      operation: ADD
      value:
        name: far-lua
        typed_config:
          "@type": {LUA}
          default_source_code: {{inline_string: '{script(text)}'}}
  - applyTo: HTTP_FILTER
    match: {{context: SIDECAR_OUTBOUND, listener: {{filterChain: {{filter: {MANAGER}}}}}}}
    patch:
      operation: INSERT_BEFORE
      value:
        name: far-lua
        config_discovery:
          config_source: {{ads: {{}}, initial_fetch_timeout: 0s, resource_api_version: V3}}
          type_urls: [{LUA}]
"""


BROKEN = """
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: broken, namespace: istio-system}
spec:
  configPatches:
  - applyTo: HTTP_FILTER
    patch: {operation: INSERT_FIRST, value: {name: x, typed_config: {"@type": type.googleapis.com/no.Such}}}
"""


def service(port, target):
    """A service whose only pod is the test's own server; without interception its listener opens a port."""
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: app}}
spec: {{clusterIP: 10.96.0.1, selector: {{app: app}}, ports: [{{name: http, port: {port}, targetPort: {target}}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: app, labels: {{app: app}}}}
spec: {{containers: [{{name: app, image: app}}]}}
status: {{phase: Running, podIP: {POD}, conditions: [{{type: Ready, status: "True"}}]}}
"""


def bootstrap(directory):
    http2 = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    endpoint = {"endpoint": {"address": {"pipe": {"path": f"{directory}/ads.sock"}}}}
    ads = {
        "name": "ads",
        "type": "STATIC",
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2},
        "load_assignment": {"cluster_name": "ads", "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    own = {"ads": {}, "resource_api_version": "V3"}
    return {
        "node": {
            "id": "sidecar~10.1.0.1~client.default~default.svc.cluster.local",
            "cluster": "client",
            "metadata": {"NAMESPACE": "default", "INTERCEPTION_MODE": "NONE"},
        },
        "admin": {"address": {"pipe": {"path": f"{directory}/admin.sock"}}},
        "dynamic_resources": {
            "ads_config": {
                "api_type": "DELTA_GRPC",
                "transport_api_version": "V3",
                "grpc_services": [{"envoy_grpc": {"cluster_name": "ads"}}],
            },
            "cds_config": own,
            "lds_config": own,
        },
        "static_resources": {"clusters": [ads]},
    }


def free_port():
    with socket.socket() as sock:
        sock.bind((POD, 0))
        return sock.getsockname()[1]


async def ask(port):
    """Return status and the header that a script sets."""
    reader, writer = await asyncio.open_connection(POD, port)
    try:
        writer.write(f"GET / HTTP/1.1\r\nhost: app:{port}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        return int(head.split()[1]), head.partition("x-lua: ")[2].split("\r\n")[0]
    finally:
        writer.close()


async def eventually(port, expected):
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                if await ask(port) == expected:
                    return
            except (OSError, EOFError):
                pass
            await asyncio.sleep(0.005)


async def answering(reader, writer):
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


@asynccontextmanager
async def mesh():
    """A control plane, an Envoy, and a server behind it; yields the plane and the port of the proxy."""
    with tempfile.TemporaryDirectory() as name:
        directory, plane, port = Path(name), ControlPlane(), free_port()
        server = await asyncio.start_server(answering, POD, 0)
        objects = from_text(service(port, server.sockets[0].getsockname()[1]))
        plane.apply(objects)
        plane.observe(one for one in objects.objects if one.kind == "Pod")
        await plane.start(directory / "ads.sock")
        config = directory / "bootstrap.json"
        config.write_text(json.dumps(bootstrap(directory)))
        options = ["--concurrency", "1", "--log-level", "warn", "--disable-hot-restart"]
        with (directory / "envoy.log").open("w") as log:
            process = await asyncio.create_subprocess_exec(
                envoy_path(), "-c", config, *options, stdout=log, stderr=log
            )
            try:
                await eventually(port, (200, ""))
                yield plane, port
            finally:
                process.terminate()
                await process.wait()
                await plane.stop()
                server.close()


def rejections(plane):
    (connection,) = plane.ads.connections()
    return [one.rejections for one in connection.state.types if one.rejections]


def test_a_lua_filter_changes_a_header_of_the_response():
    async def play():
        async with mesh() as (plane, port):
            for text in ("one", "two"):
                plane.apply(from_text(lua_filter(text)))
                assert await plane.settle(DEADLINE)
                await eventually(port, (200, text))
            plane.apply(from_text(BROKEN))
            assert await plane.settle(DEADLINE)
            assert not rejections(plane)
            assert await ask(port) == (200, "two")

    asyncio.run(play())


def test_an_extension_comes_over_ads_and_changes_alone():
    async def play():
        async with mesh() as (plane, port):
            plane.apply(from_text(extension("one")))
            assert await plane.settle(DEADLINE)
            await eventually(port, (200, "one"))
            (connection,) = plane.ads.connections()
            before = {one.type_url.rpartition(".")[2]: one.version for one in connection.state.types}
            plane.apply(from_text(extension("two")))
            assert await plane.settle(DEADLINE)
            await eventually(port, (200, "two"))
            (connection,) = plane.ads.connections()
            after = {one.type_url.rpartition(".")[2]: one.version for one in connection.state.types}
            assert [name for name in after if after[name] != before.get(name)] == ["TypedExtensionConfig"]
            assert not rejections(plane)

    asyncio.run(play())
