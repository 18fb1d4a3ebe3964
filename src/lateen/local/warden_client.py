"""The parent's side of the warden, for asyncio: start it, make pods, run programs in them, hear of their ends."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple, Self

from lateen.local import channel, diagnosis
from lateen.local.etc_files import etc_files, search_domains
from lateen.local.network import MESH_SYSCTLS, Network, pod_sysctls
from lateen.local.paths import open_log, private_directory
from lateen.local.places import BadPlaceError, checked
from lateen.local.rules import Table

MESH: Final = "@mesh"
HOST: Final = "@host"

Answer = tuple[channel.Message, tuple[int, ...]]
Role = Literal["app", "proxy", "border"]

# -I and -S: nothing of the user's environment or site-packages is loaded; 20 ms faster, and nobody else's code.
_PROGRAM: Final = (
    "import sys; sys.path.append(sys.argv[1]); from lateen.local.warden import main; main(int(sys.argv[2]))"
)
_READY_SECONDS: Final = 15.0
_LOST: Final = "the warden of this mesh has ended; its last words are in warden.log of the state directory"


class WardenError(Exception):
    """A request was refused; the text says what, why, and if known what to do."""


class WardenLostError(WardenError):
    """The warden has ended, and with it every process of the mesh."""


class Pod(NamedTuple):
    """A pod to make: capture is the plan of `capture.plan`, None for a gateway; namespace sets the DNS search list."""

    name: str
    address: str
    namespace: str = "default"
    capture: Table | None = None
    sysctls: Mapping[str, str] = {}
    host_name: str = ""
    """What its programs call it; the name when empty."""


class Process:
    """A program started in a pod."""

    def __init__(self, warden: "Warden", serial: int, pidfd: int) -> None:
        self._warden = warden
        #: The warden's number for it; unlike a pid never used twice.
        self.serial = serial
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        #: The pid as the host sees it, for people to read.
        self.pid: int = _pid_of(pidfd)
        os.close(pidfd)

    @property
    def returncode(self) -> int | None:
        """None while it runs; then the exit status, or minus the number of the signal that ended it."""
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        """The exit status, once it has ended; -SIGKILL if the whole mesh has."""
        return await asyncio.shield(self._ended)

    async def signal(self, number: int) -> None:
        """Send a signal to the program and its process group; nothing if it has ended."""
        if not self._ended.done():
            await self._warden.request("signal", program=self.serial, number=number)

    async def terminate(self, grace: float) -> int:
        """SIGTERM, then after `grace` seconds SIGKILL, to its process group; the exit status."""
        await self.signal(signal.SIGTERM)
        try:
            return await asyncio.wait_for(self.wait(), grace)
        except TimeoutError:
            await self.signal(signal.SIGKILL)
            return await self.wait()

    def ended(self, code: int) -> None:
        """Called by the warden's reader."""
        if not self._ended.done():
            self._ended.set_result(code)


