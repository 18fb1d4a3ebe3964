"""Which meshes run: those that answer, not those that left a socket."""

import socket
import tempfile
from pathlib import Path

from lateen.server.state import running_meshes


def test_a_socket_that_nobody_listens_at_is_no_mesh(monkeypatch) -> None:
    with tempfile.TemporaryDirectory(prefix="l", dir="/tmp") as home, socket.socket(socket.AF_UNIX) as alive:
        monkeypatch.setenv("LATEEN_HOME", home)
        for name in ("alive", "dead"):
            Path(home, name).mkdir()
        alive.bind(f"{home}/alive/api.sock")
        alive.listen()
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(f"{home}/dead/api.sock")
        assert running_meshes() == ("alive",)
