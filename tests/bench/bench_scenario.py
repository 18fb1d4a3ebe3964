"""One generated mesh in a process of its own: cold start, memory, and what each kind of edit costs. Prints JSON.

    python bench_scenario.py SERVICES service|entry 0|1 PROXIES FILE

FILE is the mesh as one YAML text. Times are processor time of this process, from its very start: what they would be on a
machine with nothing else to do, as there is one thread and no waiting.
"""

import cProfile
import gc
import pstats
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import median

import bench_mesh
import bench_proxies
import msgspec
from bench_proxies import Client, Sent

from lateen.analyze.findings import findings
from lateen.cli.collector import collect_rarely
from lateen.engine import Database
from lateen.engine.counters import counts, reset, runs
from lateen.sources.documents import Texts
from lateen.sources.store import FILES, Store
from lateen.xds.change import Changes

REPEATS, REPEATS_LARGE = 5, 3
LARGE = 500_000  # cells
EDITED = 40  # a service of the namespace n0, where the first proxy is
KEPT = 6


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """What one kind of edit cost; times are medians in milliseconds, the rest is exact."""

    name: str
    queries: int
    top: tuple[tuple[str, int], ...]
    """The queries that ran most often."""
    resources: dict[str, int]
    """To all proxies, by type."""
    names: tuple[str, ...]
    """What the first proxy that was told anything got."""
    bytes: int
    proxies: int
    read_ms: float
    store_ms: float
    push_ms: float
    push_worst_ms: float
    analysis_ms: float
    shares: dict[str, float]
    """Of one further edit under the profiler: share of the time of the push by part of the program."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one mesh."""

    objects: int
    imports_s: float
    read_s: float
    store_s: float
    first_s: float
    """To compile and frame everything for the first proxy."""
    ready_s: float
    """From exec to the first proxy having everything."""
    rest_s: float
    analysis_s: float
    first_bytes: int
    first_resources: dict[str, int]
    queries: int
    cells: int
    cells_all: int
    rss_start: float
    rss_loaded: float
    rss_first: float
    rss_views: float
    """With one proxy in each namespace, and a gateway."""
    rss_all: float
    edits: tuple[Edit, ...]


