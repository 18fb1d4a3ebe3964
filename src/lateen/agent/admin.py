"""Envoy's admin interface over its UNIX socket, for the process that looks after the proxy."""

import asyncio
from pathlib import Path

_LIMIT = 64 * 1024 * 1024


async def ask(admin_socket: Path, path: str, method: str = "GET") -> tuple[int, bytes]:
    """Make one request and return status and body.

    Raises:
        OSError: nobody listens there, or the connection broke.
    """
    reader, writer = await asyncio.open_unix_connection(str(admin_socket), limit=_LIMIT)
    try:
        writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
        )
        await writer.drain()
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    words = head.split(None, 2)
    if len(words) < 2:
        raise ConnectionResetError("the admin interface closed the connection")
    return int(words[1]), _unchunked(body) if b"transfer-encoding: chunked" in head.lower() else body


def _unchunked(body: bytes) -> bytes:
    """The content of a chunked body (RFC 9112 §7.1); Envoy refuses HTTP/1.0 with 426."""
    parts = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        parts.append(rest[:length])
        body = rest[length + 2 :]
    return b"".join(parts)


async def is_ready(admin_socket: Path) -> bool:
    """Tell whether the proxy has its first configuration and serves (admin `/ready`)."""
    try:
        status, _ = await ask(admin_socket, "/ready")
    except OSError:
        return False
    return status == 200


async def active_requests(admin_socket: Path) -> int:
    """Count the requests that the proxy is passing to its application now; none when it does not answer."""
    try:
        _, body = await ask(admin_socket, "/stats?filter=^cluster\\.inbound.*upstream_rq_active$")
    except OSError:
        return 0
    return sum(int(line.rpartition(b":")[2]) for line in body.splitlines() if b":" in line)


async def drain(admin_socket: Path) -> None:
    """Let the proxy finish what it has and take no new connections; an absent proxy is drained already."""
    try:
        await ask(admin_socket, "/drain_listeners?graceful&skip_exit", "POST")
    except OSError:
        return