class Warden:
    """One mesh's namespaces and processes. Make it with `Warden.start`, end it with `close`."""

    def __init__(
        self, state: Path, network: Network, end: socket.socket, watcher: asyncio.subprocess.Process
    ) -> None:
        self.state = state
        self.network = network
        #: Set when the warden has ended, whether asked to or not.
        self.lost = asyncio.Event()
        self._end = end
        self._watcher = watcher
        self._processes: dict[int, Process] = {}
        self._started: dict[int, Process] = {}
        self._turn = asyncio.Lock()
        self._answers: deque[asyncio.Future[Answer]] = deque()
        self._nsswitch = _read_if_there("/etc/nsswitch.conf")
        asyncio.get_running_loop().add_reader(end, self._read)

    @classmethod
    async def start(cls, state: Path, network: Network = Network(), *, table: Table | None = None) -> Self:  # noqa: B008
        """Start a warden and make the mesh's own network; `table` holds packet rules for that (the border's).

        `state` is the mesh's state directory, made if needed. Call it in the thread that runs the event loop for as
        long as the mesh lives: the kernel ends the mesh with that thread. Raises WardenError naming cause and fix.
        """
        private_directory(state)
        private_directory(state / "pods")
        ours, theirs = channel.pair()
        ours.setblocking(False)
        watcher = await _launch(state, theirs)
        theirs.close()
        warden = cls(state, network, ours, watcher)
        try:
            await warden._begin(table)
        except BaseException:
            await warden.close()
            raise
        return warden

    async def _begin(self, table: Table | None) -> None:
        _checked(*await asyncio.wait_for(self._expect(), _READY_SECONDS))
        addresses = [f"{self.network.gateway}/{self.network.prefix}", f"{self.network.host}/32"]
        await self.request("make_mesh", addresses=addresses, table=table, sysctls=MESH_SYSCTLS)

    async def make_pod(self, pod: Pod) -> None:
        """Make a pod. Raises WardenError."""
        try:
            directory = private_directory(self.state / "pods" / checked(pod.name) / "etc")
        except BadPlaceError as error:
            raise WardenError(str(error)) from error
        self._write_etc(directory, pod)
        await self.request(
            "make_pod",
            name=pod.name,
            host_name=pod.host_name or pod.name,
            address=pod.address,
            prefix=self.network.prefix,
            gateway=self.network.gateway,
            table=pod.capture,
            sysctls={**pod_sysctls(os.getegid()), **pod.sysctls},
            etc=str(directory),
        )

    async def remove_pod(self, name: str) -> None:
        """Kill every process of a pod and take it out of the mesh; its address is free at once."""
        await self.request("remove_pod", name=name)

    async def pods(self) -> tuple[str, ...]:
        """Names of the pods there are."""
        answer, _ = await self.request("pods")
        return tuple(answer["pods"])

    async def spawn(  # noqa: PLR0913 - a program has that many sides
        self,
        pod: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        stdio: tuple[int, int, int],
        cwd: str = "/",
        role: Role = "app",
        terminal: bool = False,
    ) -> Process:
        """Run a program in a pod, in MESH, or in HOST, the host's own network.

        `stdio` are the caller's descriptors for standard input, output and error; they stay the caller's. With
        `terminal`, standard input (a pty) becomes the controlling terminal. The role says which capabilities are
        left: none, but for `proxy` CAP_NET_ADMIN. Raises WardenError when the program cannot be run.
        """
        options = {"env": dict(env), "cwd": cwd, "role": role, "terminal": terminal}
        answer, _ = await self.request("spawn", stdio, pod=pod, argv=list(argv), **options)
        return self._started.pop(answer["program"])

    async def socket(
        self,
        pod: str,
        family: int = socket.AF_INET,
        kind: int = socket.SOCK_STREAM,
        *,
        bind: tuple[str, int] | None = None,
        listen: int | None = None,
    ) -> socket.socket:
        """A non-blocking socket made inside a pod or MESH: it stays in that network wherever it is used."""
        _, fds = await self.request(
            "socket", pod=pod, family=int(family), kind=int(kind), bind=bind, listen=listen
        )
        made = socket.socket(family, kind, fileno=fds[0])
        made.setblocking(False)
        return made

    async def close(self) -> None:
        """End every process of the mesh and free every namespace; returns when they are gone."""
        self._lose()
        self._end.close()
        await self._watcher.wait()

    async def request(self, op: str, fds: tuple[int, ...] = (), **arguments: object) -> Answer:
        """One request and its answer. Raises WardenError with the kernel's reason, WardenLostError."""
        async with self._turn:
            await self._send({"op": op, **arguments}, fds)
            answer = self._expect()
        return _checked(*await answer)

    async def _send(self, message: channel.Message, fds: tuple[int, ...]) -> None:
        while not self.lost.is_set():
            try:
                return channel.send(self._end, message, fds)
            except BlockingIOError:
                await _writable(self._end)
            except channel.Closed:
                break
            except OSError as error:
                raise WardenError(f"{message['op']}: the request does not fit: {error.strerror}") from error
        raise WardenLostError(_LOST)

    def _expect(self) -> asyncio.Future[Answer]:
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if self.lost.is_set():
            answer.set_exception(WardenLostError(_LOST))
        else:
            self._answers.append(answer)
        return answer

    def _read(self) -> None:
        try:
            message, fds = channel.receive(self._end)
        except BlockingIOError:
            return
        except (channel.Closed, OSError):
            self._lose()
            return
        if "ended" in message:
            process = self._processes.pop(message["ended"], None)
            if process is not None:
                process.ended(message["code"])
            return
        answer = self._answers.popleft()
        if answer.done():
            self._unwanted(message, fds)
        else:
            if "program" in message:
                process = Process(self, message["program"], fds[0])
                self._processes[process.serial] = self._started[process.serial] = process
            answer.set_result((message, fds))

    def _unwanted(self, message: channel.Message, fds: tuple[int, ...]) -> None:
        """Whoever asked was cancelled meanwhile: keep nothing of what they asked for."""
        channel.close(fds)
        if "program" in message:
            kill = {"op": "signal", "program": message["program"], "number": int(signal.SIGKILL)}
            with contextlib.suppress(OSError, channel.Closed):
                channel.send(self._end, kill)
                self._expect()

    def _lose(self) -> None:
        if self.lost.is_set():
            return
        self.lost.set()
        asyncio.get_running_loop().remove_reader(self._end)
        for process in self._processes.values():
            process.ended(-signal.SIGKILL)
        self._processes.clear()
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(WardenLostError(_LOST))
        self._answers.clear()

    def _write_etc(self, directory: Path, pod: Pod) -> None:
        files = etc_files(
            hostname=pod.host_name or pod.name,
            address=pod.address,
            name_server=self.network.gateway,
            search=search_domains(pod.namespace),
            nsswitch=self._nsswitch,
        )
        for name, content in files.items():
            (directory / name).write_text(content)


async def _launch(state: Path, end: socket.socket) -> asyncio.subprocess.Process:
    # A session of its own: Ctrl-C in the terminal is for the parent, which ends the mesh in order.
    package_root = Path(__file__).parents[2]
    path = state / "warden.log"
    path.unlink(missing_ok=True)
    with os.fdopen(open_log(path), "wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", "-c", _PROGRAM, str(package_root), str(end.fileno())),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(end.fileno(),),
            start_new_session=True,
        )


def _checked(answer: channel.Message, fds: tuple[int, ...]) -> Answer:
    if "error" in answer:
        error = OSError(answer["errno"], answer["error"])
        raise WardenError(diagnosis.explain(answer["step"], error, _settings()))
    return answer, fds


def _settings() -> Mapping[str, str]:
    return {path: _read_if_there(path) for path in diagnosis.SETTINGS if Path(path).exists()}


def _read_if_there(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


async def _writable(end: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_writer(end, ready.set_result, None)
    try:
        await ready
    finally:
        loop.remove_writer(end)


def _pid_of(pidfd: int) -> int:
    lines = Path(f"/proc/self/fdinfo/{pidfd}").read_text(encoding="ascii").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pid:")), -1)
