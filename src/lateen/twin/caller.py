"""A client of the twin Envoy: it speaks PROXY protocol to say where it was going, then TLS, HTTP or bytes."""

import json
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPResponse

import msgspec

from lateen.simulate.request import Connection, Headers, Request
from lateen.twin import http2
from lateen.twin.backend import BYTES_AT
from lateen.twin.certificates import Pair

DEADLINE = 10.0  # seconds until a pushed listener must be open


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    status: int = 0
    """0: the connection was closed without an answer."""
    headers: Headers = ()
    body: str = ""
    upstream: str = ""
    """The address of the twin's backend that was reached; empty when Envoy answered."""
    seen_path: str = ""
    seen_headers: Headers = ()

    def header(self, name: str) -> str | None:
        """Return a response header."""
        return _joined(self.headers, name)

    def seen(self, name: str) -> str | None:
        """Return a request header as the upstream saw it."""
        return _joined(self.seen_headers, name)


def _joined(pairs: Headers, name: str) -> str | None:
    values = [value for key, value in pairs if key == name.lower()]
    return ",".join(values) if values else None


@contextmanager
def connected(path: str, connection: Connection, pair: Pair) -> Iterator[socket.socket]:
    """Connect to a listener's socket as a connection to somewhere else."""
    sock = _open(path)
    with sock:
        family = "TCP6" if ":" in connection.address else "TCP4"
        source = connection.source_address if family == "TCP4" else "fd00::1"
        line = f"PROXY {family} {source} {connection.address} {connection.source_port} {connection.port}\r\n"
        sock.sendall(line.encode())
        if connection.tls is None:
            yield sock
            return
        with _context(connection, pair).wrap_socket(
            sock, server_hostname=connection.tls.sni or None
        ) as wrapped:
            yield wrapped


def _open(path: str) -> socket.socket:
    deadline = time.monotonic() + DEADLINE
    while True:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(10)
        try:
            sock.connect(path)
        except OSError:
            sock.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.001)  # the listener was accepted and is about to open; there is no event to wait for
        else:
            return sock


def _context(connection: Connection, pair: Pair) -> ssl.SSLContext:
    assert connection.tls is not None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if connection.tls.alpn:
        context.set_alpn_protocols(list(connection.tls.alpn))
    if connection.tls.certificate:
        context.load_cert_chain(pair.certificate, pair.key)
    return context


def ask(path: str, connection: Connection, request: Request, pair: Pair) -> Answer:
    """Send one request and return what came back."""
    try:
        with connected(path, connection, pair) as sock:
            if request.protocol == "HTTP/2":
                return _answer(*http2.ask(sock, request))
            sock.sendall(_written(request))
            response = HTTPResponse(sock, method=request.method)
            response.begin()
            headers = tuple((name.lower(), value) for name, value in response.getheaders())
            return _answer(response.status, headers, response.read().decode(errors="replace"))
    except http2.ForwardedError as forwarded:
        return _of_bytes(forwarded.got)
    except (OSError, HTTPException):
        return Answer()


def ask_admin(path: str, target: str) -> str:
    """Ask Envoy's admin interface."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(10)
        sock.connect(path)
        sock.sendall(f"GET {target} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n".encode())
        response = HTTPResponse(sock)
        response.begin()
        return response.read().decode()


def _written(request: Request) -> bytes:
    lines = [f"{request.method} {request.path} HTTP/1.1"]
    if request.authority:
        lines.append(f"host: {request.authority}")
    lines += [f"{name}: {value}" for name, value in request.headers]
    if request.method in ("POST", "PUT", "PATCH"):
        lines.append("content-length: 0")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _of_bytes(got: str) -> Answer:
    """Read what the server says to bytes."""
    return Answer(status=200, upstream=got.removeprefix(BYTES_AT).strip())


def _answer(status: int, headers: Headers, body: str) -> Answer:
    said = dict(headers).get("x-backend")
    if said is None:
        return Answer(status=status, headers=headers, body=body)
    told = json.loads(said)
    return Answer(
        status=status,
        headers=headers,
        body=body,
        upstream=told["address"],
        seen_path=told["path"],
        seen_headers=tuple((name, value) for name, value in told["headers"]),
    )


def client_hello(connection: Connection, pair: Pair) -> bytes:
    """Write the first message of a TLS handshake, for a proxy that only looks at it."""
    assert connection.tls is not None
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = _context(connection, pair).wrap_bio(incoming, outgoing, server_hostname=connection.tls.sni or None)
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def exchange_bytes(path: str, connection: Connection, pair: Pair, *, handshake: bool = False) -> Answer:
    """Send bytes that are no HTTP; the answer names the address that was reached.

    With TLS, the handshake is completed if `handshake` says so, else only begun.
    """
    sent = b"\x01\x02hello\n"
    if connection.tls is not None and not handshake:
        sent = client_hello(connection, pair)
        connection = msgspec.structs.replace(connection, tls=None)
    try:
        with connected(path, connection, pair) as sock:
            sock.sendall(sent)
            got = sock.recv(1000).decode(errors="replace")
    except OSError:
        return Answer()
    if refused := re.match(r"HTTP/1\.1 (\d+)", got):  # a connection manager could not read it
        return Answer(status=int(refused[1]))
    return _of_bytes(got) if got.startswith(BYTES_AT) else Answer()  # else nothing, or an alert of TLS
