"""The state directory: private, and short enough for UNIX sockets."""

import os
from pathlib import Path
from typing import Final

# sizeof(sun_path) is 108 on Linux, with the closing zero (unix(7)).
_LONGEST: Final = 107


class PathTooLongError(ValueError):
    """A UNIX socket would not fit at this path."""


def socket_path(directory: Path, name: str) -> Path:
    """The path of a socket in the state directory. Raises PathTooLongError, with what to do."""
    path = directory / name
    length = len(str(path).encode())
    if length > _LONGEST:
        raise PathTooLongError(
            f"{path} has {length} bytes; a UNIX socket's path may have {_LONGEST}. "
            f"Choose a state directory whose path is at least {length - _LONGEST} bytes shorter."
        )
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read (0600)."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(fd, "w", encoding="utf-8") as file:  # noqa: PTH123  a descriptor
        file.write(text)


def open_log(path: Path) -> int:
    """Return a descriptor that appends to a file that only its owner may read (0600)."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def private_directory(path: Path) -> Path:
    """Make a directory, and those above it, that only its owner may enter (0700)."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path
