"""A secret that does not exist costs only the filter chain that wants it, in a real Envoy and at once.

Envoy holds a new listener back until its secrets are there, 15 s at most, and at its start all listeners with it.
Over delta xDS it goes on at once when it is told that the secret does not exist, and takes it when it comes.
"""

import asyncio
import json
import socket
import ssl
from contextlib import asynccontextmanager

import pytest
from listener_meshes import Mesh, pod

from lateen.agent.binary import envoy_path
from lateen.compile.resources import resources
from lateen.model.view import Proxy, view_of
from lateen.twin.certificates import make
from lateen.xds.grpc import AdsServer

PATIENCE = 10  # seconds; less than Envoy's 15
NODE = "router~10.1.0.20~edge.istio-system~istio-system.svc.cluster.local"
LABELS = {"istio": "ingressgateway", "app": "edge"}
HTTP2 = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
SERVER = "{{port: {{number: {0}, name: {1}, protocol: HTTPS}}, hosts: [{1}.example], bind: 127.0.0.1, tls: {{mode: SIMPLE, credentialName: {1}}}}}"
GATEWAY = """
kind: Gateway
metadata: {{name: edge, namespace: istio-system}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
  - {{port: {{number: {0}, name: plain, protocol: HTTP}}, hosts: ["*"], bind: 127.0.0.1}}
  - {1}
  - {2}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def secret(name, pair):
    values = {"tls.crt": pair.certificate.read_text(), "tls.key": pair.key.read_text()}
    return {"kind": "Secret", "metadata": {"name": name, "namespace": "istio-system"}, "stringData": values}


def bootstrap(path):
    cluster = {
        "name": "ads",
        "typed_extension_protocol_options": {
            HTTP2: {
                "@type": f"type.googleapis.com/{HTTP2}",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {
            "cluster_name": "ads",
            "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": {"pipe": {"path": str(path / "ads")}}}}]}
            ],
        },
    }
    ads = {"ads": {}, "resource_api_version": "V3"}
    service = {"envoy_grpc": {"cluster_name": "ads"}}
    stream = {"api_type": "DELTA_GRPC", "transport_api_version": "V3", "grpc_services": [service]}
    return {
        "node": {"id": NODE, "cluster": "edge", "metadata": {"NAMESPACE": "istio-system", "LABELS": LABELS}},
        "dynamic_resources": {"lds_config": ads, "cds_config": ads, "ads_config": stream},
        "static_resources": {"clusters": [cluster]},
    }


@asynccontextmanager
async def proxy(mesh, path):
    """A control plane with this mesh, and an Envoy that is its gateway."""
    server = AdsServer(
        resources=lambda kind, view, names: resources(mesh.db, kind, view, names),
        view_of=lambda node: view_of(mesh.db, Proxy.from_node(node.id, node.metadata)),
    )
    await server.start(socket_path=path / "ads")
    file = path / "bootstrap.json"
    file.write_text(json.dumps(bootstrap(path)))
    flags = ("--log-level", "error", "--use-dynamic-base-id", "--concurrency", "1")
    envoy = await asyncio.create_subprocess_exec(str(envoy_path()), "-c", str(file), *flags)
    try:
        yield server
    finally:
        envoy.terminate()
        await envoy.wait()
        await server.stop()


async def status(port, name=None):
    """The status line of an answer, or what went wrong."""
    context = ssl.create_default_context() if name else None
    if context:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        read, write = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    except OSError as error:
        return type(error).__name__
    write.write(b"GET / HTTP/1.1\r\nhost: any\r\nconnection: close\r\n\r\n")
    line = await read.readline()
    write.close()
    return line.decode().strip()


async def eventually(wanted, *where):
    async with asyncio.timeout(PATIENCE):
        while await status(*where) != wanted:  # noqa: ASYNC110  Envoy has no event for this
            await asyncio.sleep(0.02)


@pytest.mark.envoy
@pytest.mark.slow
def test_only_its_own_chain_waits_for_a_secret(tmp_path):
    asyncio.run(_missing_then_there(tmp_path))


async def _missing_then_there(path):
    pair, plain, tls = make(path), free_port(), free_port()
    text = GATEWAY.format(plain, SERVER.format(tls, "there"), SERVER.format(tls, "missing"))
    mesh = Mesh(
        pod("edge", "10.1.0.20", namespace="istio-system", labels=LABELS), text, secret("there", pair)
    )
    async with proxy(mesh, path) as server:
        await eventually("HTTP/1.1 404 Not Found", plain)
        await eventually("HTTP/1.1 404 Not Found", tls, "there.example")
        assert await status(tls, "missing.example") == "ConnectionResetError"
        mesh.add(secret("missing", pair))
        server.notify()
        await eventually("HTTP/1.1 404 Not Found", tls, "missing.example")
