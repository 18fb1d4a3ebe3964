# ruff: noqa: PTH123
# pathlib would cost the warden's start-up several milliseconds.
"""From a forked child of the warden to the program asked for: namespaces, standard streams, privileges, exec."""

import errno
import fcntl
import os
import signal
import termios
from collections.abc import Mapping
from typing import Final, NamedTuple, NoReturn

from lateen.local import kernel
from lateen.local.namespaces import Namespaces, enter

# Envoy sets SO_MARK on its sockets, which takes CAP_NET_ADMIN over the network namespace. Nobody else keeps anything.
CAPABILITIES: Final[Mapping[str, tuple[int, ...]]] = {
    "app": (),
    "proxy": (kernel.CAP_NET_ADMIN,),
    "border": (),
}


class Command(NamedTuple):
    """A program to run. `terminal` makes standard input its controlling terminal. Unset `cwd` is the root directory."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str = "/"
    role: str = "app"
    terminal: bool = False


def start(command: Command, namespaces: Namespaces | None, stdio: tuple[int, ...]) -> int:
    """Fork and exec; the pid of the child. Raises OSError with the reason when the program cannot be run."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _become(command, namespaces, stdio, writing)
    os.close(writing)
    with open(reading, "rb") as pipe:
        reason = pipe.read()
    if reason:
        number, _, words = reason.partition(b" ")
        raise OSError(int(number), words.decode())
    return pid


def _become(command: Command, namespaces: Namespaces | None, stdio: tuple[int, ...], errors: int) -> NoReturn:
    try:
        _prepare(command, namespaces, stdio)
        _execute(command)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the forked child must end here
        number = getattr(error, "errno", None) or errno.EINVAL
        os.write(errors, f"{number} {getattr(error, 'strerror', None) or error}".encode())
    finally:
        os._exit(127)


def _prepare(command: Command, namespaces: Namespaces | None, stdio: tuple[int, ...]) -> None:
    os.setsid()
    _connect(stdio)
    if command.terminal:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if namespaces is not None:
        enter(namespaces)
    os.chdir(command.cwd)
    _forget_signals()
    kernel.keep_only(CAPABILITIES[command.role])


def _connect(stdio: tuple[int, ...]) -> None:
    # The descriptors given are above 2: the warden's own 0, 1 and 2 are always open.
    for target, source in enumerate(stdio):
        os.dup2(source, target)


def _forget_signals() -> None:
    """Undo what Python and the warden did to signals: a program expects SIGPIPE to end it and nothing blocked."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _execute(command: Command) -> NoReturn:
    try:
        os.execvpe(command.argv[0], command.argv, dict(command.env))  # noqa: S606 - the command asked for
    except OSError as error:
        raise OSError(error.errno, f"cannot run {command.argv[0]}: {error.strerror}") from error
