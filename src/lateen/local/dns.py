"""The mesh's name server: UDP and TCP, on sockets made inside the mesh, run by the parent on the host.

Known names are answered as Istio's DNS proxy does: NOERROR even when the family asked for has no address, in turn,
TTL 30 s. Other types of a known name, and unknown names, go to the host's name servers, unless they lie in `zones`.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Coroutine
from typing import Final, NamedTuple, Self

from lateen.local import dns_message
from lateen.local.dns_message import AAAA, A, Query, Refused
from lateen.local.dns_names import TTL_SECONDS, Lookup, find, inside, rotated
from lateen.local.dns_upstream import Upstream
from lateen.local.warden_client import MESH, Warden

PORT: Final = 53
HOST_NAME: Final = "host.lateen.internal"
_MOST_FORWARDS: Final = 512
_MOST_CONNECTIONS: Final = 128
_IDLE_SECONDS: Final = 10.0


class Names(NamedTuple):
    """What the server answers from.

    `search` gives a client's search domains by its address; names in `zones` that the lookup does not know do not
    exist anywhere.
    """

    lookup: Lookup
    search: Callable[[str], tuple[str, ...]] = lambda _: ()
    zones: tuple[str, ...] = ("cluster.local", "lateen.internal")


class NameServer:
    """Answers queries from pods. Make it with `NameServer.start`, change `names` at any time, end it with `close`.

    `host` is the address that stands for the host's loopback, known as host.lateen.internal.
    """

    def __init__(self, names: Names, upstream: Upstream, *, host: str = "") -> None:
        self.names = names
        self._fixed = {HOST_NAME: (host,)} if host else {}
        self._upstream = upstream
        self._turn = 0
        self._forwards = asyncio.Semaphore(_MOST_FORWARDS)
        self._connections = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._datagrams = _Datagrams(self)
        self._transport: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None

    @classmethod
    async def start(cls, warden: Warden, names: Names, upstream: Upstream | None = None) -> Self:
        """Serve on port 53 of the mesh's gateway address. Raises WardenError."""
        address = (warden.network.gateway, PORT)
        datagrams = await warden.socket(MESH, kind=socket.SOCK_DGRAM, bind=address)
        stream = await warden.socket(MESH, bind=address, listen=128)
        server = cls(names, upstream or Upstream(), host=warden.network.host)
        await server.serve(datagrams, stream)
        return server

    async def serve(self, datagrams: socket.socket, stream: socket.socket) -> None:
        """Serve on two bound sockets, which become the server's."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self._datagrams, sock=datagrams)
        self._server = await asyncio.start_server(self._connected, sock=stream)

    async def close(self) -> None:
        """Stop serving, and give the sockets back."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        if self._transport is not None:
            self._transport.close()
            await self._datagrams.closed

    def answer(self, message: bytes, client: str, *, tcp: bool) -> bytes | Query:
        """The answer, empty for none; or the query itself when it has to be forwarded."""
        query = dns_message.parse(message)
        if isinstance(query, Refused):
            return query.reply
        names = self.names
        limit = 65535 if tcp else query.udp_bytes
        found = find(self._lookup, query.name, query.qtype, client, names.search(client))
        local = inside(query.name, names.zones)
        if found is not None and (local or query.qtype in {A, AAAA}):
            self._turn += 1
            addresses = rotated(found.addresses, self._turn)
            return dns_message.respond(query, addresses, ttl=TTL_SECONDS, alias=found.alias, limit=limit)
        if local:
            return dns_message.respond(query, (), ttl=TTL_SECONDS, rcode=dns_message.NXDOMAIN)
        return query

    def _lookup(self, name: str, qtype: int, client: str) -> tuple[str, ...] | None:
        return self._fixed.get(name) or self.names.lookup(name, qtype, client)

    def datagram(self, message: bytes, client: tuple[str, int]) -> None:
        """A query over UDP."""
        reply = self.answer(message, client[0], tcp=False)
        if isinstance(reply, Query):
            self._start(self._forward_datagram(reply, message, client))
        else:
            self._send(reply, client)

    async def _forward_datagram(self, query: Query, message: bytes, client: tuple[str, int]) -> None:
        self._send(await self._forward(query, message, tcp=False), client)

    async def _forward(self, query: Query, message: bytes, *, tcp: bool) -> bytes:
        if self._forwards.locked():
            return dns_message.fail(query, dns_message.SERVFAIL)
        async with self._forwards:
            return await self._upstream.ask(query, message, tcp=tcp)

    def _send(self, reply: bytes, client: tuple[str, int]) -> None:
        if reply and self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(reply, client)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._connections >= _MOST_CONNECTIONS:
            writer.close()
            return
        self._start(self._conversation(reader, writer))

    async def _conversation(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        client = writer.get_extra_info("peername")[0]
        try:
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                while reply := await self._next(reader, client):
                    writer.write(struct.pack(">H", len(reply)) + reply)
                    await asyncio.wait_for(writer.drain(), _IDLE_SECONDS)
        finally:
            self._connections -= 1
            writer.close()

    async def _next(self, reader: asyncio.StreamReader, client: str) -> bytes:
        head = await asyncio.wait_for(reader.readexactly(2), _IDLE_SECONDS)
        message = await asyncio.wait_for(reader.readexactly(struct.unpack(">H", head)[0]), _IDLE_SECONDS)
        reply = self.answer(message, client, tcp=True)
        return await self._forward(reply, message, tcp=True) if isinstance(reply, Query) else reply

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams to the server."""

    def __init__(self, server: NameServer) -> None:
        self.closed = asyncio.get_running_loop().create_future()
        self._server = server

    def connection_lost(self, _: Exception | None) -> None:
        self.closed.set_result(None)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.datagram(data, addr)
