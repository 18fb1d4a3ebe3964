"""The commands on plain files, each in a process of its own from its very start, and the offline API in one process."""

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

import bench_mesh
import bench_processes
from bench_mesh import Size
from bench_report import Figure, Table

SERVICES = 1000
EDITED = 40  # a service of the namespace n0
RUNS = 3
SPACE = "default"
EXPECTATIONS = 1000
COPY = "pod-v2"
CASES = 300  # a round of the offline API
LATEEN = Path(sys.executable).with_name("lateen")


def tables() -> Iterator[Table]:
    """Measure the commands, then the offline API."""
    with tempfile.TemporaryDirectory() as place:
        yield Table(title="commands, from a cold start", figures=tuple(_commands(Path(place))))
    yield Table(title="offline API, small inputs, one process", figures=tuple(_offline()))


def _commands(place: Path) -> Iterator[Figure]:
    run = Command(place)
    yield run.figure("lateen --version", ["--version"], 0.15)
    yield run.figure("lateen --help", ["--help"])
    mesh = _written(place / "one", {})
    host = f"{bench_mesh.name(EDITED)}.{SPACE}.svc.cluster.local"
    asked = ["explain", f"http://{host}:{bench_mesh.PORT}/", "--from", f"s0-0.{SPACE}"]
    yield run.figure(f"check: {SERVICES} services", ["check", mesh], 1, note="at most 2 s")
    bad = _written(place / "bad", {f"{COPY}-{index}": "" for index in range(SERVICES)})
    yield run.figure("check: an error in each", ["check", bad], codes=(1,))
    yield run.figure("explain one request", [*asked, "-f", mesh], 1)
    yield run.figure("compile for one proxy", ["compile", "--proxy", f"s0-0.{SPACE}", "-f", mesh])
    for kind, changed in _edits().items():
        new = _written(place / kind, changed)
        yield run.figure(f"diff: {kind}", ["diff", mesh, new], 2, codes=(0, 1))
    tested = _written(place / "tested", {"cases": _expectations()})
    yield run.figure(f"test: {EXPECTATIONS} expectations", ["test", tested], 3)
    mesh = _written(place / "spaces", {}, spaces=True)
    yield run.figure(f"check: {bench_mesh.NAMESPACES} namespaces", ["check", mesh])
    new = _written(place / "spaces-new", _edits()["DestinationRule (pool)"], spaces=True)
    yield run.figure(
        f"diff: DestinationRule (pool), {bench_mesh.NAMESPACES} namespaces", ["diff", mesh, new], codes=(1,)
    )
    tested = _written(place / "spaces-tested", {"cases": _expectations()}, spaces=True)
    yield run.figure(f"test: {bench_mesh.NAMESPACES} namespaces", ["test", tested])


def _edits() -> dict[str, dict[str, str]]:
    """Name the changed files that are compared: one object of each kind."""
    one = EDITED
    return {
        "VirtualService (weight)": {f"vs-{one}": bench_mesh.virtual_service(one, weight=50)},
        "DestinationRule (pool)": {f"dr-{one}": bench_mesh.destination_rule(one, connections=50)},
        "Service (port)": {f"svc-{one}": bench_mesh.service(one, extra_port=True)},
        "Gateway (port)": {"gw": bench_mesh.gateway(81)},
        "Sidecar (new)": {"sc-0": bench_mesh.sidecar(0)},
        "endpoint (not ready)": {f"pod-{one}-0": bench_mesh.pod(one, ready=False)},
    }


def _written(place: Path, changed: dict[str, str], *, spaces: bool = False) -> str:
    """Write a mesh in one file; with `spaces` its services are in several namespaces, each of which sees all."""
    place.mkdir()
    texts = dict(bench_mesh.documents(Size(SERVICES)))
    texts |= {
        f"{COPY}-{one}": bench_mesh.pod(one, copy=11, version="v2") for one in range(SERVICES)
    } | changed
    whole = "---\n".join(texts.values())
    (place / "mesh.yaml").write_text(whole if spaces else re.sub(r"\bn\d+\b", SPACE, whole))
    return str(place)


def _expectations() -> str:
    rows = ["expectations:"]
    for index in range(EXPECTATIONS):
        own = bench_mesh.host(index % SERVICES, "service")
        client = index * 7 % SERVICES
        to = f"{{route: [{{destination: {{host: {own}, subset: v2}}}}], timeout: 0s}}"
        rows += [
            f"- name: case {index}",
            f"  from: {bench_mesh.pod_name(client)}.{bench_mesh.namespace(client)}",
            f"  request: GET http://{own}:{bench_mesh.PORT}/{index}",
            "  headers: {end-user: jason}",
            f"  expect: {to}",
        ]
    return "\n".join(rows) + "\n"


