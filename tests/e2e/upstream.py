"""An upstream in many protocols: `upstream.py NAME http:8080 tcp:9000 tls:9443:CERT:KEY unix:PATH grpc:8083 …`.

HTTP/1.1 and cleartext HTTP/2 share a port. Request headers say how to behave, each with the names of the upstreams that
it is for, or `all`: `x-fail` (answer with `x-status`, 503 by default), `x-slow` (take `x-delay` seconds), `x-reset` (close
the first connection that brings this path). `/count/PATH` tells how often PATH was asked for.
"""

import asyncio
import base64
import functools
import hashlib
import itertools
import json
import signal
import ssl
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import http2

NAME = sys.argv[1]
counts: Counter[str] = Counter()
connections = itertools.count(1)
H2_DELAY = 0.2  # long enough that requests at once overlap
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def concerns(headers: dict[str, str], name: str) -> bool:
    """Tell whether a header names this upstream."""
    return bool({NAME, "all"} & set(headers.get(name, "").split(",")))


async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one connection."""
    connection, requests = next(connections), 0
    try:
        while line := await reader.readline():
            head = await reader.readuntil(b"\r\n\r\n") if line != b"PRI * HTTP/2.0\r\n" else b""
            if not head:
                await reader.readexactly(len(http2.PREFACE) - len(line))
                text = functools.partial(told, "h2", connection)
                await http2.Server(reader, writer, text, delay=H2_DELAY).run()
                return
            requests += 1
            if not await answer(reader, writer, line, head, (connection, requests)):
                return
    except (asyncio.IncompleteReadError, ConnectionError, TimeoutError):
        pass
    finally:
        writer.close()


def told(protocol: str, connection: int, pings: int = 0, **more: object) -> str:
    """Say who answers, and more."""
    return json.dumps({"name": NAME, "protocol": protocol, "connection": connection, "pings": pings, **more})


async def answer(reader, writer, line: bytes, head: bytes, where: tuple[int, int]) -> bool:
    """Answer one request; False when the connection is over."""
    method, path, _ = line.decode().split(" ", 2)
    pairs = [text.split(": ", 1) for text in head.decode().split("\r\n") if ": " in text]
    headers = {name.lower(): value for name, value in pairs}
    if length := int(headers.get("content-length", 0)):
        await reader.readexactly(length)
    counts[path] += 1
    if method == "CONNECT":
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await opaque(reader, writer, f"tunnel {path}")
        return False
    if headers.get("upgrade", "").lower() == "websocket":
        await websocket(reader, writer, headers)
        return False
    if concerns(headers, "x-reset") and counts[path] == 1:
        return False
    if concerns(headers, "x-slow"):
        await asyncio.sleep(float(headers.get("x-delay", 1)))
    status = int(headers.get("x-status", 503)) if concerns(headers, "x-fail") else 200
    peer = str(writer.get_extra_info("peername"))
    body = told("http/1.1", where[0], path=path, method=method, headers=pairs, request=where[1], peer=peer)
    if path.startswith("/count/"):
        body = str(counts[path.removeprefix("/count")])
    writer.write(
        f"HTTP/1.1 {status} Said\r\ncontent-length: {len(body)}\r\nx-upstream: {NAME}\r\n\r\n{body}".encode()
    )
    await writer.drain()
    return True


async def websocket(reader, writer, headers: dict[str, str]) -> None:
    """Shake hands, then send everything back."""
    digest = base64.b64encode(hashlib.sha1(headers["sec-websocket-key"].encode() + MAGIC).digest()).decode()
    said = f"upgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: {digest}"
    writer.write(f"HTTP/1.1 101 Switching Protocols\r\n{said}\r\n\r\n".encode())
    while some := await reader.read(4096):
        writer.write(NAME.encode() + b":" + some)


async def opaque(reader, writer, before: str = "") -> None:
    """Say the name in answer to each line."""
    try:
        while line := await reader.readline():
            writer.write(f"{NAME} {before or line.decode().strip()}\n".encode())
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def grpc(reader, writer) -> None:
    """Serve gRPC: every call is answered with the name."""
    await reader.readexactly(len(http2.PREFACE))
    await http2.Server(reader, writer, lambda _: NAME, grpc=True).run()


async def listen(spec: str) -> None:
    """Open one port."""
    kind, where, *more = spec.split(":")
    serve = {"http": http, "tls": http, "unix": http, "tcp": opaque, "tlstcp": opaque, "grpc": grpc}[kind]
    if kind == "unix":
        Path(where).unlink(missing_ok=True)
        await asyncio.start_unix_server(serve, where)
        return
    context = None
    if kind.startswith("tls"):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(more[0], more[1])
    await asyncio.start_server(serve, "0.0.0.0", int(where), ssl=context, backlog=512)


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    for spec in sys.argv[2:]:
        await listen(spec)
    await stop.wait()


asyncio.run(main())
