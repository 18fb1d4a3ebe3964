"""Requests through two sidecars: Lateen's against lean hand-written configuration, in turn, in the same run."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import bench_static
import msgspec
from bench_processes import cpu_seconds, envoys
from bench_report import Figure, Table

E2E = Path(__file__).resolve().parent.parent / "e2e"
sys.path.append(str(E2E))
import pods  # noqa: E402
from running import RunningMesh, service  # noqa: E402

from lateen.agent.binary import envoy_path  # noqa: E402
from lateen.local.network import Network  # noqa: E402
from lateen.local.warden_client import Warden  # noqa: E402

ROUNDS, SECONDS, WARM, CONNECTIONS = 8, 2.5, 1.0, 32
VIP = "10.96.0.10"
LOAD = str(Path(__file__).parent / "bench_load.py")
Load = Callable[[float, int], Awaitable[str]]
"""Run the load client in the client's pod for some seconds over some connections; its output."""


class Round(msgspec.Struct, frozen=True):
    """One run of the load client, and what the two sidecars used meanwhile."""

    requests: int
    failed: int
    seconds: float
    p50: float
    p99: float
    cpu: float
    """Seconds of processor time of both sidecars."""

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def cost(self) -> float:
        """Microseconds of processor time of both sidecars for each request."""
        return self.cpu / self.requests * 1e6


class Pair(msgspec.Struct):
    """A client and a server behind their sidecars."""

    load: Load
    proxies: tuple[int, int]
    rounds: list[Round] = []

    async def round(self, seconds: float, connections: int) -> Round:
        before = sum(map(cpu_seconds, self.proxies))
        found = json.loads(await self.load(seconds, connections))
        one = Round(**found, cpu=sum(map(cpu_seconds, self.proxies)) - before)
        assert one.requests, "nothing was answered"
        return one


def tables() -> Iterator[Table]:
    yield from asyncio.run(_tables())


async def _tables() -> list[Table]:
    async with AsyncExitStack() as stack:
        lateen = stack.enter_context(running())
        by_hand = await static_pair(stack)
        pairs = (await _of_lateen(lateen), by_hand)
        return [await _compared(pairs, CONNECTIONS, ROUNDS), await _compared(pairs, 1, 4)]


async def _compared(pairs: tuple[Pair, Pair], connections: int, rounds: int) -> Table:
    for pair in pairs:
        pair.rounds = []
        await pair.round(WARM, connections)
    for _ in range(rounds):
        for pair in pairs:
            pair.rounds.append(await pair.round(SECONDS, connections))
    ours, theirs = (pair.rounds for pair in pairs)
    figures = [
        *_figures("Lateen", ours),
        *_figures("by hand", theirs),
        _ratio("requests per second, ratio", ours, theirs, "rate", 0.97),
        _ratio("p50, ratio", ours, theirs, "p50", 1.03),
        _ratio("p99, ratio", ours, theirs, "p99", 1.03),
        _ratio("processor time for each request, ratio", ours, theirs, "cost", 1.03),
    ]
    return Table(
        title=f"two sidecars, {connections} connection{'s' * (connections > 1)}", figures=tuple(figures)
    )


def _figures(who: str, rounds: list[Round]) -> Iterator[Figure]:
    rates = [one.rate for one in rounds]
    yield Figure(name=f"{who}: requests per second", value=median(rates), note=_spread(rates))
    yield Figure(name=f"{who}: p50", value=median(one.p50 for one in rounds), unit="ms")
    yield Figure(name=f"{who}: p99", value=median(one.p99 for one in rounds), unit="ms")
    costs = [one.cost for one in rounds]
    yield Figure(
        name=f"{who}: processor time of both sidecars",
        value=median(costs),
        unit="µs/request",
        note=_spread(costs),
    )
    yield Figure(name=f"{who}: failed", value=sum(one.failed for one in rounds))


def _ratio(name: str, ours: list[Round], theirs: list[Round], what: str, aim: float) -> Figure:
    """Compare medians; the spread is that of the rounds, each with its neighbour."""
    mine, other = ([getattr(one, what) for one in rounds] for rounds in (ours, theirs))
    each = [a / b for a, b in zip(mine, other, strict=True)]
    return Figure(name=name, value=median(mine) / median(other), aim=aim, note=_spread(each))


def _spread(values: list[float]) -> str:
    return f"{len(values)} rounds: {min(values):.4g} … {max(values):.4g}"


# --- Lateen's pair


def running() -> RunningMesh:
    """Start a mesh of a client and a server, the latter an Envoy that answers by itself."""
    argv = json.dumps(
        [str(envoy_path()), "--config-yaml", json.dumps(bench_static.upstream()), *pods_flags()]
    )
    server = service("server", bench_static.PORT) + deployment("server", argv)
    return RunningMesh(
        "up", unprivileged=False, files={"mesh.yaml": server + deployment("client", '["sleep", "3600"]')}
    )


def pods_flags() -> tuple[str, ...]:
    return ("--concurrency", "1", "--disable-hot-restart", "-l", "error")


def deployment(name: str, argv: str, replicas: int = 1) -> str:
    ports = f"\n        ports: [{{containerPort: {bench_static.PORT}}}]" if name == "server" else ""
    probe = (
        f"\n        readinessProbe: {{tcpSocket: {{port: {bench_static.PORT}}}, periodSeconds: 1}}"
        if ports
        else ""
    )
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
      - name: app
        command: {argv}{ports}{probe}
---"""


async def _of_lateen(mesh: RunningMesh) -> Pair:
    pids = {pod.partition("-")[0]: pid for pod, pid in envoys(mesh.home).items()}

    async def load(seconds: float, connections: int) -> str:
        words = ("exec", "client", "--", sys.executable, "-I", LOAD, "server", str(bench_static.PORT))
        return await asyncio.to_thread(mesh.ok, *words, str(connections), str(seconds), "1")

    return Pair(load, (pids["client"], pids["server"]))


# --- the pair by hand


async def static_pair(stack: AsyncExitStack, feature: bench_static.Feature = lambda manager: manager) -> Pair:
    """Start a client and a server with hand-written sidecars in a mesh of their own."""
    state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="b", dir="/tmp")))
    warden = await stack.enter_async_context(pods.mesh(state / "m", ("client", "server")))
    _, server = [address for address, _ in zip(Network().addresses(), range(2), strict=False)]
    app = state / "upstream.json"
    app.write_text(json.dumps(bench_static.upstream()))
    await pods.start(warden, "server", [str(envoy_path()), "-c", str(app), *pods_flags()], state / "app.log")
    await pods.until(lambda: pods.accepts(warden, "server", bench_static.PORT))
    proxies = [
        await _proxy(warden, state, pod, bench_static.sidecar(state / f"{pod}.sock", str(server), feature))
        for pod in ("client", "server")
    ]

    async def load(seconds: float, connections: int) -> str:
        words = [sys.executable, "-I", LOAD, VIP, str(bench_static.PORT), str(connections), str(seconds), "1"]
        return await pods.read(warden, "client", *words)

    return Pair(load, (proxies[0], proxies[1]))


async def _proxy(warden: Warden, state: Path, pod: str, configuration: bench_static.Json) -> int:
    settings = state / f"{pod}.json"
    settings.write_text(json.dumps(configuration))
    argv = [str(envoy_path()), "-c", str(settings), *pods_flags()]
    process = await pods.start(warden, pod, argv, state / f"{pod}.log", role="proxy")
    await pods.until(lambda: pods.accepts(warden, pod, 15001))
    return process.pid
