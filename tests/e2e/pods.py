"""A mesh without a control plane, for tests: pods, hand-written static sidecars, and programs whose output is read."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lateen.agent.binary import envoy_path
from lateen.local.border_config import border_rules
from lateen.local.capture import INBOUND_MARK, PROXY_MARK, Capture, plan
from lateen.local.network import Network
from lateen.local.warden_client import Pod, Process, Role, Warden

DEADLINE_SECONDS = 20.0
POLL_SECONDS = 0.02
SERVICES = {"reviews": "10.96.0.10", "ratings": "10.96.0.11"}
PORT = 9080
_T = "type.googleapis.com/envoy."

# Answers every request with what the program knows about itself and the connection.
SERVER = """
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"server": sys.argv[1], "peer": self.client_address[0]}).encode()
        self.send_response(200); self.send_header("content-length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[2])), Handler).serve_forever()
"""
CLIENT = """
import sys, urllib.request, urllib.error
try:
    with urllib.request.urlopen(sys.argv[1], timeout=5) as answer:
        print(answer.status, ",".join(answer.headers.get_all("x-path") or []), answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code)
except OSError as error:
    print("refused", error)
"""


@asynccontextmanager
async def mesh(state: Path, names: Sequence[str] = ()) -> AsyncIterator[Warden]:
    """A warden with pods at 10.244.0.10, .11, …"""
    network = Network()
    warden = await Warden.start(state, network, table=border_rules(network))
    try:
        captured = plan(Capture())
        for name, address in zip(names, network.addresses(), strict=False):
            await warden.make_pod(Pod(name, address, capture=captured))
        yield warden
    finally:
        await warden.close()


async def start(
    warden: Warden,
    pod: str,
    argv: Sequence[str],
    output: Path,
    *,
    role: Role = "app",
    env: Mapping[str, str] | None = None,
) -> Process:
    with output.open("ab") as log, Path(os.devnull).open("rb") as nothing:  # noqa: ASYNC230
        stdio = (nothing.fileno(), log.fileno(), log.fileno())
        return await warden.spawn(
            pod, argv, env=dict(os.environ) | (env or {}), stdio=stdio, cwd="/", role=role
        )


async def read(warden: Warden, pod: str, *argv: str, role: Role = "app") -> str:
    """What a program prints, to its end."""
    output = warden.state / "output"
    output.unlink(missing_ok=True)
    process = await start(warden, pod, argv, output, role=role)
    await asyncio.wait_for(process.wait(), DEADLINE_SECONDS)
    return output.read_text()


async def python(warden: Warden, pod: str, code: str, *arguments: str, role: Role = "app") -> str:
    return await read(warden, pod, sys.executable, "-I", "-S", "-c", code, *arguments, role=role)


async def get(warden: Warden, pod: str, url: str) -> str:
    return await python(warden, pod, CLIENT, url)


async def serve(warden: Warden, pod: str, port: int = PORT) -> Process:
    """Start the web server and wait until it accepts, asked from inside the pod."""
    argv = [sys.executable, "-I", "-S", "-c", SERVER, pod, str(port)]
    process = await start(warden, pod, argv, warden.state / f"{pod}.app.log")
    await until(lambda: accepts(warden, pod, port))
    return process


async def sidecar(warden: Warden, pod: str) -> Process:
    """Start a static Envoy as the pod's sidecar and wait until it listens."""
    settings = warden.state / f"{pod}.json"
    settings.write_text(json.dumps(bootstrap(warden.state / f"{pod}.admin")))
    argv = [
        str(envoy_path()),
        "-c",
        str(settings),
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "-l",
        "warning",
    ]
    process = await start(warden, pod, argv, warden.state / f"{pod}.log", role="proxy")
    await until(lambda: accepts(warden, pod, 15001))
    return process


async def accepts(warden: Warden, pod: str, port: int) -> bool:
    made = await warden.socket(pod)
    with made:
        try:
            await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
        except OSError:
            return False
    return True


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not await condition():
        assert time.monotonic() < deadline, "did not come true in time"
        await asyncio.sleep(POLL_SECONDS)


def bootstrap(admin: Path) -> dict[str, Any]:
    """Istio's listeners in small: 15001 to services by address or straight through, 15006 to the application."""
    by_address = [
        {
            "filter_chain_match": {"prefix_ranges": [{"address_prefix": vip, "prefix_len": 32}]},
            "filters": [_http(name)],
        }
        for name, vip in SERVICES.items()
    ]
    outbound = {
        "name": "virtualOutbound",
        "address": _address("0.0.0.0", 15001),
        "listener_filters": [_original_dst()],
        # As in Istio: a connection to the port itself would come back for ever.
        "filter_chains": [
            *by_address,
            {"filter_chain_match": {"destination_port": 15001}, "filters": [_tcp("blackhole")]},
        ],
        "default_filter_chain": {"filters": [_tcp("passthrough")]},
    }
    inbound = {
        "name": "virtualInbound",
        "address": _address("0.0.0.0", 15006),
        "listener_filters": [_original_dst()],
        "filter_chains": [{"filters": [_http("inbound")]}],
    }
    clusters = [
        _cluster("reviews", "STATIC", [("10.244.0.11", PORT)]),
        _cluster("blackhole", "STATIC", []),
        _cluster("ratings", "STATIC", [("10.244.0.12", PORT)]),
        _cluster("inbound", "STATIC", [("127.0.0.1", PORT)])
        | {"upstream_bind_config": _mark(INBOUND_MARK, "127.0.0.6")},
        {
            "name": "passthrough",
            "type": "ORIGINAL_DST",
            "lb_policy": "CLUSTER_PROVIDED",
            "connect_timeout": "3s",
        },
    ]
    return {
        "admin": {"address": {"pipe": {"path": str(admin), "mode": 0o600}}},
        "cluster_manager": {"upstream_bind_config": _mark(PROXY_MARK)},
        "static_resources": {"listeners": [outbound, inbound], "clusters": clusters},
    }


def _mark(mark: int, source: str = "") -> dict[str, Any]:
    # SOL_SOCKET, SO_MARK
    options = [{"level": 1, "name": 36, "int_value": mark, "state": "STATE_PREBIND"}]
    bound = {"source_address": {"address": source, "port_value": 0}} if source else {}
    return {"socket_options": options, **bound}


def _address(address: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": address, "port_value": port}}


def _cluster(name: str, kind: str, addresses: Sequence[tuple[str, int]]) -> dict[str, Any]:
    endpoints = [{"endpoint": {"address": _address(*address)}} for address in addresses]
    assignment = {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}
    return {"name": name, "type": kind, "connect_timeout": "3s", "load_assignment": assignment}


def _original_dst() -> dict[str, Any]:
    kind = _T + "extensions.filters.listener.original_dst.v3.OriginalDst"
    return {"name": "envoy.filters.listener.original_dst", "typed_config": {"@type": kind}}


def _tcp(cluster: str) -> dict[str, Any]:
    kind = _T + "extensions.filters.network.tcp_proxy.v3.TcpProxy"
    settings = {"@type": kind, "stat_prefix": cluster, "cluster": cluster}
    return {"name": "envoy.filters.network.tcp_proxy", "typed_config": settings}


def _http(cluster: str) -> dict[str, Any]:
    """Every proxy on the way adds its cluster's name to the answer's x-path."""
    kind = _T + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    router = {"@type": _T + "extensions.filters.http.router.v3.Router"}
    path = {"header": {"key": "x-path", "value": cluster}, "append_action": "APPEND_IF_EXISTS_OR_ADD"}
    host = {
        "name": "all",
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": cluster}}],
        "response_headers_to_add": [path],
    }
    settings = {
        "@type": kind,
        "stat_prefix": cluster,
        "route_config": {"virtual_hosts": [host]},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": router}],
    }
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": settings}
