"""Netlink messages, byte by byte where the layout matters."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lateen.local import netlink, nftables
from lateen.local.capture import Capture, plan
from lateen.local.rules import Chain, Match, Rule, Table


def test_attributes_are_padded_but_tell_their_true_length() -> None:
    assert netlink.attribute(3, b"abcde") == struct.pack("=HH", 9, 3) + b"abcde" + bytes(3)


def test_a_message_carries_its_length_and_asks_for_an_acknowledgement() -> None:
    framed = netlink.frame(netlink.link_up(7), 5)
    length, kind, flags, sequence, _ = struct.unpack_from("=IHHII", framed)
    assert (length, kind, sequence) == (len(framed), 16, 5)
    assert flags & netlink.NLM_F_ACK


def test_every_acknowledgement_of_a_datagram_is_read() -> None:
    def acknowledgement(sequence: int, error: int) -> bytes:
        return struct.pack("=IHHIIi", 20, 2, 0, sequence, 0, -error)

    assert list(netlink.errors(acknowledgement(1, 0) + acknowledgement(2, 17))) == [(1, 0), (2, 17)]


@given(st.binary(max_size=200))
def test_reading_acknowledgements_ends_whatever_comes(datagram: bytes) -> None:
    found = list(netlink.errors(datagram))
    assert len(found) <= len(datagram) // 16


def test_an_address_keeps_its_ethernet_address() -> None:
    assert netlink.mac_of("10.244.0.11") == b"\x02\x42\x0a\xf4\x00\x0b"


def test_a_table_is_one_transaction() -> None:
    messages = nftables.messages(plan(Capture()))
    kinds = [message.type & 0xFF for message in messages]
    assert kinds == [0x10, 0, 3, 3, *[6] * 13, 0x11]


@pytest.mark.parametrize(
    ("match", "pieces"),
    [
        (Match("mark", 0x539), [b"meta\0", struct.pack("=I", 0x539)]),
        (Match("tcp dport", 15001), [b"payload\0", b"\x3a\x99"]),
        (Match("ip daddr", "10.96.7.7/12"), [b"bitwise\0", b"\xff\xf0\0\0", b"\x0a\x60\0\0"]),
    ],
)
def test_matches_become_expressions(match: Match, pieces: list[bytes]) -> None:
    table = Table("t", (Chain("c", "output", -100),), (Rule("c", (match,), 15001),))
    body = nftables.messages(table)[3].body
    assert all(piece in body for piece in pieces)
    assert b"redir\0" in body
