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

METHODS = (b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"PATCH ", b"OPTIONS ", b"TRACE ", b"CONNECT ")


class _Answer(socketserver.StreamRequestHandler):
    timeout = 5

    def handle(self) -> None:
        address = self.connection.getsockname()[0]
        with contextlib.suppress(OSError):
            if not self.connection.recv(16, socket.MSG_PEEK).startswith(METHODS):
                self.wfile.write(f"bytes at {address}\n".encode())
                self.connection.recv(65536)  # closing with unread bytes would reset the connection
                return
            while line := self.rfile.readline():
                self._answer_request(line, address)

    def _answer_request(self, line: bytes, address: str) -> None:
        method, path, _ = line.decode("latin-1").split(" ", 2)
        headers = parse_headers(self.rfile)
        pairs = [(name.lower(), value) for name, value in headers.items()]
        told = {"address": address, "method": method, "path": path, "headers": pairs}
        head = f"HTTP/1.1 200 OK\r\nx-backend: {json.dumps(told)}\r\nx-from-backend: yes\r\n"
        self.wfile.write(head.encode() + b"content-length: 0\r\n\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


@contextlib.contextmanager
def serving() -> Iterator[int]:
    """Serve on every address of 127.0.0.0/8; yields the port."""
    with _Server(("0.0.0.0", 0), _Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
