# ruff: noqa: PTH123
# pathlib would cost the warden's start-up several milliseconds.
"""The Linux calls that Python's standard library lacks: namespaces, mounts, prctl and capabilities.

Standard library only: the warden imports this, and must start within a few milliseconds.
"""

import ctypes
import os
import struct
from typing import Final

CLONE_NEWNS: Final = 0x0002_0000
CLONE_NEWUTS: Final = 0x0400_0000
CLONE_NEWUSER: Final = 0x1000_0000
CLONE_NEWPID: Final = 0x2000_0000
CLONE_NEWNET: Final = 0x4000_0000

MS_NOSUID: Final = 0x2
MS_NODEV: Final = 0x4
MS_NOEXEC: Final = 0x8
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_SLAVE: Final = 1 << 19

CAP_NET_ADMIN: Final = 12

_MNT_DETACH: Final = 2
_PR_SET_PDEATHSIG: Final = 1
_PR_CAPBSET_DROP: Final = 24
_PR_SET_SECUREBITS: Final = 28
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
_CAPABILITY_VERSION_3: Final = 0x2008_0522

# NOROOT and NO_SETUID_FIXUP, each with its lock: uid 0 is an ordinary uid from here on, for good.
_SECUREBITS: Final = 0b1111

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def unshare(flags: int) -> None:
    """Move this thread into new namespaces, CLONE_* flags or-ed together. Raises OSError."""
    _check(_libc.unshare(flags), "unshare")


def setns(fd: int) -> None:
    """Enter the namespace that `fd` (an open /proc/PID/ns/*) stands for. Raises OSError."""
    _check(_libc.setns(fd, 0), "setns")


def mount(source: str, target: str, flags: int, *, kind: str = "", options: str = "") -> None:
    """Mount a file system or bind a path; `kind` is the file system type, `options` its own option string. Raises OSError."""
    result = _libc.mount(
        source.encode(),
        target.encode(),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _check(result, f"mount {kind or source} on {target}")


def unmount(target: str) -> None:
    """Detach what is mounted at `target`; it goes once nobody uses it. Raises OSError."""
    _check(_libc.umount2(target.encode(), _MNT_DETACH), f"umount {target}")


def _prctl(what: str, option: int, *values: int) -> None:
    padded = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    _check(_libc.prctl(option, *padded), what)


def die_with_parent(signal_number: int) -> None:
    """Have the kernel send this process a signal when the thread that forked it ends.

    A change of credentials clears the wish (prctl(2)), so ask after `unshare`, not before.
    """
    _prctl("PR_SET_PDEATHSIG", _PR_SET_PDEATHSIG, signal_number)


def keep_only(capabilities: tuple[int, ...]) -> None:
    """Give up every capability but these, for good, and across exec whatever the uid.

    The bounding set is emptied of the rest, uid 0 loses its special meaning (securebits), programs with setuid
    or file capabilities gain nothing (no_new_privs), and what is kept is made ambient so that it survives exec.
    """
    # By decreasing need: the bounding set and securebits take CAP_SETPCAP, which goes last.
    last = int(_read("/proc/sys/kernel/cap_last_cap"))
    _prctl("PR_SET_SECUREBITS", _PR_SET_SECUREBITS, _SECUREBITS)
    for capability in range(last + 1):
        if capability not in capabilities:
            _prctl("PR_CAPBSET_DROP", _PR_CAPBSET_DROP, capability)
    _set_capabilities(sum(1 << capability for capability in capabilities))
    _prctl("PR_CAP_AMBIENT_CLEAR_ALL", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    for capability in capabilities:
        _prctl("PR_CAP_AMBIENT_RAISE", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)
    _prctl("PR_SET_NO_NEW_PRIVS", _PR_SET_NO_NEW_PRIVS, 1)


def _set_capabilities(mask: int) -> None:
    low, high = mask & 0xFFFF_FFFF, mask >> 32
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    # Effective, permitted and inheritable alike, first the low 32 bits of the three, then the high.
    _check(_libc.capset(header, struct.pack("=6I", low, low, low, high, high, high)), "capset")


def _read(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read()
