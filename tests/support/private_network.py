"""A network of its own for a command and all it starts: only a loopback, where every port is free and nothing is outside.

`python private_network.py ARGV…`. Works as root and as an ordinary user, and keeps the user.
"""

import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_SIOCSIFFLAGS = 0x8914
_UP_AND_RUNNING = 0x1 | 0x40


def enter() -> None:
    """Move this process into a new network namespace with its loopback up."""
    sys.path.append(str(REPOSITORY / "src"))
    from lateen.local import kernel

    user, group = os.geteuid(), os.getegid()
    if user == 0:
        kernel.unshare(kernel.CLONE_NEWNET)
    else:
        kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNET)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _UP_AND_RUNNING))


def main(argv: list[str]) -> None:
    enter()
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    main(sys.argv[1:])
