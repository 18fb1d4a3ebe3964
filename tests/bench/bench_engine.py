"""Engine and compiler: generated meshes of 1000 and 10,000 services, what each edit re-runs, sends and takes."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bench_mesh
import msgspec
from bench_mesh import Size
from bench_report import Figure, Table
from bench_scenario import Edit, Result

HERE = Path(__file__).parent
LIMIT = 240.0
MS, MB, S = "ms", "MB", "s"


class Case(msgspec.Struct, frozen=True):
    """A mesh, its proxies, and what is aimed at (spec performance.md §5)."""

    size: Size
    proxies: int
    cold: float | None = None
    """a1, a2: seconds from exec to everything for the first proxy."""
    edit: dict[str, float] = {}
    """b1, b3, b4: milliseconds by the kind of edit, for reading, storing and pushing together."""
    per_thousand: float | None = None
    """e2: MB for each 1000 services."""


SMALL_EDIT, RULE, SERVICE = "VirtualService (weight)", "DestinationRule (pool)", "Service (port)"
CASES = (
    Case(Size(1000), 1, cold=0.8, per_thousand=20),
    Case(Size(1000, "entry"), 1, cold=0.8, per_thousand=20),
    Case(Size(1000, scoped=True), 200, cold=0.8, edit={SMALL_EDIT: 10}, per_thousand=20),
    Case(Size(1000), 200, edit={SMALL_EDIT: 150, RULE: 60, SERVICE: 60}),
    Case(Size(10_000, "entry"), 1, cold=4, per_thousand=20),
    Case(Size(10_000, scoped=True), 200, cold=4, per_thousand=20),
)


def tables() -> Iterator[Table]:
    """Run every case, each in a process of its own, and yield its tables."""
    for case in CASES:
        result = measured(case)
        yield cold_table(case, result)
        yield edit_table(case, result)


def measured(case: Case) -> Result:
    size = case.size
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write("---\n".join(text for _, text in bench_mesh.documents(size)))
        file.flush()
        argv = [str(size.services), size.shape, str(int(size.scoped)), str(case.proxies), file.name]
        command = [sys.executable, str(HERE / "bench_scenario.py"), *argv]
        cached = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=LIMIT, check=True, env=cached)
    return msgspec.json.decode(done.stdout, type=Result)


def title(case: Case) -> str:
    size = case.size
    seen = "sees its namespace (Sidecar ./*)" if size.scoped else "sees everything"
    kind = "Services" if size.shape == "service" else "ServiceEntries"
    number = f"{case.proxies} proxies" if case.proxies > 1 else "1 proxy"
    return f"{size.services} {kind}, each {seen}, {number}"


def cold_table(case: Case, found: Result) -> Table:
    thousands = case.size.services / 1000
    per_thousand = (found.rss_first - found.rss_start) / thousands
    sent = ", ".join(f"{count} {kind}" for kind, count in found.first_resources.items())
    figures = [
        Figure(
            name="ready: exec to everything for the first proxy",
            value=found.ready_s,
            unit=S,
            aim=case.cold,
            note=sent,
        ),
        Figure(name="… interpreter and imports", value=found.imports_s, unit=S),
        Figure(name="… parse and check", value=found.read_s, unit=S, note=f"{found.objects} objects"),
        Figure(name="… complete and put in force", value=found.store_s, unit=S),
        Figure(name="… compile and frame", value=found.first_s, unit=S, note=f"{found.queries} queries run"),
        Figure(name="parse and check, per object", value=1e6 * found.read_s / found.objects, unit="µs"),
        Figure(name="findings between objects, first time", value=found.analysis_s, unit=S),
        Figure(name="bytes for the first proxy", value=found.first_bytes / 1e6, unit=MB),
        Figure(name="memory after imports", value=found.rss_start, unit=MB, aim=60),
        Figure(name="memory with the objects", value=found.rss_loaded, unit=MB),
        Figure(name="memory with one proxy", value=found.rss_first, unit=MB),
        Figure(name="… above imports, per 1000 services", value=per_thousand, unit=MB, aim=case.per_thousand),
        Figure(name="cells (facts and answers), one proxy", value=found.cells),
    ]
    if case.proxies > 1:
        spaces = bench_mesh.NAMESPACES
        view = (found.rss_views - found.rss_first) / spaces
        own = (found.rss_all - found.rss_views) / (case.proxies - spaces) * 1000
        figures += [
            Figure(name="all further proxies, compile and frame", value=found.rest_s, unit=S),
            Figure(name="memory with all proxies", value=found.rss_all, unit=MB),
            Figure(name="… per further view (19 namespaces and a gateway)", value=view, unit=MB),
            Figure(name="… per further proxy of a view that is there", value=own, unit="kB", aim=60),
            Figure(name="cells, all proxies", value=found.cells_all),
        ]
    return Table(title=f"cold: {title(case)}", figures=tuple(figures))


def edit_table(case: Case, found: Result) -> Table:
    figures = [figure for edit in found.edits for figure in _of_edit(case, edit)]
    notes = [f"- {edit.name}: {_top(edit)}; time of the push: {_shares(edit)}" for edit in found.edits]
    return Table(title=f"one edit: {title(case)}", figures=tuple(figures), notes=tuple(notes), wide=True)


def _of_edit(case: Case, edit: Edit) -> Iterator[Figure]:
    told = ", ".join(f"{count / max(edit.proxies, 1):.3g} {kind}" for kind, count in edit.resources.items())
    whole = edit.read_ms + edit.store_ms + edit.push_ms

    def figure(column: str, value: float, unit: str = "", **more: Any) -> Figure:
        return Figure(name=f"{edit.name}: {column}", value=value, unit=unit, **more)

    yield figure("queries run", edit.queries)
    yield figure("proxies told", edit.proxies)
    yield figure("resources for each", _each(edit, sum(edit.resources.values())), note=told)
    yield figure("bytes for each", _each(edit, edit.bytes))
    yield figure("read", edit.read_ms, MS)
    yield figure("store", edit.store_ms, MS)
    yield figure("push", edit.push_ms, MS, note=f"worst {edit.push_worst_ms:.3g}")
    yield figure("whole", whole, MS, aim=case.edit.get(edit.name))
    yield figure("findings, afterwards", edit.analysis_ms, MS)


def _each(edit: Edit, whole: int) -> float:
    return round(whole / edit.proxies, 1) if edit.proxies else 0


def _top(edit: Edit) -> str:
    return "ran most " + ", ".join(f"{name} {runs}" for name, runs in edit.top[:3])


def _shares(edit: Edit) -> str:
    return ", ".join(f"{part} {share:.0%}" for part, share in list(edit.shares.items())[:4])


def documents() -> Iterator[Table]:
    """Parse and check one object of each kind, many times, without any memory of it."""
    from lateen.sources.documents import Texts

    figures = []
    for kind, make in _SAMPLES.items():
        texts = [(f"{kind}-{i}", make(i)) for i in range(500)]
        rounds = []
        for _ in range(3):
            began = time.process_time()
            load = Texts().load(texts)
            rounds.append((time.process_time() - began) / len(texts) * 1e6)
            assert len(load.entries) == len(texts)
        size = len(texts[0][1].encode())
        figures.append(Figure(name=kind, value=min(rounds), unit="µs", note=f"{size} bytes"))
    yield Table(title="parse and check one object", figures=tuple(figures))


_SAMPLES = {
    "VirtualService": bench_mesh.virtual_service,
    "DestinationRule": bench_mesh.destination_rule,
    "ServiceEntry": bench_mesh.entry,
    "Service": bench_mesh.service,
    "Pod": bench_mesh.pod,
}
