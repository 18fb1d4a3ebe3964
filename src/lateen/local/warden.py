"""The warden: process 1 of a mesh's pid namespace. Makes namespaces, starts programs in them, reaps what ends.

It serves one parent over one socket and ends with it; the kernel then kills every process of the mesh and frees every
namespace, whatever happened to the parent. It stays in the host's network namespace itself: what has to be done inside
another one is done by a forked child. Single-threaded and standard library only, since each start of a mesh waits
for it. Why a process of its own: docs/adr/0004-one-warden.md.

A request is a JSON object whose `op` names a method below; requests are answered in order, with the method's result or
with `error`, `errno` and `step`. Programs that end are told unasked, as `ended` with their `code`.
"""

import contextlib
import errno
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn

from lateen.local import channel, kernel, namespaces, rules, spawn
from lateen.local.channel import Message
from lateen.local.namespaces import MeshRequest, Namespaces, PodRequest, SetupError

_CHILD_SECONDS: Final = 10.0
HOST: Final = "@host"
MESH: Final = "@mesh"

Answer = tuple[Message, tuple[int, ...]]
_NOTHING: Final[Answer] = ({}, ())


class Warden:
    """What the mesh consists of, and one method per request."""

    def __init__(self, parent: socket.socket) -> None:
        self._parent = parent
        self._places: dict[str, Namespaces | None] = {HOST: None}
        self._links: dict[str, str] = {}
        self._programs: dict[int, int] = {}
        self._counter = 0
        self._operations: Mapping[str, Callable[..., Answer]] = {
            "make_mesh": self.make_mesh,
            "make_pod": self.make_pod,
            "remove_pod": self.remove_pod,
            "pods": self.pods,
            "spawn": self.spawn,
            "signal": self.signal,
            "socket": self.socket,
        }

    def serve(self) -> None:
        """Answer requests and tell about ended programs, until the parent goes (channel.Closed)."""
        wake, signalled = socket.socketpair()
        wake.setblocking(False)
        signalled.setblocking(False)
        signal.set_wakeup_fd(signalled.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        poll.register(self._parent, select.POLLIN)
        while True:
            for fd, _ in poll.poll():
                if fd == wake.fileno():
                    wake.recv(4096)
                    self._reap()
                else:
                    self._answer(*channel.receive(self._parent))

    def make_mesh(
        self, _: tuple[int, ...], addresses: Sequence[str], table: Any, sysctls: Mapping[str, str]
    ) -> Answer:
        """Make the mesh's own network namespace with its bridge; once, first of all."""
        request = MeshRequest(tuple(addresses), table and rules.from_json(table), sysctls)
        self._places[MESH] = Namespaces(*_apart(lambda: namespaces.make_mesh(request)))
        return _NOTHING

    def make_pod(self, _: tuple[int, ...], *, name: str, table: Any, **rest: Any) -> Answer:
        """Make a pod and join it to the bridge."""
        if name in self._places:
            raise OSError(errno.EEXIST, f"pod {name} exists")
        self._counter += 1
        link = f"pod{self._counter}"
        request = PodRequest(link=link, table=table and rules.from_json(table), **rest)
        mesh = self._place(MESH)
        self._places[name] = Namespaces(*_apart(lambda: namespaces.make_pod(mesh, request)))
        self._links[name] = link
        return _NOTHING

    def remove_pod(self, _: tuple[int, ...], name: str) -> Answer:
        """Kill what runs in a pod and take the pod away."""
        pod, mesh, link = self._place(name), self._place(MESH), self._links.pop(name)
        del self._places[name]
        namespaces.kill_inside(pod)
        try:
            _apart(lambda: namespaces.unplug(mesh, link))
        finally:
            channel.close(pod)
        return _NOTHING

    def pods(self, _: tuple[int, ...]) -> Answer:
        """Names of the pods."""
        return {"pods": sorted(self._links)}, ()

    def spawn(self, fds: tuple[int, ...], *, pod: str, argv: Sequence[str], **rest: Any) -> Answer:
        """Start a program with the three descriptors passed as its standard streams."""
        place = None if pod == HOST else self._place(pod)
        pid = spawn.start(spawn.Command(argv=tuple(argv), **rest), place, fds)
        self._counter += 1
        self._programs[pid] = self._counter
        return {"program": self._counter, "pid": pid}, (os.pidfd_open(pid),)

    def signal(self, _: tuple[int, ...], program: int, number: int) -> Answer:
        """Send a signal to a program's process group; to one that has ended, nothing."""
        for pid, serial in self._programs.items():
            if serial == program:
                _kill_group(pid, number)
        return _NOTHING

    def socket(
        self,
        _: tuple[int, ...],
        *,
        pod: str,
        family: int,
        kind: int,
        bind: Sequence[Any] | None,
        listen: int | None,
    ) -> Answer:
        """Make a socket inside a pod or the mesh, bound and listening if wished, and pass it back."""

        def make() -> tuple[int]:
            namespaces.enter(place)
            made = socket.socket(family, kind)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if bind is not None:
                made.bind(tuple(bind))
            if listen is not None:
                made.listen(listen)
            return (made.detach(),)

        place = self._place(pod)
        return {}, _apart(make)

    def _place(self, name: str) -> Namespaces:
        place = self._places.get(name)
        if place is None:
            raise OSError(errno.ENOENT, f"no pod named {name}")
        return place

    def _answer(self, request: Message, fds: tuple[int, ...]) -> None:
        passed: tuple[int, ...] = ()
        try:
            reply, passed = self._operations[request.pop("op")](fds, **request)
        except SetupError as error:
            reply = _refusal(error.error, error.step)
        except OSError as error:
            reply = _refusal(error)
        except (KeyError, TypeError, ValueError) as error:
            reply = _refusal(OSError(errno.EINVAL, f"{type(error).__name__}: {error}"))
        channel.send(self._parent, reply, passed)
        channel.close(fds + passed)

    def _reap(self) -> None:
        while (pid := _ended()) is not None:
            program = self._programs.pop(pid, None)
            if program is not None:
                # Before the pid is free again: what a program leaves of its group goes with it, as in a container.
                _kill_group(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            if program is not None:
                channel.send(self._parent, {"ended": program, "code": os.waitstatus_to_exitcode(status)})


def _ended() -> int | None:
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return found.si_pid if found else None


def _kill_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def _refusal(error: OSError, step: str = "") -> Message:
    return {"error": error.strerror or str(error), "errno": error.errno or errno.EIO, "step": step}


def _apart(action: Callable[[], Sequence[int] | None]) -> tuple[int, ...]:
    """Do something in a forked child, which may change namespaces; the descriptors it returns."""
    here, there = channel.pair()
    pid = os.fork()
    if pid == 0:
        _report(there, action)
    there.close()
    with here:
        here.settimeout(_CHILD_SECONDS)
        try:
            reply, fds = channel.receive(here)
        except (channel.Closed, TimeoutError) as error:
            os.kill(pid, signal.SIGKILL)
            raise OSError(errno.EIO, "a child of the warden did not finish its work") from error
    if "error" in reply:
        raise SetupError(reply["step"], OSError(reply["errno"], reply["error"]))
    return fds


def _report(there: socket.socket, action: Callable[[], Sequence[int] | None]) -> NoReturn:
    reply: Message = {}
    fds: tuple[int, ...] = ()
    try:
        fds = tuple(action() or ())
    except SetupError as error:
        reply = _refusal(error.error, error.step)
    except OSError as error:
        reply = _refusal(error)
    except BaseException as error:  # noqa: BLE001 - the forked child must not return into the warden's own work
        reply = _refusal(OSError(errno.EINVAL, f"{type(error).__name__}: {error}"))
    finally:
        channel.send(there, reply, fds)
        os._exit(0)


def main(fd: int) -> NoReturn:
    """Split into a watcher outside the pid namespace and the warden inside, serving the socket `fd`."""
    parent = socket.socket(fileno=fd)
    parent.set_inheritable(False)
    try:
        namespaces.become_owner()
        inside = os.fork()
        if inside == 0:
            kernel.die_with_parent(signal.SIGKILL)
            namespaces.prepare_mounts()
    except SetupError as error:
        channel.send(parent, _refusal(error.error, error.step))
        os._exit(1)
    if inside == 0:
        _rule(parent)
    _watch(parent, inside)


def _rule(parent: socket.socket) -> NoReturn:
    try:
        channel.send(parent, {"ready": os.getpid()})
        Warden(parent).serve()
    except channel.Closed:
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - process 1 leaves a last word, then everything ends
        sys.stderr.write(f"warden: {type(error).__name__}: {error}\n")
        sys.stderr.flush()
    os._exit(1)


def _watch(parent: socket.socket, inside: int) -> NoReturn:
    """The process the parent started: ends when the warden does, and takes it along when killed itself."""
    kernel.die_with_parent(signal.SIGKILL)
    parent.close()
    _, status = os.waitpid(inside, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
