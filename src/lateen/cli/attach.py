"""The client's side of `run` and `exec`: hand the terminal over, pass signals on, end with the program's status."""

import fcntl
import os
import select
import signal
import socket
import sys
import tempfile
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lateen.cli.errors import Exit, Failure
from lateen.cli.output import note
from lateen.local import channel
from lateen.server.state import State

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_CHUNK = 65536


def attach(state: State, request: dict[str, Any], *, quiet: bool) -> int:
    """Run a program in the mesh with this terminal and return its exit status (128 + n for signal n)."""
    connection = _connect(state)
    if sys.stdin.isatty() and sys.stdout.isatty():
        return _with_pty(connection, request, quiet=quiet)
    channel.send(connection, request, (0, 1, 2))
    with _forwarding(connection):
        return _status(_answers(connection, quiet=quiet))


def captured(state: State, request: dict[str, Any]) -> tuple[int, bytes]:
    """Run a program in the mesh without a terminal; returns its exit status and what it printed."""
    connection = _connect(state)
    with tempfile.TemporaryFile() as output, open(os.devnull, "r+b") as nothing:  # noqa: PTH123
        silent = nothing.fileno()
        channel.send(connection, request, (silent, output.fileno(), silent))
        code = _status(_answers(connection, quiet=True))
        output.seek(0)
        return code, output.read()


def _connect(state: State) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, channel.BUFFER_BYTES)
    try:
        connection.connect(str(state.attach_socket))
    except OSError as error:
        raise Failure(
            f"no mesh {state.directory.name!r} is running; start one with: lateen up", Exit.NO_MESH
        ) from error
    return connection


def _answers(connection: socket.socket, *, quiet: bool) -> int:
    while True:
        code = _answer(connection, quiet=quiet)
        if code is not None:
            return code


def _answer(connection: socket.socket, *, quiet: bool) -> int | None:
    try:
        message, _ = channel.receive(connection)
    except channel.Closed as error:
        raise Failure("the mesh ended", Exit.NO_MESH) from error
    if "error" in message:
        raise Failure(message["error"])
    if "started" in message and message["started"] and not quiet:
        note(message["started"])
    return int(message["exit"]) if "exit" in message else None


def _status(code: int) -> int:
    return code if code >= 0 else 128 - code


@contextmanager
def _forwarding(connection: socket.socket) -> Iterator[None]:
    """Pass this process's signals to the program while it runs."""

    def forward(number: int, _: object) -> None:
        channel.send(connection, {"signal": number})

    before = {number: signal.signal(number, forward) for number in FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _with_pty(connection: socket.socket, request: dict[str, Any], *, quiet: bool) -> int:
    """Give the program a terminal of its own and relay this one to it."""
    master, slave = os.openpty()
    _copy_size(master)
    channel.send(connection, {**request, "terminal": True}, (slave, slave, slave))
    os.close(slave)
    signal.signal(signal.SIGWINCH, lambda *_: _copy_size(master))
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        return _status(_relay(connection, master, quiet=quiet))
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
        os.close(master)


def _relay(connection: socket.socket, master: int, *, quiet: bool) -> int:
    sources: list[Any] = [0, master, connection]
    while True:
        ready, _, _ = select.select(sources, [], [])
        if master in ready and not _copy(master, 1):
            sources.remove(master)
        if 0 in ready and not _copy(0, master):
            sources.remove(0)
        if connection in ready:
            code = _answer(connection, quiet=quiet)
            if code is not None:
                _drain(master)
                return code


def _drain(master: int) -> None:
    """Show what the program wrote last."""
    while select.select([master], [], [], 0)[0] and _copy(master, 1):
        pass


def _copy(source: int, target: int) -> bool:
    try:
        chunk = os.read(source, _CHUNK)
    except OSError:  # a pty whose other side is closed answers EIO
        return False
    if chunk:
        os.write(target, chunk)
    return bool(chunk)


def _copy_size(master: int) -> None:
    size = fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8)
    fcntl.ioctl(master, termios.TIOCSWINSZ, size)
