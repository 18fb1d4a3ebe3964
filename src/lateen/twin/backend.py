"""One server that stands for every upstream: it answers with what it was asked, and by which address it was reached.

All of 127.0.0.0/8 is this machine, and the server listens on all of it: each endpoint of each cluster is given an
address of its own there, so the address that a connection arrived at names the endpoint that Envoy chose.
"""

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from http.client import parse_headers
from io import BufferedReader
from typing import cast

import msgspec

from lateen.simulate.request import Headers

BYTES_AT = "bytes at "
"""How the answer to what is no HTTP/1.1 begins; the address follows."""
METHODS = (b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"PATCH ", b"OPTIONS ", b"TRACE ")


class Behaviour(msgspec.Struct, frozen=True):
    """How every request is answered from now on."""

    status: int = 200
    """0: the connection is closed without an answer."""
    headers: Headers = ()
    """Of the answer, beside the backend's own."""


class Heard(msgspec.Struct, frozen=True):
    """A request as it arrived."""

    address: str
    path: str
    headers: Headers


class Backend:
    """What the server does, and what it heard."""

    def __init__(self) -> None:
        """Answer 200."""
        self.port = 0
        self.behaviour = Behaviour()
        self._heard: list[Heard] = []
        self._more = threading.Condition()

    def record(self, one: Heard) -> None:
        """Remember a request."""
        with self._more:
            self._heard.append(one)
            self._more.notify_all()

    def forget(self) -> None:
        """Begin a new list."""
        with self._more:
            self._heard.clear()

    def heard(
        self, at_least: int = 0, patience: float = 0.0, mark: tuple[str, str] | None = None
    ) -> list[Heard]:
        """Return what arrived since `forget`, with a header if one is given; wait some seconds for a number of requests."""

        def found() -> list[Heard]:
            return [one for one in self._heard if mark is None or mark in one.headers]

        with self._more:
            self._more.wait_for(lambda: len(found()) >= at_least, patience)
            return found()


class _Answer(socketserver.StreamRequestHandler):
    timeout = 5
    rfile: BufferedReader

    def handle(self) -> None:
        address = self.connection.getsockname()[0]
        with contextlib.suppress(OSError):
            while start := self.rfile.peek(16):
                if start.startswith(b"CONNECT "):  # perhaps on a connection that had requests before
                    self._open_tunnel()
                elif start.startswith(METHODS):
                    line = self.rfile.readline()
                    if not line.endswith(b"\n") or not self._answer_request(line, address):
                        return
                else:
                    self.wfile.write(f"{BYTES_AT}{address}\n".encode())
                    self.connection.recv(65536)  # closing with unread bytes would reset the connection
                    return

    def _open_tunnel(self) -> None:
        """Agree to carry what comes next."""
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")

    def _answer_request(self, line: bytes, address: str) -> bool:
        """Answer one request; False when the connection is to be closed."""
        backend = cast("_Server", self.server).backend
        _, path, _ = line.decode("latin-1").split(" ", 2)
        pairs = tuple((name.lower(), value) for name, value in parse_headers(self.rfile).items())
        heard, behaviour = Heard(address, path, pairs), backend.behaviour
        backend.record(heard)
        if not behaviour.status:
            return False
        told = json.dumps(msgspec.to_builtins(heard))
        lines = [f"HTTP/1.1 {behaviour.status} Twin", f"x-backend: {told}", "x-from-backend: yes"]
        lines += [f"{name}: {value}" for name, value in behaviour.headers]
        self.wfile.write(("\r\n".join(lines) + "\r\ncontent-length: 0\r\n\r\n").encode("latin-1"))
        return True


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        super().__init__(("0.0.0.0", 0), _Answer)  # noqa: S104  on the loopback interface

    def server_bind(self) -> None:
        """Stay on the loopback interface: nobody outside is served (since Linux 5.7 for everybody; else `verify_request`)."""
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        super().server_bind()

    def verify_request(self, _: object, client_address: object) -> bool:
        """Tell whether a client is on this machine."""
        return isinstance(client_address, tuple) and str(client_address[0]).startswith("127.")


@contextlib.contextmanager
def serving() -> Iterator[Backend]:
    """Serve on every address of 127.0.0.0/8."""
    backend = Backend()
    with _Server(backend) as server:
        backend.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield backend
        finally:
            server.shutdown()
