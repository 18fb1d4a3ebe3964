"""A client that lives in a workload and does what tests ask of it over a UNIX socket: one JSON line there, one back."""

import asyncio
import base64
import json
import os
import signal
import socket
import ssl
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent))

import http2


def context_of(tls: dict | None) -> ssl.SSLContext | None:
    """Make a TLS context: `ca` and `cert` are files, `alpn` and `max` (1.2) as they say."""
    if tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if tls.get("ca"):
        context.check_hostname, context.verify_mode = True, ssl.CERT_REQUIRED
        context.load_verify_locations(tls["ca"])
    if tls.get("cert"):
        context.load_cert_chain(*tls["cert"])
    if tls.get("alpn"):
        context.set_alpn_protocols(tls["alpn"])
    if tls.get("max") == "1.1":
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    if tls.get("max") == "1.2":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


async def connect(to: str, tls: dict | None):
    """Open a connection."""
    host, _, port = to.rpartition(":")
    name = {"server_hostname": tls["sni"]} if tls and tls.get("sni") else {}
    context = context_of(tls)
    if context and not name:
        name = {"server_hostname": ""}
    return await asyncio.open_connection(host, int(port), ssl=context, **name)


async def request(streams, op: dict) -> dict:
    """Make one HTTP/1.1 request."""
    reader, writer = streams
    parts = urlsplit(op["url"])
    target = (
        op["url"] if op.get("proxy") else (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    )
    given = dict(op.get("headers", {}))
    host = given.pop("host", parts.netloc)
    lines = [
        f"{op.get('method', 'GET')} {target} HTTP/1.1",
        f"host: {host}",
        *(f"{k}: {v}" for k, v in given.items()),
    ]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    pairs = [line.split(": ", 1) for line in head[1:] if ": " in line]
    length = int(next((v for k, v in pairs if k.lower() == "content-length"), 0))
    body = (await reader.readexactly(length)).decode()
    found = {
        "status": int(head[0].split()[1]),
        "headers": {k.lower(): v for k, v in pairs},
        "raw": head,
        "text": body,
    }
    try:
        found["body"] = json.loads(body)
    except ValueError:
        found["body"] = {}
    return found


async def http(op: dict) -> list[dict]:
    """Make `n` requests, `c` at once; with `keep`, one after the other on one connection, `pause` seconds apart."""
    parts = urlsplit(op["url"])
    port = parts.port or (443 if parts.scheme == "https" else 80)
    to = op.get("to") or f"{parts.hostname}:{port}"
    gate = asyncio.Semaphore(op.get("c", 1))

    async def once(streams=None) -> dict:
        async with gate:
            began = time.monotonic()
            own = None
            try:
                async with asyncio.timeout(op.get("timeout", 10)):
                    own = streams or await connect(to, op.get("tls"))
                    found = await request(own, op)
            except (OSError, EOFError, TimeoutError, ValueError) as error:
                found = {"status": 0, "error": repr(error), "headers": {}, "body": {}, "text": ""}
            if own and not streams:
                own[1].close()
            return {**found, "seconds": time.monotonic() - began}

    if not op.get("keep"):
        return await asyncio.gather(*(once() for _ in range(op.get("n", 1))))
    streams = await connect(to, op.get("tls"))
    found = []
    for _ in range(op.get("n", 1)):
        found.append(await once(streams))
        await asyncio.sleep(op.get("pause", 0))
    streams[1].close()
    return found


async def tcp(op: dict) -> list[str]:
    """Open `n` connections one after the other, send a line, return the line that came back; `hold` waits for the end."""
    found = []
    for _ in range(op.get("n", 1)):
        try:
            async with asyncio.timeout(op.get("timeout", 5)):
                reader, writer = await connect(op["to"], op.get("tls"))
                writer.write(op.get("send", "hello\n").encode())
                line = (await reader.readline()).decode().strip()
                if op.get("hold"):
                    began = time.monotonic()
                    await reader.read()
                    line = f"{line} {time.monotonic() - began:.1f}"
                writer.close()
        except (OSError, TimeoutError) as error:
            line = f"error {type(error).__name__}"
        found.append(line)
    return found


async def h2(op: dict) -> list[dict]:
    """Make `n` requests at once over HTTP/2."""
    async with asyncio.timeout(10):
        reader, writer = await connect(op["to"], op.get("tls"))
        found = await http2.ask(reader, writer, op["authority"], op.get("path", "/"), op.get("n", 1))
        writer.close()
        return found


async def websocket(op: dict) -> str:
    """Upgrade, send a word, return what came back."""
    reader, writer = await connect(op["to"], op.get("tls"))
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /ws HTTP/1.1",
        f"host: {op['authority']}",
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        f"sec-websocket-key: {key}",
    ]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            return head.decode()
        writer.write(b"word")
        found = (await reader.read(100)).decode()
        writer.close()
        return found


async def grpc_call(op: dict) -> str:
    """Make a gRPC call with the real library."""

    def call() -> str:
        import grpc

        with grpc.insecure_channel(op["to"], [("grpc.default_authority", op["authority"])]) as channel:
            return channel.unary_unary("/any.Service/Call")(b"", timeout=5).decode()

    return await asyncio.to_thread(call)


async def dns(op: dict) -> list[str]:
    """Look a name up."""
    family = socket.AF_INET6 if op.get("six") else socket.AF_INET
    try:
        found = await asyncio.to_thread(socket.getaddrinfo, op["name"], 0, family, socket.SOCK_STREAM)
    except socket.gaierror as error:
        return [f"error {error.errno}"]
    return [one[4][0] for one in found]


OPS = {"http": http, "tcp": tcp, "h2": h2, "ws": websocket, "grpc": grpc_call, "dns": dns}


async def serve(reader, writer) -> None:
    """Do what a line says."""
    op = json.loads(await reader.readline())
    try:
        found = await OPS[op["op"]](op)
    except Exception as error:  # the test is told, whatever it was
        found = {"raised": repr(error)}
    writer.write(json.dumps(found).encode() + b"\n")
    await writer.drain()
    writer.close()


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    Path(sys.argv[1]).unlink(missing_ok=True)
    await asyncio.start_unix_server(serve, sys.argv[1])
    Path(sys.argv[1]).chmod(0o777)
    await stop.wait()


asyncio.run(main())
