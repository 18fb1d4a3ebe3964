"""Questions about requests from Python: what becomes of this one?"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from lateen.expectations.cases import Case, separated
from lateen.expectations.engine import Engine, Question
from lateen.expectations.running import Result, Run
from lateen.simulate.explain_request import Request
from lateen.simulate.trace import Outcome
from lateen.sources.documents import DEFAULT_NAMESPACE, Texts
from lateen.sources.load import Load
from lateen.translate import names

SUFFIXES = frozenset({".yaml", ".yml", ".json"})


class Answer(msgspec.Struct, frozen=True):
    """What becomes of a request."""

    outcome: Outcome
    """The most probable one; all are in `mesh.explain`."""
    fields: Mapping[str, str]
    """What the route does, field by field, as `lateen diff` names them."""

    @property
    def host(self) -> str:
        """The host of the destination; empty when the proxy answers by itself."""
        return self._part(3)

    @property
    def subset(self) -> str:
        """The subset of the destination, if any."""
        return self._part(2)

    @property
    def status(self) -> int:
        """The proxy's own answer; 0 when an upstream answers."""
        return self.outcome.status

    def _part(self, number: int) -> str:
        parts = names.parse_cluster(self.outcome.cluster)
        return str(parts[number]) if parts is not None else ""


Verify = Callable[[Question], list[str]]
"""Says how something else than the simulator treats a request otherwise."""


class Asked:
    """A mesh of files."""

    def __init__(self, objects: Load, verify: Verify | None = None) -> None:
        """Take what was read; with `verify`, every answer of the simulator is checked."""
        self._verify = verify
        self._run = Run(objects, ())
        self.mesh = self._run.mesh
        self.findings = self._run.findings

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        source: str = "gateway",
        namespace: str = DEFAULT_NAMESPACE,
    ) -> Answer:
        """Return what becomes of a request.

        Args:
            method: GET, POST…
            url: with the port, unless it is the scheme's.
            headers: sent with it.
            source: the workload that sends it, or `gateway` for one from outside.
            namespace: of the workload.

        Raises:
            LookupError: there is no such workload.
            ValueError: the request cannot be made.
            AssertionError: a real Envoy treats it otherwise than the simulator (only where one is asked).
        """
        request = Request(method, url, tuple((headers or {}).items()))
        case = Case(name=url, place="", client=source, namespace=namespace, requests=(request,), expect={})
        found = self._run.actual(self._run.clients.of(case, request), request)
        otherwise = self._verify(self._run.question(case, request, None)) if self._verify else []
        if otherwise:
            raise AssertionError("\n".join(("Envoy and the simulator differ:", *otherwise)))
        return Answer(found.outcome, found.fields)

    def resources(self, workload: str, namespace: str = DEFAULT_NAMESPACE) -> Any:
        """Return what a workload's proxy receives (`Mesh.resources`)."""
        return self.mesh.resources(self.mesh.proxy(workload, namespace))


def ask(paths: tuple[str, ...], verify: Verify | None = None) -> Asked:
    """Load files and directories; documents without a kind, as expectations are, are left out.

    Raises:
        ValueError: nothing could be read.
    """
    texts = [(str(one), one.read_text("utf-8")) for path in paths for one in _files(Path(path))]
    left, _ = separated(texts, DEFAULT_NAMESPACE)
    found = Texts().load(left)
    if not found.entries:
        raise ValueError(f"no objects in {', '.join(paths)}")
    return Asked(found, verify)


def _files(path: Path) -> list[Path]:
    return sorted(one for one in path.iterdir() if one.suffix in SUFFIXES) if path.is_dir() else [path]


class Beside:
    """The expectations of one file, and the configuration of its directory."""

    def __init__(self, file: str) -> None:
        """Read them.

        Raises:
            ValueError: an expectation is not understood.
        """
        texts = [(str(one), one.read_text("utf-8")) for one in _files(Path(file).parent)]
        left, cases = separated(texts, DEFAULT_NAMESPACE)
        self._texts = left
        self.cases = [case for case in cases if case.place.rpartition(":")[0] == file]

    def results(self, engine: Engine | None = None, objects: Load | None = None) -> list[Result]:
        """Try them, in order; `objects` are in force instead of those beside them."""
        return Run(Texts().load(self._texts) if objects is None else objects, self.cases, engine).results()
