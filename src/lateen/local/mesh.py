"""One mesh on one machine: the warden, the control plane, workloads as processes, names, and the way in and out.

The control plane says which pods there should be; this runs them and says in return where they are and whether they are
ready. That report is what makes them endpoints.
"""

import asyncio
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from lateen.agent.binary import envoy_path
from lateen.api.meta import Object, Ref
from lateen.api.workload import PodAddress, PodCondition, PodStatus
from lateen.engine import Database
from lateen.local import host_ports, names
from lateen.local.addresses import Addresses
from lateen.local.attached import AttachedWorkload
from lateen.local.border import Border, BorderError
from lateen.local.border_config import Entrance, border_rules
from lateen.local.commands import inherited
from lateen.local.dns import NameServer
from lateen.local.fleet import owner_of, plan
from lateen.local.host_ports import GatewayPort, Published
from lateen.local.network import Network
from lateen.local.places import place_of
from lateen.local.warden_client import Warden
from lateen.local.workload import Site, Workload
from lateen.model.gateway import gateway_listeners
from lateen.model.scope import Scope, scope_of
from lateen.model.view import Proxy, view_of
from lateen.server.control_plane import ControlPlane
from lateen.server.state import State
from lateen.server.workloads import HostPort, WorkloadRow
from lateen.sources import origin

SYNC_BEFORE_STOP = 2.0
DRAIN_BEFORE_STOP = 5.0  # Istio's terminationDrainDuration


class Settings(msgspec.Struct, frozen=True):
    """How a mesh is run."""

    state: State
    published: Mapping[int, int]
    """Gateway port → port of this machine, where the user chose."""
    directory: Path
    """Where relative paths of pods start that are in no file."""
    environment: Mapping[str, str]


