"""What the API answers: a function per path, without HTTP."""

import importlib.metadata
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from lateen.api import facts, registry
from lateen.api.finding import Level
from lateen.api.meta import Ref
from lateen.compile import types
from lateen.compile.resources import resources
from lateen.compile.routes import route_names
from lateen.engine import Database
from lateen.model.view import View
from lateen.server import rows
from lateen.server.change import Outcome, unique
from lateen.server.control_plane import ControlPlane
from lateen.server.selector import BadSelectorError, selector
from lateen.server.state import State
from lateen.server.wire import (
    ApplyRequest,
    ChangeAnswer,
    DeleteRequest,
    FindingRow,
    MeshStatus,
    ObjectResult,
    ObjectRow,
    ProxyRow,
    finding_row,
)
from lateen.server.workloads import NoWorkloads, WorkloadRow, Workloads
from lateen.sources.documents import DEFAULT_NAMESPACE, Texts
from lateen.sources.load import Load
from lateen.xds.state import SyncState


class RefusedError(ValueError):
    """The question makes no sense; the text says why."""


class Answers:
    """Answers for one mesh."""

    def __init__(
        self,
        plane: ControlPlane,
        name: str,
        state: State,
        workloads: Workloads | None = None,
        paths: tuple[str, ...] = (),
    ) -> None:
        """Take the control plane, the mesh's name and place, who runs its pods, and the watched paths."""
        self._plane, self._name, self._state, self._paths = plane, name, state, paths
        self._workloads: Workloads = workloads or NoWorkloads()
        self._since = time.time()
        self._indexes: dict[str, tuple[Ref, ...]] = {}
        self._births: dict[str, dict[Ref, float]] = {}
        plane.on_change(self._note_births)
        self._note_births()

    def mesh(self) -> MeshStatus:
        """Return the mesh in short."""
        pods, connections, findings = (
            self._workloads.rows(),
            self._plane.ads.connections(),
            self._plane.findings(),
        )
        return MeshStatus(
            mesh=self._name,
            pid=os.getpid(),
            version=importlib.metadata.version("lateen"),
            since=self._since,
            directory=str(self._state.directory),
            paths=self._paths,
            objects=rows.counts(self._plane),
            workloads=len(pods),
            ready=sum(pod.ready for pod in pods),
            proxies=len(connections),
            synced=sum(
                all(one.state in (SyncState.SYNCED, SyncState.NOT_SENT) for one in c.state.types)
                for c in connections
            ),
            errors=sum(one.level is Level.ERROR for one in findings),
            warnings=sum(one.level is Level.WARNING for one in findings),
            host_ports=self._workloads.host_ports(),
        )

    def objects(self, query: Mapping[str, str]) -> list[ObjectRow]:
        """Return objects by `kind`, `namespace`, `name` and `selector`."""
        kind = registry.find(query.get("kind", ""))
        if kind is None:
            raise RefusedError(f"there is no kind {query.get('kind', '')!r}")
        try:
            taken = selector(query.get("selector", ""))
        except BadSelectorError as error:
            raise RefusedError(str(error)) from error
        found = rows.object_rows(
            self._plane, kind.name, query.get("namespace", ""), taken, self._births.get(kind.name, {})
        )
        name = query.get("name")
        return [row for row in found if not name or row.document["metadata"]["name"] == name]

    def touching(self, ref: Ref) -> list[str]:
        """Return the proxies that hold something because of an object, and what."""
        return rows.touching(self._plane, ref, _versions)

    def proxies(self) -> list[ProxyRow]:
        """Return the connected proxies by name."""
        return sorted(
            (rows.proxy_row(one) for one in self._plane.ads.connections()), key=lambda row: row.name
        )

    def findings(self, namespace: str) -> list[FindingRow]:
        """Return what is wrong now; an empty namespace means all."""
        found = self._plane.findings()
        return [
            finding_row(one) for one in found if not namespace or (one.ref and one.ref.namespace == namespace)
        ]

    def workloads(self) -> list[WorkloadRow]:
        """Return the pods that run."""
        return list(self._workloads.rows())

    async def apply(self, request: ApplyRequest) -> ChangeAnswer:
        """Put objects in force, and wait until the proxies have them."""
        load = _read(request.documents, request.namespace)
        return await self._carried_out(
            lambda: self._plane.apply(load, strict=request.strict, dry_run=request.dry_run), request
        )

    async def delete(self, request: DeleteRequest) -> ChangeAnswer:
        """Remove objects, and wait until the proxies have forgotten them."""
        refs = [Ref(one.kind, one.namespace, one.name) for one in request.objects]
        if request.documents:
            refs += [entry.ref for entry in _read(request.documents, request.namespace).entries]
        return await self._carried_out(lambda: self._plane.delete(refs, dry_run=request.dry_run), request)

    async def shutdown(self) -> None:
        """Begin to stop the mesh."""
        await self._workloads.shutdown()

    async def _carried_out(
        self, change: Callable[[], Outcome], request: ApplyRequest | DeleteRequest
    ) -> ChangeAnswer:
        known = {key for one in self._plane.ads.connections() for key in rows.rejections(one)}
        began = time.perf_counter()
        outcome, everywhere = change(), False
        if outcome.applied and request.timeout and not request.dry_run:
            everywhere = await self._plane.settle(request.timeout)
        took = 1000 * (time.perf_counter() - began)
        return self._answer(outcome, known, everywhere=everywhere, milliseconds=took, dry_run=request.dry_run)

    def _answer(
        self,
        outcome: Outcome,
        known: set[tuple[str, str, str]],
        *,
        everywhere: bool,
        milliseconds: float,
        dry_run: bool,
    ) -> ChangeAnswer:
        """Say what a change came to; once it has arrived everywhere, what else moves meanwhile takes nothing from it."""
        connections = self._plane.ads.connections()
        rejected = [key for one in connections for key in rows.rejections(one) if key not in known]
        refusing = {proxy for proxy, _, _ in rejected}
        return ChangeAnswer(
            applied=outcome.applied,
            dry_run=dry_run,
            results=tuple(
                ObjectResult(kind=ref.kind, namespace=ref.namespace, name=ref.name, outcome=word)
                for ref, word in outcome.results
            ),
            findings=tuple(finding_row(one) for one in unique(outcome.findings)),
            proxies=len(connections),
            in_force=sum(
                (everywhere or one.settled) and rows.proxy_name(one) not in refusing for one in connections
            ),
            # Envoy says the same words of each resource of one push.
            rejected=tuple(dict.fromkeys(f"{proxy}: {words.strip()}" for proxy, _, words in rejected)),
            milliseconds=milliseconds,
        )

    def _note_births(self) -> None:
        """Remember when each object came, for ages: objects from files have no time of their own."""
        for kind in registry.KINDS:
            refs = facts.refs(self._plane.db, kind.name)
            if refs is not self._indexes.get(kind.name):
                moment, before = time.time(), self._births.get(kind.name, {})
                self._indexes[kind.name] = refs
                self._births[kind.name] = {ref: before.get(ref, moment) for ref in refs}


def _read(documents: tuple[Any, ...], namespace: str) -> Load:
    load = Texts(namespace or DEFAULT_NAMESPACE).load((one.name, one.text) for one in documents)
    if not load.entries and not load.findings:
        raise RefusedError(f"no objects in {', '.join(one.name for one in documents) or 'the request'}")
    return load


def _versions(db: Database, view: View) -> dict[tuple[str, str], str]:
    """Return type and name of what a view has, with its version; endpoints are not looked at."""
    found = {}
    for type_url, word, names in (
        (types.CLUSTER, "cluster", None),
        (types.LISTENER, "listener", None),
        (types.ROUTE, "route", route_names(db, view)),
    ):
        for one in resources(db, type_url, view, names):
            found[word, one.name] = one.version
    return found
