"""The name server on sockets of 127.0.0.1, with an upstream of our own."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from dns_question import question

from lateen.local import dns_message
from lateen.local.dns import HOST_NAME, Names, NameServer
from lateen.local.dns_message import AAAA, A
from lateen.local.dns_names import find, table
from lateen.local.dns_upstream import Upstream, servers

TXT = 16
KNOWN = {
    "reviews.default.svc.cluster.local": ("10.96.0.10",),
    "reviews": ("10.96.0.10",),
    "pair.example": ("10.1.0.1", "10.1.0.2", "fd00::1"),
    "*.wild.example": ("10.1.0.9",),
    "known.example": (),
}
SEARCH = ("default.svc.cluster.local", "svc.cluster.local", "cluster.local")
NAMES = Names(table(KNOWN), search=lambda _: SEARCH)


def addresses(answer: bytes) -> tuple[int, list[str]]:
    """(rcode, IPv4 addresses), found by the fixed form in which the server writes them."""
    parts = answer.split(struct.pack(">HHIH", A, 1, 30, 4))[1:]
    return answer[3] & 0xF, [socket.inet_ntoa(part[:4]) for part in parts]


@asynccontextmanager
async def serving(names: Names = NAMES, upstream: Upstream | None = None) -> AsyncIterator[tuple[str, int]]:
    stream = socket.create_server(("127.0.0.1", 0))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(stream.getsockname())
    for made in (stream, datagrams):
        made.setblocking(False)
    nobody = Path("/nonexistent/resolv.conf")
    server = NameServer(names, upstream or Upstream(nobody), host="10.244.0.2")
    await server.serve(datagrams, stream)
    try:
        yield stream.getsockname()
    finally:
        await server.close()


async def by_udp(server: tuple[str, int], message: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.setblocking(False)
        asking.connect(server)
        await loop.sock_sendall(asking, message)
        return await asyncio.wait_for(loop.sock_recv(asking, 65535), 5)


async def by_tcp(server: tuple[str, int], *messages: bytes) -> list[bytes]:
    reader, writer = await asyncio.open_connection(*server)
    answers = []
    for message in messages:
        writer.write(struct.pack(">H", len(message)) + message)
        (length,) = struct.unpack(">H", await asyncio.wait_for(reader.readexactly(2), 5))
        answers.append(await reader.readexactly(length))
    writer.close()
    await writer.wait_closed()
    return answers


def run(work: Callable[[tuple[str, int]], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        async with serving(**options) as server:
            await work(server)

    asyncio.run(main())


# item 226
@pytest.mark.parametrize(
    ("name", "qtype", "rcode", "found"),
    [
        ("REVIEWS.default.svc.Cluster.local", A, 0, ["10.96.0.10"]),
        ("reviews", AAAA, 0, []),
        ("known.example", A, 0, []),
        ("a.b.wild.example", A, 0, ["10.1.0.9"]),
        ("wild.example", A, 3, []),
        ("unknown.example", A, 3, []),
        ("nothing.default.svc.cluster.local", A, 3, []),
        ("reviews.default.svc.cluster.local", TXT, 0, []),
        ("known.example.svc.cluster.local", A, 0, []),
        (HOST_NAME, A, 0, ["10.244.0.2"]),
    ],
)
def test_names(name: str, qtype: int, rcode: int, found: list[str]) -> None:
    async def work(server: tuple[str, int]) -> None:
        message = question(name, qtype)
        assert addresses(await by_udp(server, message)) == (rcode, found)
        assert [addresses(answer) for answer in await by_tcp(server, message, message)] == [
            (rcode, found)
        ] * 2

    run(work)


def test_addresses_take_turns() -> None:
    async def work(server: tuple[str, int]) -> None:
        firsts = {addresses(await by_udp(server, question("pair.example")))[1][0] for _ in range(3)}
        assert firsts == {"10.1.0.1", "10.1.0.2"}

    run(work)


def test_garbage_neither_answers_nor_stops_the_server() -> None:
    async def work(server: tuple[str, int]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            for garbage in (b"", b"x", b"\xff" * 700):
                asking.sendto(garbage, server)
        assert addresses(await by_udp(server, question("reviews"))) == (0, ["10.96.0.10"])

    run(work)


class Recorder(asyncio.DatagramProtocol):
    """A name server upstream that answers 198.51.100.7 to all, after a stray under a wrong id."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = asyncio.get_running_loop().create_future()

    def connection_lost(self, _: Exception | None) -> None:
        self.closed.set_result(None)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns_message.parse(data)
        assert isinstance(query, dns_message.Query)
        self.asked.append(query.name)
        answer = dns_message.respond(query, ["198.51.100.7"], ttl=30)
        self.transport.sendto(dns_message.with_id(answer, query.id ^ 1), addr)
        self.transport.sendto(answer, addr)


def with_upstream(work: Callable[[tuple[str, int], Recorder], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        transport, recorder = await loop.create_datagram_endpoint(Recorder, local_addr=("127.0.0.1", 0))
        upstream = Upstream(fixed=[transport.get_extra_info("sockname")])
        async with serving(upstream=upstream) as server:
            await work(server, recorder)
        transport.close()
        await recorder.closed

    asyncio.run(main())


# item 226
def test_unknown_names_and_other_types_go_upstream() -> None:
    async def work(server: tuple[str, int], recorder: Recorder) -> None:
        answer = await by_udp(server, question("www.example", ident=99))
        assert answer[:2] == struct.pack(">H", 99)
        assert addresses(answer) == (0, ["198.51.100.7"])
        await by_udp(server, question("pair.example", TXT))
        assert recorder.asked == ["www.example", "pair.example"]

    with_upstream(work)


def test_names_of_the_mesh_never_go_upstream() -> None:
    async def work(server: tuple[str, int], recorder: Recorder) -> None:
        await by_udp(server, question("www.example.default.svc.cluster.local"))
        assert recorder.asked == []

    with_upstream(work)


def test_a_silent_upstream_is_a_server_failure() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))

        async def work(server: tuple[str, int]) -> None:
            assert addresses(await by_udp(server, question("www.example")))[0] == dns_message.SERVFAIL

        run(work, upstream=Upstream(fixed=[silent.getsockname()], timeout=0.05))


def test_a_search_domain_is_taken_off() -> None:
    found = find(
        table({"www.example": ("192.0.2.1",)}), "www.example.default.svc.cluster.local", A, "", SEARCH
    )
    assert found == (("192.0.2.1",), "www.example")


# item 226
def test_the_closest_wildcard_wins() -> None:
    lookup = table({"*.example": ("192.0.2.1",), "*.b.Example.": ("192.0.2.2",)})
    assert lookup("a.b.example", A, "") == ("192.0.2.2",)
    assert lookup("a.c.example", A, "") == ("192.0.2.1",)
    assert lookup("example", A, "") is None


def test_name_servers_of_resolv_conf(tmp_path: Path) -> None:
    text = "# nameserver 9.9.9.9\nnameserver 192.0.2.1\noptions x\nnameserver 192.0.2.2\nnameserver\n"
    assert servers(text) == (("192.0.2.1", 53), ("192.0.2.2", 53))
    path = tmp_path / "resolv.conf"
    upstream = Upstream(path)
    assert upstream.servers() == ()
    path.write_text(text)
    assert len(upstream.servers()) == 2
    fresh = tmp_path / "fresh"
    fresh.write_text("nameserver 192.0.2.3\n")
    fresh.replace(path)
    assert upstream.servers() == (("192.0.2.3", 53),)
