"""The running mesh's HTTP API, over its UNIX socket."""

import http.client
import socket
from typing import Any
from urllib.parse import urlencode

import msgspec

from lateen.cli.errors import Exit, Failure
from lateen.server.state import BadName, State, running_meshes, state_of

TIMEOUT = 60.0


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(self._path)


class Client:
    """Asks one mesh; every refusal is a `Failure` with the server's words."""

    def __init__(self, mesh: str) -> None:
        """Name the mesh; nothing is opened yet."""
        self.mesh = mesh
        try:
            self.state: State = state_of(mesh)
        except BadName as error:
            raise Failure(str(error), Exit.MISUSE) from error

    def get(self, path: str, **query: str) -> Any:
        """Read a resource of the API."""
        return self._ask("GET", path, None, query)

    def post(self, path: str, body: object, **query: str) -> Any:
        """Ask for a change."""
        return self._ask("POST", path, body, query)

    def _ask(self, method: str, path: str, body: object, query: dict[str, str]) -> Any:
        text = None if body is None else msgspec.json.encode(body)
        connection = _UnixConnection(str(self.state.api_socket))
        target = f"{path}?{urlencode(query)}" if query else path
        try:
            connection.request(method, target, text, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise self._not_running() from error
        except OSError as error:
            raise Failure(f"mesh {self.mesh!r} does not answer: {error}", Exit.NO_MESH) from error
        finally:
            connection.close()
        return self._read(response.status, answer)

    def _read(self, status: int, answer: bytes) -> Any:
        value = msgspec.json.decode(answer) if answer else None
        if status >= http.client.BAD_REQUEST:
            words = value.get("error") if isinstance(value, dict) else None
            raise Failure(words or f"the mesh answered {status}")
        return value

    def _not_running(self) -> Failure:
        others = [name for name in running_meshes() if name != self.mesh]
        hint = f"; running: {', '.join(others)} (choose with --mesh)" if others else "; start one with: lateen up"
        return Failure(f"no mesh {self.mesh!r} is running{hint}", Exit.NO_MESH)
