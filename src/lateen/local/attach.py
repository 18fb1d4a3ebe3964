"""The socket where `lateen run` and `lateen exec` hand over their terminals.

One connection is one program. The client sends a request with three descriptors (standard input, output, error), then
signals; the server answers `started`, then `exit` with the status, or `error`. When the client goes away the program
is asked to end. A SOCK_SEQPACKET socket, readable and writable by its owner alone.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import msgspec

from lateen.local import channel
from lateen.local.attached import Program
from lateen.local.warden_client import WardenError

GRACE = 5.0


class AttachRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks for."""

    op: str
    """`run` or `exec`."""
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    terminal: bool = False
    workload: str = ""
    """`exec`: a pod, Deployment or app."""
    name: str = ""
    """`run`: the new workload's name."""
    namespace: str = "default"
    labels: Mapping[str, str] = {}
    ports: tuple[int, ...] = ()
    service_account: str = "default"


class RefusedError(Exception):
    """The request cannot be met; the text says why."""


class Attached:
    """A started program, as the server needs it."""

    def __init__(
        self, wait: Callable[[], Awaitable[int]], send: Callable[[int], Awaitable[None]], note: str
    ) -> None:
        """Take how to wait for its end, how to signal it, and what to tell the client at the start."""
        self.wait, self.send, self.note = wait, send, note


Opener = Callable[[AttachRequest, Program], Coroutine[Any, Any, Attached]]
"""Starts what a request asks for. Raises RefusedError or WardenError."""


class AttachServer:
    """Accepts connections until closed."""

    def __init__(self, path: Path, opener: Opener) -> None:
        """Take the socket's path and who starts programs."""
        self._path, self._opener = path, opener

    async def serve(self) -> None:
        """Serve until cancelled."""
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.setblocking(False)
        try:
            listener.bind(str(self._path))
            self._path.chmod(0o600)
            listener.listen()
            async with asyncio.TaskGroup() as tasks:
                while True:
                    connection, _ = await asyncio.get_running_loop().sock_accept(listener)
                    tasks.create_task(self._serve(connection))
        finally:
            listener.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.setblocking(False)
            messages = _Messages(connection)
            try:
                request, fds = await messages.next()
                await self._attend(messages, request, fds)
            except (channel.Closed, OSError, ValueError, WardenError):
                return
            finally:
                messages.stop()

    async def _attend(self, messages: "_Messages", asked: dict[str, Any], fds: tuple[int, ...]) -> None:
        try:
            request = msgspec.convert(asked, AttachRequest)
            program = Program(request.argv, request.env, request.cwd, _three(fds), request.terminal)
            attached = await _opened(self._opener(request, program), messages)
        except _Interrupted as interruption:
            messages.send({"exit": -interruption.number})
            return
        except (RefusedError, WardenError, msgspec.ValidationError) as error:
            messages.send({"error": str(error)})
            return
        finally:
            channel.close(fds)
        messages.send({"started": attached.note})
        messages.send({"exit": await _until_end(attached, messages)})


def _three(fds: tuple[int, ...]) -> tuple[int, int, int]:
    if len(fds) != 3:
        raise RefusedError("three descriptors are needed: standard input, output and error")
    return fds[0], fds[1], fds[2]


class _Interrupted(Exception):  # noqa: N818 - what the client wished, not a mistake
    def __init__(self, number: int) -> None:
        self.number = number


async def _opened(opening: Coroutine[Any, Any, Attached], messages: "_Messages") -> Attached:
    """Wait for the start of a program; a client that interrupts or leaves meanwhile ends it."""
    started, heard = asyncio.ensure_future(opening), asyncio.ensure_future(messages.next())
    await asyncio.wait((started, heard), return_when="FIRST_COMPLETED")
    if not heard.done():
        heard.cancel()
        return await started
    started.cancel()
    await asyncio.gather(started, return_exceptions=True)
    if not started.cancelled() and started.exception() is None:
        await started.result().send(signal.SIGKILL)
    raise _Interrupted(_number(heard.result()[0]))


def _number(message: dict[str, Any]) -> int:
    return int(message.get("signal", signal.SIGTERM))


async def _until_end(attached: Attached, messages: "_Messages") -> int:
    """Wait for the program, passing the client's signals on; a client that leaves ends it."""
    ended = asyncio.ensure_future(attached.wait())
    while not ended.done():
        heard = asyncio.ensure_future(messages.next())
        await asyncio.wait((ended, heard), return_when="FIRST_COMPLETED")
        if not heard.done():
            heard.cancel()
            break
        if heard.exception() is not None:
            await _end(attached, ended)
            raise channel.Closed
        message, _ = heard.result()
        await attached.send(_number(message))
    return await ended


async def _end(attached: Attached, ended: "asyncio.Future[int]") -> None:
    await attached.send(signal.SIGTERM)
    try:
        await asyncio.wait_for(asyncio.shield(ended), GRACE)
    except TimeoutError:
        await attached.send(signal.SIGKILL)
        await ended


class _Messages:
    """Reads one message at a time from a non-blocking socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._waiting: asyncio.Queue[tuple[dict[str, Any], tuple[int, ...]] | None] = asyncio.Queue()
        asyncio.get_running_loop().add_reader(connection, self._read)

    def _read(self) -> None:
        try:
            self._waiting.put_nowait(channel.receive(self._connection))
        except BlockingIOError:
            return
        except (channel.Closed, OSError, ValueError):
            self.stop()
            self._waiting.put_nowait(None)

    async def next(self) -> tuple[dict[str, Any], tuple[int, ...]]:
        found = await self._waiting.get()
        if found is None:
            raise channel.Closed
        return found

    def send(self, message: dict[str, Any]) -> None:
        channel.send(self._connection, message)

    def stop(self) -> None:
        if self._connection.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._connection)
        while not self._waiting.empty():
            left = self._waiting.get_nowait()
            for fd in left[1] if left else ():
                os.close(fd)
