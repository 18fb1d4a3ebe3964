"""Questions about requests from Python: what becomes of this one?"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from lateen.expectations.cases import Case, separated
from lateen.expectations.running import Run
from lateen.simulate.explain_request import Request
from lateen.simulate.trace import Outcome
from lateen.sources.documents import DEFAULT_NAMESPACE, Load, Texts
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


class Asked:
    """A mesh of files."""

    def __init__(self, objects: Load) -> None:
        """Take what was read."""
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
        """
        request = Request(method, url, tuple((headers or {}).items()))
        case = Case(name=url, place="", client=source, namespace=namespace, requests=(request,), expect={})
        found = self._run.actual(self._run.client(case, request), request)
        return Answer(found.outcome, found.fields)

    def resources(self, workload: str, namespace: str = DEFAULT_NAMESPACE) -> Any:
        """Return what a workload's proxy receives (`Mesh.resources`)."""
        return self.mesh.resources(self.mesh.proxy(workload, namespace))


def ask(paths: tuple[str, ...]) -> Asked:
    """Load files and directories; documents without a kind, as expectations are, are left out.

    Raises:
        ValueError: nothing could be read.
    """
    texts = [(str(one), one.read_text("utf-8")) for path in paths for one in _files(Path(path))]
    left, _ = separated(texts, DEFAULT_NAMESPACE)
    found = Texts().load(left)
    if not found.entries:
        raise ValueError(f"no objects in {', '.join(paths)}")
    return Asked(found)


def _files(path: Path) -> list[Path]:
    return sorted(one for one in path.iterdir() if one.suffix in SUFFIXES) if path.is_dir() else [path]


def results_of(file: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Try the expectations of one file on the configuration of its directory: name, place, problems."""
    texts = [(str(one), one.read_text("utf-8")) for one in _files(Path(file).parent)]
    left, cases = separated(texts, DEFAULT_NAMESPACE)
    own = [case for case in cases if case.place.rpartition(":")[0] == file]
    run = Run(Texts().load(left), own)
    yield from ((one.case.name, one.case.place, one.problems) for one in run.results())
