"""One machine: how long until a mesh is ready, until an edit counts, until it is gone; what an idle sidecar occupies."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import mean, median

import bench_processes
import bench_static
import bench_throughput
from bench_report import Figure, Table
from bench_throughput import RunningMesh

STARTS, EDITS, APPLIES, SIDECARS = 5, 50, 12, 10
LIMIT = 60.0
POLLER = str(Path(__file__).parent / "bench_poller.py")
PHASE = re.compile(r"^\s*(\d+\.\d+)s\s+(.*)$", re.MULTILINE)


def tables() -> Iterator[Table]:
    yield _starts()
    with bench_throughput.running() as mesh:
        yield _memory(mesh)
        yield _edits(mesh)


# --- start and end


def _starts() -> Table:
    runs = [_demo() for _ in range(STARTS)]
    ready, down, lines = zip(*runs, strict=True)
    figures = (
        Figure(
            name="lateen demo: exec to ready, median",
            value=median(ready),
            unit="s",
            aim=3,
            note=f"{STARTS} runs",
        ),
        Figure(name="lateen demo: exec to ready, worst", value=max(ready), unit="s", aim=3),
        Figure(name="lateen down: exec to nothing left, median", value=median(down), unit="s"),
        Figure(name="lateen down: exec to nothing left, worst", value=max(down), unit="s"),
    )
    phases = (f"- {seconds} s: {text}" for seconds, text in PHASE.findall(lines[-1]))
    return Table(
        title="start and end",
        figures=figures,
        notes=("The last run, from where the program's own clock starts:", *phases),
    )


def _demo() -> tuple[float, float, str]:
    """Return seconds until ready, seconds until gone, and what was printed."""
    began = time.monotonic()
    mesh = RunningMesh("demo", "--publish", f"80={_free_port()}", unprivileged=False)
    try:
        mesh.wait_ready()
        ready, text = time.monotonic() - began, mesh.text()
        ending = time.monotonic()
        mesh.ok("down")
        mesh.until(lambda: mesh.process.poll() is not None and not mesh.processes(), LIMIT)
        return ready, time.monotonic() - ending, text
    finally:
        mesh.close()


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


# --- memory


def _memory(mesh: RunningMesh) -> Table:
    before = _settled_memory()
    had = len(bench_processes.envoys(mesh.home))
    mesh.write("idle.yaml", bench_throughput.deployment("idle", '["sleep", "3600"]', replicas=SIDECARS))
    mesh.until(lambda: len(bench_processes.envoys(mesh.home)) == had + SIDECARS, LIMIT)
    mesh.until(lambda: _all_ready(mesh), LIMIT)
    after = _settled_memory()
    idle = [pid for pod, pid in bench_processes.envoys(mesh.home).items() if pod.startswith("idle")]
    shared = mean(map(bench_processes.pss, idle))
    figures = (
        Figure(
            name="idle sidecar: proportional share (PSS)", value=shared, unit="MB", note=f"mean of {SIDECARS}"
        ),
        Figure(
            name="idle sidecar: of its own",
            value=mean(map(bench_processes.anonymous, idle)),
            unit="MB",
            aim=14,
        ),
        Figure(name="idle sidecar: resident (RSS)", value=mean(map(bench_processes.rss, idle)), unit="MB"),
        Figure(
            name="workload and sidecar: MemAvailable",
            value=(before - after) / SIDECARS,
            unit="MB",
            note="of the whole machine, so rough",
        ),
        Figure(name="control plane: PSS", value=bench_processes.pss(mesh.process.pid), unit="MB"),
        Figure(name="control plane: RSS", value=bench_processes.rss(mesh.process.pid), unit="MB", aim=60),
    )
    mesh.write("idle.yaml", "")
    mesh.until(lambda: len(bench_processes.envoys(mesh.home)) == had, LIMIT)
    return Table(title="memory of a mesh at rest", figures=figures)


def _all_ready(mesh: RunningMesh) -> bool:
    pods = json.loads(mesh.ok("get", "pods", "-A", "-o", "json"))["items"]
    conditions = [one for pod in pods for one in pod["status"].get("conditions", ())]
    return len(conditions) >= SIDECARS and all(one["status"] == "True" for one in conditions)


def _settled_memory() -> float:
    """Return available memory once it moves by less than a megabyte in half a second."""
    last = bench_processes.available()
    for _ in range(20):
        time.sleep(0.5)
        now = bench_processes.available()
        if abs(now - last) < 1:
            break
        last = now
    return now


# --- edits


def _edits(mesh: RunningMesh) -> Table:
    with ExitStack() as stack:
        heard = stack.enter_context(_polling(mesh))
        by_file = [_edit(mesh, heard, number) for number in range(EDITS)]
        by_apply = [_apply(mesh, heard, number) for number in range(EDITS, EDITS + APPLIES)]
    return Table(
        title="one edit of a rule to the first request that it serves",
        figures=(
            Figure(name="file saved: p50", value=1000 * median(by_file), unit="ms", note=f"{EDITS} edits"),
            Figure(name="file saved: worst", value=1000 * max(by_file), unit="ms"),
            Figure(
                name="lateen apply: p50",
                value=1000 * median(by_apply),
                unit="ms",
                note=f"{APPLIES} edits, from exec",
            ),
            Figure(name="lateen apply: worst", value=1000 * max(by_apply), unit="ms"),
        ),
    )


@contextmanager
def _polling(mesh: RunningMesh) -> Iterator[Iterator[tuple[str, float]]]:
    argv = [sys.executable, "-m", "lateen.cli.__main__", "exec", "client", "--", sys.executable, "-I", POLLER]
    process = subprocess.Popen(
        [*argv, "server", str(bench_static.PORT), str(LIMIT * 2)],
        env=mesh.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        words = (line.split() for line in process.stdout)
        heard = ((rule, float(at)) for rule, at in words)
        next(heard)
        yield heard
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def _edit(mesh: RunningMesh, heard: Iterator[tuple[str, float]], number: int) -> float:
    began = time.monotonic()
    mesh.write("rule.yaml", rule(number))
    return _until(heard, number) - began


def _apply(mesh: RunningMesh, heard: Iterator[tuple[str, float]], number: int) -> float:
    began = time.monotonic()
    mesh.ok("apply", "-f", "-", text=rule(number))
    return _until(heard, number) - began


def _until(heard: Iterator[tuple[str, float]], number: int) -> float:
    return next(at for found, at in heard if found == str(number))


def rule(number: int) -> str:
    return f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: server}}
spec:
  hosts: [server]
  http:
  - headers: {{response: {{set: {{x-rule: "{number}"}}}}}}
    route: [{{destination: {{host: server}}}}]
"""
