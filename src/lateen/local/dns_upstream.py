"""Asking the name servers of the host about names the mesh does not know."""

import asyncio
import secrets
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lateen.local import dns_message
from lateen.local.dns_message import Query

_RESOLV_CONF: Final = Path("/etc/resolv.conf")
_MOST_SERVERS: Final = 3  # as many as glibc takes (MAXNS)

Server = tuple[str, int]


def servers(text: str) -> tuple[Server, ...]:
    """Name servers in a resolv.conf, in order."""
    words = (line.split() for line in text.splitlines())
    return tuple((word[1], 53) for word in words if len(word) > 1 and word[0] == "nameserver")[:_MOST_SERVERS]


class Upstream:
    """The host's name servers, read anew whenever resolv.conf changes, as it does when a laptop changes networks."""

    def __init__(
        self, resolv_conf: Path = _RESOLV_CONF, *, fixed: Sequence[Server] = (), timeout: float = 5.0
    ) -> None:
        self._path = resolv_conf
        self._fixed = tuple(fixed)
        self._timeout = timeout
        self._stamp: tuple[int, int] | None = None
        self._read: tuple[Server, ...] = ()

    def servers(self) -> tuple[Server, ...]:
        """Whom to ask, in order; none if the host has no name server."""
        if self._fixed:
            return self._fixed
        try:
            status = self._path.stat()
            if (stamp := (status.st_mtime_ns, status.st_ino)) != self._stamp:
                self._stamp, self._read = stamp, servers(self._path.read_text(errors="replace"))
        except OSError:
            return ()
        return self._read

    async def ask(self, query: Query, message: bytes, *, tcp: bool) -> bytes:
        """The answer of the first server that gives one. None to ask: NXDOMAIN; none answers in time: SERVFAIL."""
        known = self.servers()
        if not known:
            return dns_message.fail(query, dns_message.NXDOMAIN)
        share = self._timeout / len(known)
        for server in known:
            try:
                answer = await asyncio.wait_for(_exchange(server, query, message, tcp=tcp), share)
            except (OSError, TimeoutError, EOFError):
                continue
            return dns_message.with_id(answer, query.id)
        return dns_message.fail(query, dns_message.SERVFAIL)


async def _exchange(server: Server, query: Query, message: bytes, *, tcp: bool) -> bytes:
    ident = secrets.randbits(16)
    sent = dns_message.with_id(message, ident)
    answer = await (_by_tcp(server, sent) if tcp else _by_udp(server, sent, ident, query.question))
    if not dns_message.answers(answer, ident, query.question):
        raise ConnectionError(f"{server[0]} answered something else")
    return answer


async def _by_tcp(server: Server, message: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(struct.pack(">H", len(message)) + message)
        (length,) = struct.unpack(">H", await reader.readexactly(2))
        return await reader.readexactly(length)
    finally:
        writer.close()


async def _by_udp(server: Server, message: bytes, ident: int, question: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    transport, waiting = await loop.create_datagram_endpoint(
        lambda: _Waiting(loop.create_future(), ident, question), remote_addr=server
    )
    try:
        transport.sendto(message)
        return await waiting.answer
    finally:
        transport.close()


class _Waiting(asyncio.DatagramProtocol):
    """Takes the one datagram that answers, passes over strays."""

    def __init__(self, answer: asyncio.Future[bytes], ident: int, question: bytes) -> None:
        self.answer = answer
        self._ident = ident
        self._question = question

    def datagram_received(self, data: bytes, _: object) -> None:
        if dns_message.answers(data, self._ident, self._question) and not self.answer.done():
            self.answer.set_result(data)

    def error_received(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)