class Scenario:
    """A mesh with its proxies."""

    def __init__(self, size: bench_mesh.Size, proxies: int, text: str) -> None:
        self.size, self.proxies = size, proxies
        self.whole = text
        self.db, self.texts, self.changes = Database(), Texts(), Changes()
        self.store = Store(self.db)
        self.clients: list[Client] = []
        self.files: dict[str, str] = {}

    def run(self) -> Result:
        rss = [memory()]
        clock = [time.process_time()]
        load = self.texts.load([("mesh.yaml", self.whole)])
        clock.append(time.process_time())
        applied = self.store.replace(FILES, load)
        assert not applied.findings, applied.findings[:3]
        clock.append(time.process_time())
        rss.append(memory())
        first = self._connect(range(1))
        ready = time.process_time()
        rss.append(memory())
        queries, cells = runs(self.db), len(self.db)
        others = range(1, min(self.proxies, bench_mesh.NAMESPACES))
        views = self._connect(others, with_gateway=True)
        rss.append(memory())
        rest = self._connect(range(bench_mesh.NAMESPACES, self.proxies))
        rss.append(memory())
        cells_all = len(self.db)
        gc.enable()
        analysis = timed(lambda: findings(self.db))
        self.files = dict(bench_mesh.documents(self.size))
        self.store.replace(FILES, self.texts.load(self.files.items()))
        bench_proxies.settle(self.clients)
        return Result(
            objects=len(load.entries),
            imports_s=clock[0],
            read_s=clock[1] - clock[0],
            store_s=clock[2] - clock[1],
            first_s=first.seconds,
            ready_s=ready,
            rest_s=views.seconds + rest.seconds,
            analysis_s=analysis,
            first_bytes=first.bytes,
            first_resources=dict(first.resources),
            queries=queries,
            cells=cells,
            cells_all=cells_all,
            rss_start=rss[0],
            rss_loaded=rss[1],
            rss_first=rss[2],
            rss_views=rss[3],
            rss_all=rss[4],
            edits=tuple(self._edit(name, texts) for name, texts in edits(self.size).items()),
        )

    def _connect(self, numbers: range, *, with_gateway: bool = False) -> Sent:
        spaces = bench_mesh.NAMESPACES
        nodes = [bench_proxies.node(i % spaces, i // spaces) for i in numbers]
        nodes += [bench_proxies.gateway_node()] if with_gateway else []
        new = [Client(self.db, node, self.changes) for node in nodes]
        self.clients += new
        sent = bench_proxies.settle(new, keeps_names=False)
        self.changes.forget()  # as the server does when all have been told
        return sent

    def _edit(self, name: str, texts: list[tuple[str, str]]) -> Edit:
        clocks: list[tuple[float, float, float, float]] = []
        self._change(*texts[-1])  # so that each measured edit starts from an edited state
        sent = bench_proxies.settle(self.clients)
        findings(self.db)
        repeats = REPEATS if len(self.db) < LARGE else REPEATS_LARGE
        for number in range(repeats):
            reset(self.db)
            read, store = self._change(*texts[number % len(texts)])
            sent = bench_proxies.settle(self.clients)
            ran, top = runs(self.db), _top(self.db)
            clocks.append((read, store, sent.seconds, timed(lambda: findings(self.db))))
        shares = self._profiled(texts[repeats % len(texts)])
        self._change(texts[0][0], self.files[texts[0][0]])
        bench_proxies.settle(self.clients)
        read_ms, store_ms, push_ms, analysis_ms = (
            1000 * median(column) for column in zip(*clocks, strict=True)
        )
        told = next((client for client in sent.by_client if client), ())
        return Edit(
            name=name,
            queries=ran,
            top=top,
            resources=dict(sent.resources),
            names=told[:KEPT],
            bytes=sent.bytes,
            proxies=sent.proxies,
            read_ms=read_ms,
            store_ms=store_ms,
            push_ms=push_ms,
            push_worst_ms=1000 * max(row[2] for row in clocks),
            analysis_ms=analysis_ms,
            shares=shares,
        )

    def _change(self, name: str, text: str) -> tuple[float, float]:
        """Change one file, and put it in force, as the watcher does."""
        loads = []
        read = timed(lambda: loads.append(self.texts.change({name: text})))
        return read, timed(lambda: self.store.replace(FILES, loads[0]))

    def _profiled(self, change: tuple[str, str]) -> dict[str, float]:
        self._change(*change)
        profile = cProfile.Profile()
        profile.runcall(bench_proxies.settle, self.clients)
        return shares(pstats.Stats(profile))


def edits(size: bench_mesh.Size) -> dict[str, list[tuple[str, str]]]:
    """Name the kinds of edit; each is a file and the texts that it takes in turn."""
    shape, one = size.shape, EDITED
    own = {
        "VirtualService (weight)": (
            f"vs-{one}",
            [bench_mesh.virtual_service(one, shape, w) for w in (50, 60)],
        ),
        "DestinationRule (pool)": (
            f"dr-{one}",
            [bench_mesh.destination_rule(one, shape, n) for n in (50, 60)],
        ),
        "Gateway (port)": ("gw", [bench_mesh.gateway(port) for port in (81, 82)]),
    }
    if shape == "service":
        own["endpoint (not ready)"] = (
            f"pod-{one}-0",
            [bench_mesh.pod(one, ready=ready) for ready in (False, True)],
        )
        own["Service (port)"] = (
            f"svc-{one}",
            [bench_mesh.service(one, extra_port=extra) for extra in (True, False)],
        )
    else:
        own["endpoint (weight)"] = (f"se-{one}", [bench_mesh.entry(one, weight=weight) for weight in (2, 3)])
        own["Service (port)"] = (
            f"se-{one}",
            [bench_mesh.entry(one, extra_port=extra) for extra in (True, False)],
        )
    if size.scoped:
        own["Sidecar (host)"] = ("sc-0", [bench_mesh.sidecar(0, wider=wider) for wider in (True, False)])
    return {kind: [(file, text) for text in texts] for kind, (file, texts) in own.items()}


def shares(stats: pstats.Stats) -> dict[str, float]:
    """Add the profile's own times up by part of the program, the largest first; parts below 3 % are left out."""
    found: Counter[str] = Counter()
    for (file, _, function), row in stats.stats.items():  # type: ignore[attr-defined]  undocumented but stable
        found[_part(file, function)] += row[2]
    whole = sum(found.values()) or 1.0
    return {part: round(own / whole, 3) for part, own in found.most_common() if own / whole >= 0.03}


def _part(file: str, function: str) -> str:
    if "/lateen/" in file:
        inside = Path(file.partition("/lateen/")[2])
        return "engine" if inside.parts[0] == "engine" else f"{inside.parts[0]}.{inside.stem}"
    return (
        "the simulated clients" if "bench_" in file else f"built in ({function.strip('<>{}').split(' ')[-1]})"
    )


def _top(db: Database) -> tuple[tuple[str, int], ...]:
    ran = Counter({**counts(db)})
    return tuple(ran.most_common(KEPT))


def memory() -> float:
    """Return this process's resident memory in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def timed(work: object) -> float:
    began = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - began


def main() -> None:
    collect_rarely()  # as the command line does
    gc.disable()  # and `lateen up` while it starts
    services, shape, scoped, proxies, file = sys.argv[1:]
    size = msgspec.convert(
        {"services": int(services), "shape": shape, "scoped": scoped == "1"}, bench_mesh.Size
    )
    result = Scenario(size, int(proxies), Path(file).read_text()).run()
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
