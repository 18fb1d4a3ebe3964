"""One request over HTTP/2 (RFC 9113): a client of a hundred lines, for one stream on a connection."""

import socket
from collections.abc import Iterator

from lateen.simulate.request import Headers, Request
from lateen.twin import hpack
from lateen.twin.backend import BYTES_AT

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _GOAWAY, _CONTINUATION = 0, 1, 3, 4, 7, 9
_END_STREAM, _END_HEADERS, _ACK, _PADDED, _PRIORITY = 1, 4, 1, 8, 0x20
_NO_TABLE, _NO_PUSH = b"\0\x01\0\0\0\0", b"\0\x02\0\0\0\0"


class ForwardedError(Exception):
    """The connection was forwarded as bytes; the server said so."""

    def __init__(self, got: str) -> None:
        self.got = got


def ask(sock: socket.socket, request: Request) -> tuple[int, Headers, str]:
    """Send a request and return status, headers and body; status 0 when the stream was reset.

    Raises:
        OSError: the connection was closed.
        ForwardedError: nobody spoke HTTP/2 before the server was reached.
    """
    head = _frame(_HEADERS, _END_STREAM | _END_HEADERS, 1, hpack.encoded(_pairs(request)))
    sock.sendall(_PREFACE + _frame(_SETTINGS, 0, 0, _NO_TABLE + _NO_PUSH) + head)
    block, body, complete = b"", b"", False
    for kind, flags, stream, payload in _frames(sock):
        if kind == _SETTINGS and not flags & _ACK:
            sock.sendall(_frame(_SETTINGS, _ACK, 0, b""))
        if kind == _GOAWAY or (kind == _RESET and stream == 1):
            return 0, (), ""
        if kind in (_HEADERS, _CONTINUATION):
            block += payload
            complete = complete or bool(kind == _HEADERS and flags & _END_STREAM)
        body += payload if kind == _DATA else b""
        if complete or (kind == _DATA and flags & _END_STREAM):
            break
    found = tuple(hpack.decoded(block))
    status = int(dict(found)[":status"])
    return status, tuple(pair for pair in found if pair[0] != ":status"), body.decode(errors="replace")


def _pairs(request: Request) -> Headers:
    own = (
        (":method", request.method),
        (":scheme", request.scheme),
        (":authority", request.authority),
        (":path", request.path),
    )
    return (*(pair for pair in own if pair[1]), *request.headers)


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def _frames(sock: socket.socket) -> Iterator[tuple[int, int, int, bytes]]:
    while True:
        head = _exactly(sock, 9)
        if head == BYTES_AT.encode():
            raise ForwardedError(sock.recv(1000).decode())
        payload = _exactly(sock, int.from_bytes(head[:3]))
        assert not head[4] & (_PADDED | _PRIORITY) or head[3] not in (_DATA, _HEADERS)
        yield head[3], head[4], int.from_bytes(head[5:]), payload


def _exactly(sock: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        piece = sock.recv(count - len(found))
        if not piece:
            raise ConnectionResetError
        found += piece
    return found
