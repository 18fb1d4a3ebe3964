"""The words between the parent and the warden: JSON messages with file descriptors, over a SOCK_SEQPACKET socket."""

import array
import json
import os
import socket
from typing import Any, Final

# One message carries a whole command with its environment; Linux allows twice what is asked for here.
BUFFER_BYTES: Final = 208 * 1024
_LARGEST: Final = 2 * BUFFER_BYTES
_MOST_FDS: Final = 8

Message = dict[str, Any]


class Closed(Exception):  # noqa: N818 - an ending, not a mistake
    """The other side has gone."""


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends of a channel."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
    return ends


def send(end: socket.socket, message: Message, fds: tuple[int, ...] = ()) -> None:
    """Send one message. Raises Closed, or OSError with EMSGSIZE when it is larger than the socket's buffer."""
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    try:
        end.sendmsg([json.dumps(message).encode()], ancillary)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise Closed from error


def receive(end: socket.socket) -> tuple[Message, tuple[int, ...]]:
    """The next message and the descriptors that came with it, close-on-exec. Raises Closed at the end."""
    try:
        body, ancillary, flags, _ = end.recvmsg(
            _LARGEST, socket.CMSG_SPACE(_MOST_FDS * array.array("i").itemsize), socket.MSG_CMSG_CLOEXEC
        )
    except ConnectionResetError as error:
        raise Closed from error
    fds = array.array("i")
    for level, kind, value in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(value[: len(value) - len(value) % fds.itemsize])
    if not body:
        close(tuple(fds))
        raise Closed
    if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
        close(tuple(fds))
        raise OSError("a message on the warden's channel was cut short")
    return json.loads(body), tuple(fds)


def close(fds: tuple[int, ...]) -> None:
    """Close descriptors."""
    for fd in fds:
        os.close(fd)
