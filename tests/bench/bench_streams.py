"""The control plane with real gRPC streams: what a connected proxy occupies, and how long an edit takes to be acknowledged.

    python bench_streams.py SERVICES 0|1 PROXIES FILE     prints one scenario as JSON

Times are from the changed text to the last acknowledgement, on two cores that the proxies share; processor time is the
control plane's alone. What `bench_scenario` measures without gRPC is inside.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import bench_mesh
import bench_scenario
import msgspec
from bench_report import Figure, Table

from lateen.cli.collector import collect_rarely
from lateen.server.control_plane import ControlPlane
from lateen.sources.documents import Texts
from lateen.sources.memory import from_text

HERE = Path(__file__).parent
REPEATS = 8
PATIENCE = 60.0
CASES = ((bench_mesh.Size(1000, scoped=True), 200), (bench_mesh.Size(1000), 200))
AIMS = {  # spec performance.md §5: b1, b3, b4, in milliseconds
    True: {"VirtualService (weight)": 10.0},
    False: {"VirtualService (weight)": 150.0, "DestinationRule (pool)": 60.0, "Service (port)": 60.0},
}


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of edit; milliseconds."""

    name: str
    proxies: float
    """Messages sent per edit."""
    wall_ms: float
    worst_ms: float
    processor_ms: float


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One mesh; MB."""

    rss_views: float
    rss_all: float
    rss_peak: float
    """The largest seen right after an edit."""
    edits: tuple[Acknowledged, ...]


async def run(size: bench_mesh.Size, proxies: int) -> Result:
    """Serve the proxies of another process and edit."""
    files = dict(bench_mesh.documents(size))
    texts, plane = Texts(), ControlPlane()
    load = texts.load(files.items())
    plane.load(load)
    plane.observe(obj for obj in load.objects if obj.kind == "Pod")
    with tempfile.TemporaryDirectory() as directory:
        socket = Path(directory) / "ads.sock"
        await plane.start(socket)
        argv = [sys.executable, str(HERE / "bench_stream_clients.py"), str(socket), str(proxies)]
        clients = await asyncio.create_subprocess_exec(*argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert clients.stdin
        assert clients.stdout
        rss = []
        for _ in range(2):
            assert (await clients.stdout.readline()).strip() == b"ready"
            assert await plane.settle(PATIENCE)
            await asyncio.sleep(2)  # what was sent is let go of after a second
            rss.append(bench_scenario.memory())
            clients.stdin.write(b"\n") if not rss[1:] else None
        found, peak = [], 0.0
        for name, changes in bench_scenario.edits(size).items():
            edit, seen = await _edit(plane, texts, files, name, changes)
            found.append(edit)
            peak = max(peak, seen)
        clients.stdin.close()
        await clients.wait()
        await plane.stop()
    return Result(rss_views=rss[0], rss_all=rss[1], rss_peak=peak, edits=tuple(found))


async def _edit(
    plane: ControlPlane, texts: Texts, files: dict[str, str], name: str, changes: list[tuple[str, str]]
) -> tuple[Acknowledged, float]:
    walls, processor, peak = [], [], 0.0
    before = sum(one.messages for one in plane.ads.traffic().values())
    for number in range(REPEATS):
        file, text = changes[number % len(changes)]
        clock, cpu = time.perf_counter(), time.process_time()
        _change(plane, texts, file, text)
        assert await plane.settle(PATIENCE)
        walls.append(1000 * (time.perf_counter() - clock))
        processor.append(1000 * (time.process_time() - cpu))
        peak = max(peak, bench_scenario.memory())
    messages = sum(one.messages for one in plane.ads.traffic().values()) - before
    _change(plane, texts, file, files[file])
    assert await plane.settle(PATIENCE)
    measured = Acknowledged(
        name=name,
        proxies=messages / REPEATS,
        wall_ms=median(walls),
        worst_ms=max(walls),
        processor_ms=median(processor),
    )
    return measured, peak


def _change(plane: ControlPlane, texts: Texts, file: str, text: str) -> None:
    """Put a changed file in force, as the watcher does; a pod's state comes from whoever runs it."""
    if file.startswith("pod-"):
        plane.observe(from_text(text).objects)
    else:
        plane.load(texts.change({file: text}))


def tables() -> Iterator[Table]:
    """Run every case in a process of its own."""
    for size, proxies in CASES:
        argv = [str(size.services), str(int(size.scoped)), str(proxies)]
        done = subprocess.run(
            [sys.executable, str(HERE / "bench_streams.py"), *argv],
            stdout=subprocess.PIPE,
            timeout=240,
            check=True,
        )
        yield table(size, proxies, msgspec.json.decode(done.stdout, type=Result))


def table(size: bench_mesh.Size, proxies: int, found: Result) -> Table:
    own = (found.rss_all - found.rss_views) / (proxies - bench_mesh.NAMESPACES) * 1000
    seen = "its namespace" if size.scoped else "everything"
    figures = [
        Figure(name="memory with a proxy in each namespace", value=found.rss_views, unit="MB"),
        Figure(name="memory with all", value=found.rss_all, unit="MB"),
        Figure(name="… per further proxy", value=own, unit="kB", aim=60),
        Figure(name="memory after edits, of that with all", value=found.rss_peak / found.rss_all, aim=1.3),
    ]
    for edit in found.edits:
        per = 1000 * edit.processor_ms / max(edit.proxies, 1)
        note = f"worst {edit.worst_ms:.3g}; {edit.proxies:.3g} messages, {edit.processor_ms:.3g} ms of processor, {per:.3g} µs each"
        aim = AIMS[size.scoped].get(edit.name)
        figures.append(
            Figure(name=f"{edit.name} to last ACK", value=edit.wall_ms, unit="ms", aim=aim, note=note)
        )
    title = f"gRPC: {size.services} Services, {proxies} proxies that see {seen}"
    return Table(title=title, figures=tuple(figures))


def main() -> None:
    collect_rarely()
    services, scoped, proxies = map(int, sys.argv[1:4])
    result = asyncio.run(run(bench_mesh.Size(services, scoped=bool(scoped)), proxies))
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
