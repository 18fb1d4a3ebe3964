"""`lateen up`, without the command line: one process that is a whole mesh until it is told to stop."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from lateen.api.check.dispatch import check
from lateen.api.check.primitives.dns import is_label
from lateen.api.finding import Finding, Level
from lateen.api.meta import Meta, Object
from lateen.api.workload import Container, ContainerPort, Pod, Probe, TCPSocketAction
from lateen.local.attach import Attached, AttachRequest, AttachServer, RefusedError
from lateen.local.attached import AttachedWorkload, Program, start
from lateen.local.fleet import owner_of
from lateen.local.lock import AlreadyRunningError, MeshLock
from lateen.local.mesh import LocalMesh, Settings
from lateen.local.paths import private_directory
from lateen.local.terminal import Terminal
from lateen.local.warden_client import WardenError
from lateen.local.workload import Workload
from lateen.server.control_plane import ControlPlane
from lateen.server.state import State
from lateen.sources.documents import DEFAULT_NAMESPACE, Texts
from lateen.sources.files import Files
from lateen.sources.load import Load
from lateen.sources.mesh_settings import joined
from lateen.sources.store import Applied
from lateen.sources.watch import changes

SETTLE = 5.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CONFIG = Path(__file__).parent / "config" / "ingress-gateway.yaml"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line said."""

    name: str
    state: State
    files: Files | None
    """The user's files; watched. None for a mesh that only `apply` fills."""
    paths: tuple[str, ...] = ()
    """The files and directories as the user named them."""
    applied: tuple[tuple[str, str], ...] = ()
    """Documents as (name, text) that are in force from the start, as if applied: `apply` and `delete` change them."""
    settings: Load = Load()
    """The MeshConfig."""
    published: Mapping[int, int] = {}
    environment: Mapping[str, str] = {}
    directory: Path = Path()
    after_ready: Callable[[Terminal], None] = lambda _: None


"""What else to tell once everything runs."""


class StoppedError(Exception):
    """The mesh ended by itself; the text says why."""


async def run(options: Options) -> int:
    """Run a mesh until a signal or `lateen down`; returns the exit code."""
    terminal = Terminal()
    try:
        private_directory(options.state.directory)
        lock = MeshLock(options.state.lock)
    except AlreadyRunningError as error:
        terminal.say(
            f"error: mesh {options.name!r} is already running (process {error}); stop it with: lateen down"
        )
        return 3
    except OSError as error:
        terminal.say(
            f"error: the state directory {options.state.directory} cannot be used: {error.strerror};"
            " set LATEEN_HOME to a directory of yours"
        )
        return 1
    try:
        return await _run(options, terminal)
    finally:
        lock.release()


async def _run(options: Options, terminal: Terminal) -> int:
    mesh = Mesh(options, terminal)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        await mesh.start()
        await mesh.until(stop)
    except (WardenError, OSError, StoppedError) as error:
        terminal.say(f"error: {error}")
        return 1
    finally:
        await mesh.stop()
    return 0


