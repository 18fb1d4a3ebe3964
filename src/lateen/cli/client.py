"""The running mesh's HTTP API, over its UNIX socket."""

import http.client
import socket
from typing import Any
from urllib.parse import urlencode

import msgspec

from lateen.cli.errors import Exit, Failure, GoneError
from lateen.server.state import BadNameError, State, running_meshes, state_of

TIMEOUT = 60.0


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def unix_get(path: str, target: str) -> tuple[int, bytes]:
    """Ask an HTTP server on a UNIX socket; returns status and body.

    Raises:
        OSError: nobody listens there, or the answer takes longer than `TIMEOUT` seconds.
    """
    connection = _UnixConnection(path, TIMEOUT)
    try:
        connection.request("GET", target)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


class Client:
    """Asks one mesh; every refusal is a `Failure` with the server's words, a `GoneError` when there are none."""

    def __init__(self, mesh: str, timeout: float = TIMEOUT) -> None:
        """Name the mesh; nothing is opened yet."""
        self.mesh = mesh
        self._timeout = timeout
        try:
            self.state: State = state_of(mesh)
        except BadNameError as error:
            raise Failure(str(error), Exit.MISUSE) from error

    def get(self, path: str, **query: str) -> Any:
        """Read a resource of the API."""
        return self._ask("GET", path, None, query)

    def post(self, path: str, body: object, accept: tuple[int, ...] = ()) -> Any:
        """Ask for a change; an answer of a status in `accept` is an answer, not a failure."""
        return self._ask("POST", path, body, {}, accept)

    def _ask(
        self, method: str, path: str, body: object, query: dict[str, str], accept: tuple[int, ...] = ()
    ) -> Any:
        text = None if body is None else msgspec.json.encode(body)
        connection = _UnixConnection(str(self.state.api_socket), self._timeout)
        target = f"{path}?{urlencode(query)}" if query else path
        try:
            connection.request(method, target, text, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise self._not_running() from error
        except (ConnectionError, http.client.IncompleteRead) as error:
            raise GoneError(f"mesh {self.mesh!r} does not answer: {error}", Exit.NO_MESH) from error
        except (OSError, http.client.HTTPException) as error:
            raise Failure(f"mesh {self.mesh!r} does not answer: {error}", Exit.NO_MESH) from error
        finally:
            connection.close()
        return self._read(response.status, answer, accept)

    def _read(self, status: int, answer: bytes, accept: tuple[int, ...]) -> Any:
        try:
            value = msgspec.json.decode(answer) if answer else None
        except msgspec.DecodeError as error:
            raise Failure(
                f"mesh {self.mesh!r} answered with something else than JSON (status {status})"
            ) from error
        if status >= http.client.BAD_REQUEST and status not in accept:
            words = value.get("error") if isinstance(value, dict) else None
            raise Failure(words or f"the mesh answered {status}")
        return value

    def _not_running(self) -> Failure:
        others = [name for name in running_meshes() if name != self.mesh]
        hint = (
            f"; running: {', '.join(others)} (choose with --mesh)"
            if others
            else "; start one with: lateen up"
        )
        return Failure(f"no mesh {self.mesh!r} is running{hint}", Exit.NO_MESH)
