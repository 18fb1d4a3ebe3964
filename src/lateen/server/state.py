"""Where a running mesh keeps its sockets and logs, and how others find it.

One directory per mesh, readable by its owner alone: `$LATEEN_HOME/NAME`, else `$XDG_STATE_HOME/lateen/NAME`, else
`~/.local/state/lateen/NAME`, else (no writable home) `/tmp/lateen-UID/NAME`.
"""

import os
import re
import socket
import tempfile
from pathlib import Path

import msgspec

SOCKET_PATH_LIMIT = 107  # bytes of sockaddr_un.sun_path without its terminator: unix(7)
_LONGEST_BELOW = 64  # pods/<pod name, at most 46>/admin.sock
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")


class BadNameError(ValueError):
    """The mesh's name or place cannot be used."""


class State(msgspec.Struct, frozen=True):
    """The paths of one mesh."""

    directory: Path

    @property
    def api_socket(self) -> Path:
        """The HTTP API of the control plane, 0600."""
        return self.directory / "api.sock"

    @property
    def ads_socket(self) -> Path:
        """The xDS server, 0600."""
        return self.directory / "ads.sock"

    @property
    def attach_socket(self) -> Path:
        """Where `run` and `exec` hand over their terminals, 0600."""
        return self.directory / "attach.sock"

    @property
    def lock(self) -> Path:
        """Locked while the mesh runs; holds the pid of its parent process."""
        return self.directory / "lock"

    @property
    def log(self) -> Path:
        """What the control plane has to say."""
        return self.directory / "lateen.log"

    def workload(self, pod: str) -> Path:
        """Return the directory of one workload: bootstrap.json, admin.sock, app.log, proxy.log."""
        return self.directory / "pods" / pod


def home() -> Path:
    """Return the directory that holds all meshes of this user."""
    if own := os.environ.get("LATEEN_HOME"):
        return Path(own).absolute()
    if state := os.environ.get("XDG_STATE_HOME"):
        return Path(state) / "lateen"
    place = Path.home() if "HOME" in os.environ else Path("/nonexistent")
    if os.access(place, os.W_OK):
        return place / ".local" / "state" / "lateen"
    return Path(tempfile.gettempdir()) / f"lateen-{os.getuid()}"


def state_of(mesh: str) -> State:
    """Return the paths of a mesh by name.

    Raises:
        BadNameError: the name is not a DNS label of at most 32 characters, or the path is too long for a UNIX socket.
    """
    if not NAME.fullmatch(mesh):
        raise BadNameError(f"{mesh!r} cannot name a mesh: use up to 32 lower-case letters, digits and dashes")
    directory = home() / mesh
    if len(os.fsencode(directory)) + 1 + _LONGEST_BELOW > SOCKET_PATH_LIMIT:
        raise BadNameError(
            f"{directory} is too long for UNIX sockets: set LATEEN_HOME to a shorter directory"
        )
    return State(directory)


def running_meshes() -> tuple[str, ...]:
    """Return the names of the meshes that answer, sorted; a socket may have outlived its mesh."""
    return tuple(sorted(path.parent.name for path in home().glob("*/api.sock") if _is_answered(path)))


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as asking:
        try:
            asking.connect(str(path))
        except OSError:
            return False
    return True
