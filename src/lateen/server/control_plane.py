"""The control plane: the objects in force, what is wrong with them, and what each proxy gets of them.

One thread, one event loop; a change is made between two awaits, so nobody ever sees half of one. What a proxy gets is
asked of the queries at the moment of each push, for a view that is worked out anew, since a change of some selector may
have made another of the proxy's labels matter.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Any, cast

from lateen.analyze.findings import findings as analysis
from lateen.analyze.telling import told_once
from lateen.api import codes, facts
from lateen.api.check.dispatch import check as check_object
from lateen.api.finding import Finding, Level
from lateen.api.meta import Object, Ref
from lateen.compile.blocks import Resources
from lateen.compile.resources import resources
from lateen.engine import Database
from lateen.model.view import Proxy, View, view_of
from lateen.server import change
from lateen.server.change import Outcome
from lateen.server.pods import Pods
from lateen.server.registration import Registrations, Timer
from lateen.sources.definitions import Check
from lateen.sources.load import Load
from lateen.sources.mesh_settings import joined
from lateen.sources.origin import of as origin_of
from lateen.sources.store import API, FILES, Applied, Store
from lateen.sources.written import hour
from lateen.xds.grpc import AdsServer
from lateen.xds.request import Node

EMPTY = Load()
SWEEP_EVERY = 256
"""Changes of the objects after which answers that nobody asked for since the last sweep are forgotten."""


class ControlPlane:
    """Facts in, resources out.

    Attributes:
        db: the facts; anybody may read them, only this object writes them.
        ads: the xDS server.
    """

    def __init__(self, settings: Load = EMPTY, check: Check | None = check_object) -> None:
        """Start with the mesh's settings and nothing else; `check` judges each object on its own."""
        self.db = Database()
        self.db.set(facts.RUNS, True)
        self.ads = AdsServer(
            resources=self.resources,
            proxy_of=proxy_of,
            view_of=lambda proxy: view_of(self.db, proxy),
            on_change=self._proxies_moved,
        )
        self._listeners: list[Callable[[], None]] = [self.ads.notify]
        self._check = check
        self._store = Store(self.db, check)
        self._pods = Pods(self.db)
        self._registrations = Registrations(self.db, _later, self._tell)
        self._settings = settings
        self._told_of_files: tuple[Finding, ...] = ()
        self._told: dict[Ref, tuple[Finding, ...]] = {}
        self._changes, self._swept = 0, self.db.revision
        self.load(EMPTY)

    def load(self, load: Load) -> Applied:
        """Make the files' objects these. An object with an error keeps its last good form, the rest is put in force."""
        applied = self._store.replace(FILES, joined(self._settings, load))
        self._told_of_files = applied.findings
        self._changed(applied)
        return applied

    def apply(self, load: Load, *, strict: bool = False, dry_run: bool = False) -> Outcome:
        """Put objects in force: all or, when one has an error, none.

        Args:
            load: the objects.
            strict: something missing that they name is an error, too.
            dry_run: only say what would happen.
        """
        wrong = change.judged(load, self._check)
        refused = any(map(change.is_error, wrong))
        if not (refused or strict or dry_run):
            return self._apply(load)
        missing = change.foreseen(self.db, load)
        refused = refused or (strict and any(map(change.is_error, missing)))
        if refused or dry_run:
            told = () if refused else change.expected(load, self._defined())
            return Outcome(not refused, told, change.unique((*wrong, *missing)))
        return self._apply(load)

    def delete(self, refs: Iterable[Ref], *, dry_run: bool = False) -> Outcome:
        """Remove objects that were applied: all or, when one is not there or only in the files, none.

        What was applied over an object of the files gives way to the file's version again.
        """
        wanted = tuple(dict.fromkeys(refs))
        known = {obj.ref for obj in self._store.defined(API)}
        foreign = self._of_files(wanted)
        unknown = (ref for ref in wanted if ref not in known and not any(one.ref == ref for one in foreign))
        wrong = (*foreign, *(_not_there(ref) for ref in unknown))
        if wrong:
            return Outcome(applied=False, findings=wrong)
        if dry_run:
            return Outcome(True, tuple((ref, change.DELETED) for ref in wanted))
        before = analysis(self.db)
        applied = self._store.remove(API, wanted)
        for ref in wanted:
            self._told.pop(ref, None)
        self._changed(applied)
        results = tuple(
            (ref, change.DELETED if facts.get(self.db, ref) is None else change.REVERTED) for ref in wanted
        )
        return Outcome(True, results, self._arisen(before, frozenset()))

    def wanted_pods(self) -> tuple[Object[Any], ...]:
        """Return the pods that should run, by namespace and name, without a status."""
        return self._pods.wanted

    def observe(self, pods: Iterable[Object[Any]] = (), removed: Iterable[Ref] = ()) -> None:
        """Put in what is seen of pods: where they run and whether they are ready, and which run no more."""
        before = self.db.revision
        self._pods.observe(pods, removed)
        if self.db.revision != before:
            self._tell()

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have somebody called after each change of the facts, after the proxies were told; it must be quick."""
        self._listeners.append(listener)

    async def start(self, ads_socket: Path) -> None:
        """Serve proxies on a UNIX socket.

        Raises:
            OSError: somebody else listens there.
        """
        await self.ads.start(socket_path=ads_socket)

    async def settle(self, seconds: float) -> bool:
        """Wait until every connected proxy has answered to the present state; False when the time is over."""
        return await self.ads.synced(seconds)

    async def stop(self) -> None:
        """End every stream."""
        await self.ads.stop()

    def findings(self) -> tuple[Finding, ...]:
        """Return everything that is wrong with the objects now, with positions."""
        self.db.set(facts.NOW, hour())
        told = (*self._told_of_files, *(one for found in self._told.values() for one in found))
        return told_once(told, change.located(self.db, analysis(self.db)))

    def owner(self, ref: Ref) -> str:
        """Return `files`, `api`, or `local` for what neither defines."""
        return self._store.owner(ref) or "local"

    def resources(self, type_url: str, view: Hashable, names: tuple[str, ...] | None) -> Resources:
        """Answer xDS."""
        return resources(self.db, type_url, cast("View", view), names)

    def view_of(self, node: Node) -> View:
        """Return what of a node its configuration depends on, now.

        Raises:
            ValueError: its id is not of Istio's form.
        """
        return view_of(self.db, proxy_of(node))

    def _apply(self, load: Load) -> Outcome:
        there = frozenset(one.ref for one in load.entries if facts.get(self.db, one.ref) is not None)
        before = analysis(self.db)
        applied = self._store.add(API, load)
        named = frozenset(entry.ref for entry in load.entries)
        self._told |= {ref: tuple(one for one in applied.findings if one.ref == ref) for ref in named}
        self._changed(applied)
        findings = change.unique((*applied.findings, *self._arisen(before, named)))
        return Outcome(True, change.results(load, applied, there), findings)

    def _arisen(self, before: tuple[Finding, ...], named: frozenset[Ref]) -> tuple[Finding, ...]:
        """Choose what a change has to answer for: findings about its own objects, and new ones about others."""
        known = frozenset(before)
        return change.located(
            self.db, (one for one in analysis(self.db) if one.ref in named or one not in known)
        )

    def _of_files(self, refs: Iterable[Ref]) -> tuple[Finding, ...]:
        return tuple(self._owned(ref) for ref in refs if self._store.owner(ref) == FILES)

    def _owned(self, ref: Ref) -> Finding:
        origin = origin_of(self.db, ref)
        place = str(origin.position("")) if origin else "the files"
        return Finding(
            codes.OWNED, Level.ERROR, ref, "", f"the object is defined in {place}", "edit it there"
        )

    def _defined(self) -> tuple[Object[Any], ...]:
        return (*self._store.defined(API), *self._store.defined(FILES))

    def _changed(self, applied: Applied) -> None:
        self._pods.follow(applied)
        self._registrations.refresh()
        self._changes += 1
        if self._changes % SWEEP_EVERY == 0:
            self.db.sweep(self._swept)
            self._swept = self.db.revision
        if applied.changed or applied.removed:
            self._tell()

    def _proxies_moved(self) -> None:
        self._registrations.follow(self.ads.nodes())

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


def proxy_of(node: Node) -> Proxy:
    """Read what a node says of itself.

    Raises:
        ValueError: its id is not of Istio's form.
    """
    return Proxy.from_node(node.id, node.metadata, node.locality)


def _later(seconds: float, do: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(seconds, do)


def _not_there(ref: Ref) -> Finding:
    return Finding(codes.OWNED, Level.ERROR, ref, "", "there is no such object")