class Command:
    """The command line, with bytecode as an installed one has it."""

    def __init__(self, place: Path) -> None:
        self._environment = bench_processes.with_bytecode(str(place))
        self._seconds(["check", os.devnull], (0, 1, 2))

    def figure(
        self,
        name: str,
        arguments: Sequence[str],
        aim: float | None = None,
        codes: Sequence[int] = (0,),
        note: str = "",
    ) -> Figure:
        """Run a command several times."""
        self._seconds(arguments, codes)  # so that all its modules have bytecode
        times = [self._seconds(arguments, codes) for _ in range(RUNS)]
        words = f"median of {RUNS}: {median(times):.3g} s"
        return Figure(
            name=name, value=min(times), unit="s", aim=aim, note=f"{words}; {note}" if note else words
        )

    def _seconds(self, arguments: Sequence[str], codes: Sequence[int]) -> float:
        """Run the command once; return the processor time that it took."""
        null = os.open(os.devnull, os.O_RDWR)
        to_null = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
        words = ["lateen", *arguments]
        process = os.posix_spawn(LATEEN, words, self._environment, file_actions=to_null)
        os.close(null)
        _, status, used = os.wait4(process, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in codes, f"{' '.join(words)} ended with {code}"
        return used.ru_utime + used.ru_stime


def _offline() -> Iterator[Figure]:
    import lateen

    proxy = lateen.Proxy(
        type="sidecar", address="10.1.1.1", name="app", namespace="default", labels=(("app", "app"),)
    )
    request = lateen.Request("GET", "http://reviews:9080/reviews/1")

    def compiled(mesh: lateen.Mesh) -> None:
        found = mesh.resources(proxy)
        assert all((found.listeners, found.routes, found.clusters))
        assert found.endpoints is not None

    whole = _rate(lambda mesh: (mesh.findings, compiled(mesh)))
    yield Figure(name="load, findings, resources of one proxy", value=whole, unit="cases/s", aim=500)
    unlike = _rate(lambda mesh: (mesh.findings, compiled(mesh)), alike=False)
    yield Figure(name="the same, of meshes that have no object in common", value=unlike, unit="cases/s")
    yield Figure(name="load, resources of one proxy", value=_rate(compiled), unit="cases/s")
    yield Figure(name="load, findings", value=_rate(lambda mesh: mesh.findings), unit="cases/s")
    explained = _rate(lambda mesh: mesh.explain(request, proxy))
    yield Figure(name="load, explain one request", value=explained, unit="cases/s", aim=500)


def _rate(work: Callable[..., object], *, alike: bool = True) -> float:
    import lateen

    texts = [_small(number) if alike else _renamed(number) for number in range(CASES)]
    work(lateen.load(texts[0]))
    rounds = []
    for _ in range(3):
        began = time.process_time()
        for text in texts:
            work(lateen.load(text))
        rounds.append(len(texts) / (time.process_time() - began))
    return max(rounds)


def _renamed(number: int) -> str:
    return re.sub(r"\b(reviews|ratings)\b", rf"\1-{number}", _small(number))


def _small(number: int) -> str:
    """Return what a test of one rule holds: two services, one with versions, and rules for it."""
    return f"""apiVersion: v1
kind: Service
metadata: {{name: reviews}}
spec: {{selector: {{app: reviews}}, ports: [{{name: http, port: 9080}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: ratings}}
spec: {{selector: {{app: ratings}}, ports: [{{name: http, port: 9080}}]}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: reviews}}
spec:
  host: reviews
  trafficPolicy: {{connectionPool: {{tcp: {{maxConnections: {number + 1}}}}}}}
  subsets: [{{name: v1, labels: {{version: v1}}}}, {{name: v2, labels: {{version: v2}}}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: reviews}}
spec:
  hosts: [reviews]
  http:
  - match: [{{headers: {{end-user: {{exact: jason}}}}}}]
    route: [{{destination: {{host: reviews, subset: v2}}}}]
  - route: [{{destination: {{host: reviews, subset: v1}}}}]
    timeout: {number + 1}s
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: reviews-v1}}
spec:
  selector: {{matchLabels: {{app: reviews, version: v1}}}}
  template:
    metadata: {{labels: {{app: reviews, version: v1}}}}
    spec: {{containers: [{{name: app, ports: [{{containerPort: 9080}}]}}]}}
"""