class LocalMesh:
    """Runs the pods that a control plane wants; also the `Workloads` that the API shows."""

    def __init__(
        self,
        settings: Settings,
        control_plane: ControlPlane,
        note: Callable[[str], None],
        show: Callable[[Workload], None],
    ) -> None:
        """Take the settings, the control plane, and where to tell what happens; nothing runs yet."""
        self._settings, self._control_plane, self._note, self._show = settings, control_plane, note, show
        self.workloads: dict[Ref, Workload] = {}
        self._lives: dict[Ref, asyncio.Task[None]] = {}
        self._since: dict[Ref, float] = {}
        self._network = Network()
        self._addresses = Addresses(self._network)
        self._moved = asyncio.Event()
        self._news = asyncio.Event()
        self._has_published = False
        self._tasks: asyncio.TaskGroup | None = None
        self._held: dict[tuple[str, int], int] = {}
        self.published: tuple[Published, ...] = ()
        self.stopping = asyncio.Event()
        self._warden: Warden | None = None
        self._site: Site | None = None
        self._names: NameServer | None = None
        self._border: Border | None = None

    @property
    def _db(self) -> Database:
        return self._control_plane.db

    @property
    def site(self) -> Site:
        """What workloads share; there after `start`."""
        assert self._site is not None
        return self._site

    async def changed(self) -> None:
        """Wait until a workload has changed."""
        self._news.clear()
        await self._news.wait()

    @property
    def lost(self) -> asyncio.Event:
        """Set when the warden, and with it every workload, has ended without being asked to."""
        assert self._warden is not None
        return self._warden.lost

    @property
    def settled(self) -> bool:
        """Whether every pod that should run is ready, and the gateways' ports are open."""
        wanted = {pod.ref for pod in self._control_plane.wanted_pods()}
        return (
            self._has_published
            and wanted <= self.workloads.keys()
            and all(self.workloads[ref].ready for ref in wanted)
        )

    async def start(self) -> None:
        """Make the namespaces, then start names and border while the first workloads start.

        Raises:
            WardenError: this machine does not let the mesh be made; the text says why and what to do.
            BorderError: the way in or out cannot be made.
        """
        state = self._settings.state
        self._warden = await Warden.start(state.directory, self._network, table=border_rules(self._network))
        self._site = Site(
            warden=self._warden,
            state=state,
            db=self._db,
            envoy=envoy_path(),
            environment=inherited(self._settings.environment),
            directory_of=self._directory_of,
        )
        self._names = await NameServer.start(self._warden, names.names(self._db, self._scope_at))

    async def run(self) -> None:
        """Keep the workloads as they should be, until cancelled."""
        self._control_plane.on_change(self.wake)
        self.wake()
        assert self._warden is not None
        self._border = await Border.start(self._warden)
        async with asyncio.TaskGroup() as self._tasks:
            while True:
                await self._moved.wait()
                self._moved.clear()
                self._reconcile(self._tasks)
                await self._publish()

    def wake(self) -> None:
        """Look again at what should run."""
        self._moved.set()

    async def stop(self) -> None:
        """End every workload in order, then the namespaces."""
        self.stopping.set()
        for life in self._lives.values():
            life.cancel()
        await asyncio.gather(*self._lives.values(), return_exceptions=True)
        await asyncio.gather(*(workload.stop() for workload in self.workloads.values()))
        for part in (self._border, self._names, self._warden):
            if part is not None:
                await part.close()

    # --- workloads

    def _reconcile(self, tasks: asyncio.TaskGroup) -> None:
        wanted = self._control_plane.wanted_pods()
        running = {ref: workload.pod for ref, workload in self.workloads.items() if ref in self._lives}
        kept = {ref: pod for ref, pod in running.items() if not self.workloads[ref].attached}
        ready = frozenset(ref for ref, workload in self.workloads.items() if workload.ready)
        found = plan(wanted, {ref: _without_status(pod) for ref, pod in kept.items()}, ready)
        for ref in found.stop:
            tasks.create_task(self._end(ref))
        for pod in found.start:
            if pod.ref not in self.workloads:
                self._begin(pod, tasks)
        for pod in found.replace:
            tasks.create_task(self._end(pod.ref))

    def _begin(self, pod: Object[Any], tasks: asyncio.TaskGroup) -> None:
        assert self._site is not None
        self._adopt(Workload(self.placed(pod), self._site, self.workload_changed), tasks)

    async def _live(self, workload: Workload) -> None:
        try:
            await workload.run()
        except asyncio.CancelledError:
            return
        except Exception as error:  # noqa: BLE001  one workload's failure, whatever it is, is not the mesh's
            workload.fail(error)

    def placed(self, pod: Object[Any]) -> Object[Any]:
        """Give a pod its address."""
        address = self._addresses.take(place_of(pod.ref))
        status = PodStatus(phase="Pending", pod_ip=address, pod_ips=(PodAddress(ip=address),))
        return msgspec.structs.replace(pod, status=status)

    async def attach(self, workload: AttachedWorkload) -> None:
        """Add a workload that lives as long as its program."""
        assert self._tasks is not None
        self._adopt(workload, self._tasks)
        self._tasks.create_task(self._until_ended(workload))

    async def _until_ended(self, workload: AttachedWorkload) -> None:
        await asyncio.shield(workload.exit_code)
        await self._end(workload.pod.ref)

    def _adopt(self, workload: Workload, tasks: asyncio.TaskGroup) -> None:
        """Show a workload, report its pod to the control plane, and let it live."""
        self.workloads[workload.pod.ref] = workload
        self._since[workload.pod.ref] = time.time()
        self._report(workload)
        self._lives[workload.pod.ref] = tasks.create_task(self._live(workload))

    async def _end(self, ref: Ref) -> None:
        """Take an endpoint away, let every proxy hear of it and the last answers go out, then end its programs."""
        life = self._lives.pop(ref, None)
        self._control_plane.observe(removed=(ref,))
        await self._control_plane.settle(SYNC_BEFORE_STOP)
        await self.workloads[ref].quiet(DRAIN_BEFORE_STOP)
        if life is not None:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
        workload = self.workloads[ref]
        await workload.stop()
        del self.workloads[ref], self._since[ref]
        self._addresses.free(workload.place)
        self.wake()

    def workload_changed(self, workload: Workload) -> None:
        """Take note that a workload has changed."""
        self._show(workload)
        self._news.set()
        if workload.pod.ref in self._lives and not self.stopping.is_set():
            self._report(workload)
            self.wake()

    def _report(self, workload: Workload) -> None:
        ready = PodCondition(
            type="Ready", status="True" if workload.ready else "False", reason=workload.reason
        )
        status = msgspec.structs.replace(workload.pod.status, phase="Running", conditions=(ready,))
        self._control_plane.observe(pods=(msgspec.structs.replace(workload.pod, status=status),))

    def _directory_of(self, ref: Ref) -> Path:
        """Relative paths start at the file that defines the pod or its owner."""
        workload = self.workloads.get(ref)
        maker = owner_of(workload.pod) if workload else ref
        found = origin.of(self._db, maker)
        place = Path(found.file).absolute().parent if found else self._settings.directory
        return place if place.is_dir() else self._settings.directory

    def _scope_at(self, address: str) -> Scope:
        for workload in self.workloads.values():
            if workload.address == address:
                return scope_of(self._db, view_of(self._db, Proxy.from_node(*workload.node())))
        return Scope("default")

    # --- the way in

    async def _publish(self) -> None:
        if self._border is None:
            return
        found = tuple(self._gateway_ports())
        wanted = host_ports.publish(found, self._settings.published, self._held, _is_free)
        if wanted == self.published:
            self._set_published()
            return
        entrances = [
            Entrance(p.host_port, tuple((one.address, one.port) for one in p.behind)) for p in wanted
        ]
        try:
            await self._border.publish(entrances)
        except BorderError as error:
            self._note(f"error: {error}")
            return
        self._held = {(p.behind[0].owner, p.behind[0].number): p.host_port for p in wanted}
        self.published = wanted
        self._set_published()

    def _set_published(self) -> None:
        self._has_published = True
        self._news.set()

    def _gateway_ports(self) -> list[GatewayPort]:
        found = []
        for workload in self.workloads.values():
            if workload.is_gateway:
                for listener in gateway_listeners(
                    self._db, view_of(self._db, Proxy.from_node(*workload.node()))
                ):
                    server = listener.servers[0]
                    found.append(
                        GatewayPort(
                            owner=owner_of(workload.pod).name,
                            number=server.port,
                            pod=workload.name,
                            address=workload.address,
                            port=listener.port,
                            protocol=str(server.protocol),
                        )
                    )
        return found

    # --- what the API shows

    def rows(self) -> tuple[WorkloadRow, ...]:
        """Return all pods, by namespace and name."""
        ordered = sorted(self.workloads.values(), key=lambda one: (one.pod.meta.namespace, one.name))
        return tuple(self._row(workload) for workload in ordered)

    def _row(self, workload: Workload) -> WorkloadRow:
        owner = owner_of(workload.pod)
        return WorkloadRow(
            pod=workload.name,
            namespace=workload.pod.meta.namespace,
            owner=owner.name if owner.kind != "Pod" else "",
            labels=workload.pod.meta.labels,
            address=workload.address,
            type="router" if workload.is_gateway else "sidecar",
            state=str(workload.phase),
            ready=workload.ready,
            restarts=workload.restarts,
            proxy_restarts=workload.proxy_restarts,
            since=self._since[workload.pod.ref],
            pid=workload.pid,
            proxy_pid=workload.proxy_pid,
            command=workload.command,
            message=workload.reason,
            directory=str(workload.directory),
        )

    def host_ports(self) -> tuple[HostPort, ...]:
        """Return the ports of this machine that lead into the mesh, by number."""
        return tuple(
            HostPort(
                address="127.0.0.1",
                port=p.host_port,
                pod=p.behind[0].owner,
                mesh_port=p.behind[0].number,
                protocol=p.behind[0].protocol,
            )
            for p in self.published
        )

    async def shutdown(self) -> None:
        """Ask the process to stop."""
        self.stopping.set()


def _without_status(pod: Object[Any]) -> Object[Any]:
    return msgspec.structs.replace(pod, status=None)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