class Mesh:
    """All parts of a running mesh, wired."""

    def __init__(self, options: Options, terminal: Terminal) -> None:
        """Take the options; nothing runs yet."""
        self._options, self._terminal = options, terminal
        self.control_plane = ControlPlane(options.settings)
        settings = Settings(options.state, options.published, options.directory, options.environment)
        self.local = LocalMesh(settings, self.control_plane, terminal.say, terminal.workload)
        self._told: frozenset[Finding] = frozenset()
        self._said_images = False
        self._attach = AttachServer(options.state.attach_socket, self._open)
        self._built_in = Texts(DEFAULT_NAMESPACE).load(built_in_documents())

    async def start(self) -> None:
        """Load the files and make the namespaces."""
        self._terminal.say(f"mesh {self._options.name!r}, state in {self._options.state.directory}")
        self.control_plane.apply(Texts(DEFAULT_NAMESPACE).load(self._options.applied))
        self._load()
        await self.control_plane.start(self._options.state.ads_socket)
        await self.local.start()

    async def until(self, stop: asyncio.Event) -> None:
        """Run until stopped.

        Raises:
            StoppedError: the warden is gone, and every workload with it.
        """
        background = [
            self.local.run(),
            self._attach.serve(),
            self._serve_api(),
            self._announce(),
            self._watch(),
        ]
        tasks = [asyncio.ensure_future(one) for one in background]
        ends = [asyncio.ensure_future(event.wait()) for event in (stop, self.local.stopping, self.local.lost)]
        try:
            await asyncio.wait([*ends, *tasks[:1]], return_when="FIRST_COMPLETED")
            if self.local.lost.is_set():
                raise StoppedError("the warden has ended, and every workload with it; see warden.log")
            if tasks[0].done():
                tasks[0].result()
        finally:
            self._terminal.say("")
            for task in (*tasks, *ends):
                task.cancel()
            await asyncio.gather(*tasks, *ends, return_exceptions=True)

    async def stop(self) -> None:
        """End everything, in order."""
        self._terminal.step("stopping")
        await self.local.stop()
        await self.control_plane.stop()
        self._terminal.step("stopped; nothing is left but the logs")

    # --- files

    def _read(self, changed: frozenset[str]) -> Load:
        files = self._options.files
        own = files.load(changed) if files is not None else Load()
        return joined(self._built_in, own)

    def _load(self, changed: frozenset[str] = frozenset()) -> Applied:
        applied = self.control_plane.load(self._read(changed))
        found = frozenset(one for one in self.control_plane.findings() if one.level is not Level.INFO)
        self._terminal.findings(sorted(found - self._told, key=str))
        self._told = found
        self._say_images()
        return applied

    def _say_images(self) -> None:
        """Say once that images are not used."""
        pods = self.control_plane.wanted_pods()
        images = {one.image for pod in pods for one in pod.spec.containers if one.image and one.command}
        if images and not self._said_images and self._options.files is not None:
            self._said_images = True
            self._terminal.say(
                f"note: commands run on this machine; images are not used ({', '.join(sorted(images))})"
            )

    async def _watch(self) -> None:
        if self._options.files is None:
            return
        async for changed in changes(self._options.files.paths):
            before = asyncio.get_running_loop().time()
            applied = self._load(changed)
            if applied.changed or applied.removed:
                await self._tell_reach(applied, before)

    async def _tell_reach(self, applied: Applied, before: float) -> None:
        reached = await self.control_plane.settle(SETTLE)
        took = (asyncio.get_running_loop().time() - before) * 1000
        proxies = len(self.control_plane.ads.connections())
        end = (
            f"in force on {proxies} proxies after {took:.0f} ms"
            if reached
            else "not everywhere yet: lateen proxy-status"
        )
        self._terminal.step(f"{words(applied)}; {end}")

    async def _announce(self) -> None:
        """Say once that everything runs, and then what to do with it."""
        while not self.local.settled:
            await self.local.changed()
        await self.control_plane.settle(SETTLE)
        self._terminal.ready(len(self.local.workloads), self.local.host_ports(), self._options.name)
        self._options.after_ready(self._terminal)

    async def _serve_api(self) -> None:
        from lateen.server.answers import Answers  # noqa: PLC0415  heavy, and needed only once workloads start
        from lateen.server.api import serve  # noqa: PLC0415

        options = self._options
        answers = Answers(self.control_plane, options.name, options.state, self.local, options.paths)
        await serve(answers, options.state.api_socket, asyncio.Event())

    # --- run and exec

    async def _open(self, request: AttachRequest, program: Program) -> Attached:
        return await (self._run(request, program) if request.op == "run" else self._exec(request, program))

    async def _exec(self, request: AttachRequest, program: Program) -> Attached:
        workload = self._find(request)
        process = await start(self.local.site, workload.place, _called(program, workload.name))
        return Attached(process.wait, process.signal, "")

    def _find(self, request: AttachRequest) -> Workload:
        found = [
            w for w in self.local.workloads.values() if _is_called(w, request.workload, request.namespace)
        ]
        if not found:
            known = sorted({owner_of(w.pod).name for w in self.local.workloads.values()})
            raise RefusedError(
                f"no workload {request.workload!r} in namespace {request.namespace}; there are {', '.join(known)}"
            )
        return min(found, key=lambda w: (not w.ready, w.name))

    async def _run(self, request: AttachRequest, program: Program) -> Attached:
        pod = pod_of(request)
        if wrong := _wrong_with(pod):
            raise RefusedError(wrong)
        if pod.ref in self.local.workloads:
            raise RefusedError(f"there is a workload {pod.meta.name!r} already; choose another --name")
        named = _called(program, pod.meta.name)
        workload = AttachedWorkload(
            self.local.placed(pod), self.local.site, self.local.workload_changed, named
        )
        await self.local.attach(workload)
        await workload.started()
        if workload.exit_code.done():
            raise RefusedError(
                workload.failure or f"{request.argv[0]} ended at once with {workload.exit_code.result()}"
            )
        return Attached(workload.ended, workload.send, f"{pod.meta.name} runs at {workload.address}")


def pod_of(request: AttachRequest) -> Object[Pod]:
    """Describe the workload that `lateen run` adds: ready when its first port is open."""
    ports = tuple(ContainerPort(container_port=number) for number in request.ports)
    probe = (
        Probe(tcp_socket=TCPSocketAction(port=request.ports[0]), period_seconds=1) if request.ports else None
    )
    container = Container(name=request.name, command=request.argv, ports=ports, readiness_probe=probe)
    meta = Meta(name=request.name, namespace=request.namespace, labels=dict(request.labels))
    spec = Pod(containers=(container,), service_account_name=request.service_account)
    return Object(api_version="v1", kind="Pod", meta=meta, spec=spec)


def words(applied: Applied) -> str:
    """Name what a change changed and what it removed: `changed: Service default/a; removed: Service default/b`.

    Pods are not named: more is said of them when they start and end.
    """
    parts = {"changed": applied.changed, "removed": applied.removed}
    named = {word: ", ".join(str(ref) for ref in refs if ref.kind != "Pod") for word, refs in parts.items()}
    return "; ".join(f"{word}: {names}" for word, names in named.items() if names) or "pods changed"


def _wrong_with(pod: Object[Pod]) -> str:
    """Say what `apply` would refuse of a pod; empty if nothing."""
    if not is_label(pod.meta.namespace):
        return (
            f"{pod.meta.namespace!r} cannot name a namespace: lower-case letters, digits and '-', at most 63"
        )
    found = next((one for one in check(pod) if one.level is Level.ERROR), None)
    return (
        f"{found.message} [{found.path}]" if found else "" if pod.meta.name else "the workload needs a name"
    )


def _called(program: Program, name: str) -> Program:
    """Give a program the host name of its workload."""
    return msgspec.structs.replace(program, env={**program.env, "HOSTNAME": name})


def _is_called(workload: Workload, name: str, namespace: str) -> bool:
    """Match a pod by its name, its Deployment's name, or its label `app`; `name.namespace` names both."""
    short, _, own = name.partition(".")
    meta = workload.pod.meta
    names = (meta.name, owner_of(workload.pod).name, meta.labels.get("app", ""))
    return meta.namespace == (own or namespace) and short in names


def built_in_documents() -> tuple[tuple[str, str], ...]:
    """Return what every mesh has: the ingress gateway."""
    return ((str(_CONFIG), _CONFIG.read_text()),)
