"""DNS messages: questions read, answers written, and nothing that comes in over the wire raises."""

import socket
import struct

import pytest
from dns_question import question
from hypothesis import example, given
from hypothesis import strategies as st

from lateen.local import dns_message
from lateen.local.dns_message import AAAA, A, Query, Refused, parse, respond


def ask(name: str, qtype: int = A, *, udp: int = 0) -> Query:
    query = parse(question(name, qtype, udp=udp))
    assert isinstance(query, Query)
    return query


def test_a_question_is_read_in_lower_case() -> None:
    query = ask("ReViews.Default.svc")
    assert (query.id, query.name, query.qtype) == (7, "reviews.default.svc", A)
    assert b"ReViews" in query.question


def test_an_answer_repeats_the_question_as_asked_and_points_to_it() -> None:
    answer = respond(ask("ReViews"), ["10.96.0.10"], ttl=30)
    ident, flags, questions, answers, _, _ = struct.unpack_from(">HHHHHH", answer)
    assert (ident, questions, answers) == (7, 1, 1)
    assert flags == 0x8580  # response, authoritative, recursion desired and available, NOERROR
    assert b"ReViews" in answer
    assert answer.endswith(b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 30, 4) + socket.inet_aton("10.96.0.10"))


# item 226
def test_a_known_name_without_the_family_asked_for_is_no_error() -> None:
    answer = respond(ask("reviews", AAAA), ["10.96.0.10"], ttl=30)
    _, flags, _, answers, _, _ = struct.unpack_from(">HHHHHH", answer)
    assert (flags & 0xF, answers) == (0, 0)


def test_an_alias_comes_first() -> None:
    answer = respond(ask("a.b.default.svc"), ["10.0.0.1"], ttl=30, alias="a.b")
    assert struct.unpack_from(">H", answer, 6) == (2,)
    assert struct.pack(">HHIH", dns_message.CNAME, 1, 30, 5) + b"\x01a\x01b\0" in answer


def test_too_many_addresses_for_udp_are_marked_truncated() -> None:
    many = [f"10.0.0.{i}" for i in range(100)]
    query = ask("many")
    cut = respond(query, many, ttl=30, limit=query.udp_bytes)
    assert struct.unpack_from(">HHHH", cut)[1] & 0x0200
    assert len(cut) <= 512
    whole = respond(query, many, ttl=30)
    assert struct.unpack_from(">HHHH", whole)[3] == 100


@pytest.mark.parametrize(("offered", "taken"), [(0, 512), (100, 512), (1000, 1000), (65000, 1232)])
def test_the_asker_says_how_much_it_takes(offered: int, taken: int) -> None:
    assert ask("x", udp=offered).udp_bytes == taken


def test_answers_and_other_operations_are_not_questions() -> None:
    assert parse(question("x", flags=0x8000)) == Refused(b"")
    update = parse(question("x", flags=0x2800))
    assert isinstance(update, Refused)
    assert update.reply[3] & 0xF == dns_message.NOTIMP


@pytest.mark.parametrize(
    "tail", [b"", b"\x05ab", b"\xc0\x0c\0\x01\0\x01", b"\x01a" * 200 + b"\0\0\x01\0\x01"]
)
def test_a_broken_question_is_a_format_error(tail: bytes) -> None:
    refused = parse(struct.pack(">HHHHHH", 9, 0, 1, 0, 0, 0) + tail)
    assert isinstance(refused, Refused)
    assert refused.reply[:2] == b"\0\x09"
    assert refused.reply[3] & 0xF == dns_message.FORMERR


@given(st.binary(max_size=600))
@example(question("x")[:-1])
@example(question("x", udp=900)[:-8])
def test_no_input_raises_and_no_reply_grows(message: bytes) -> None:
    read = parse(message)
    reply = read.reply if isinstance(read, Refused) else dns_message.fail(read, dns_message.SERVFAIL)
    assert len(reply) <= max(len(message), 12)


headers = st.builds(struct.pack, st.just(">HHHHHH"), *[st.integers(0, 65535)] * 2, *[st.integers(0, 2)] * 4)


@given(headers, st.binary(max_size=300), st.lists(st.text(max_size=40), max_size=5), st.text(max_size=300))
def test_no_question_breaks_the_answer(header: bytes, rest: bytes, addresses: list[str], alias: str) -> None:
    read = parse(header + rest)
    if isinstance(read, Query):
        answer = respond(read, addresses, ttl=30, alias=alias, limit=512)
        assert len(answer) <= 512


@given(st.binary(max_size=100), st.integers(0, 65535), st.binary(max_size=40))
def test_a_stray_answer_is_told_apart(message: bytes, ident: int, asked: bytes) -> None:
    if dns_message.answers(message, ident, asked):
        assert message[:2] == struct.pack(">H", ident)
