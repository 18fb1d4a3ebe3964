"""HTTP/2 as far as tests need it, by hand: frames, headers written without compression, nothing read of them."""

import asyncio
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
END_STREAM, END_HEADERS, ACK = 1, 4, 1
STATUS_200 = b"\x88"  # HPACK: the static table's eighth entry


def frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    """Write a frame."""
    return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body


def literal(name: str, value: str) -> bytes:
    """Write a header that no table keeps."""
    parts = [name.encode(), value.encode()]
    return b"\x00" + b"".join(bytes([len(part)]) + part for part in parts)


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, int, int, bytes]:
    """Read a frame: kind, flags, stream, body."""
    head = await reader.readexactly(9)
    length = int.from_bytes(head[:3], "big")
    return head[3], head[4], int.from_bytes(head[5:], "big"), await reader.readexactly(length)


class Server:
    """One connection; every request is answered with the same text, as gRPC if `grpc` says so."""

    def __init__(self, reader, writer, text, delay: float = 0.0, *, grpc: bool = False) -> None:
        self.reader, self.writer, self.text, self.delay, self.grpc = reader, writer, text, delay, grpc
        self.pings = 0
        self.tasks: set[asyncio.Task] = set()

    async def run(self) -> None:
        """Serve until the client leaves; the preface has been read."""
        self.writer.write(frame(SETTINGS, 0, 0))
        try:
            while True:
                kind, flags, stream, body = await read_frame(self.reader)
                if kind == SETTINGS and not flags & ACK:
                    self.writer.write(frame(SETTINGS, ACK, 0))
                elif kind == PING and not flags & ACK:
                    self.pings += 1
                    self.writer.write(frame(PING, ACK, 0, body))
                elif kind in (HEADERS, DATA) and flags & END_STREAM:
                    task = asyncio.ensure_future(self._answer(stream))
                    self.tasks.add(task)
                    task.add_done_callback(self.tasks.discard)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.writer.close()

    async def _answer(self, stream: int) -> None:
        await asyncio.sleep(self.delay)
        body = self.text(self.pings).encode()
        if self.grpc:
            said = STATUS_200 + literal("content-type", "application/grpc")
            self.writer.write(frame(HEADERS, END_HEADERS, stream, said))
            self.writer.write(frame(DATA, 0, stream, b"\0" + struct.pack(">I", len(body)) + body))
            self.writer.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, literal("grpc-status", "0")))
        else:
            said = STATUS_200 + literal("content-length", str(len(body)))
            self.writer.write(frame(HEADERS, END_HEADERS, stream, said))
            self.writer.write(frame(DATA, END_STREAM, stream, body))


async def ask(reader, writer, authority: str, path: str, count: int = 1) -> list[dict]:
    """Make some requests at once on one new connection; returns what came of each."""
    writer.write(PREFACE + frame(SETTINGS, 0, 0))
    found: dict[int, dict] = {}
    for number in range(count):
        stream = 2 * number + 1
        pairs = {":method": "GET", ":scheme": "http", ":authority": authority, ":path": path}
        block = b"".join(literal(name, value) for name, value in pairs.items())
        writer.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, block))
        found[stream] = {"ok": False, "body": ""}
    left = set(found)
    while left:
        kind, flags, stream, body = await read_frame(reader)
        if kind == SETTINGS and not flags & ACK:
            writer.write(frame(SETTINGS, ACK, 0))
        elif kind == HEADERS:
            found[stream]["ok"] = body[:1] == STATUS_200
        elif kind == DATA:
            found[stream]["body"] += body.decode()
        if kind in (GOAWAY, RESET) or (kind in (HEADERS, DATA) and flags & END_STREAM):
            left.discard(stream)
    return list(found.values())
