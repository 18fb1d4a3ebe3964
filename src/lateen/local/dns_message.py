"""DNS messages as bytes: one question in, an answer out (RFC 1035, 2308, 6891). Pure; never raises on any input."""

import socket
import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

A: Final = 1
CNAME: Final = 5
AAAA: Final = 28

NOERROR: Final = 0
FORMERR: Final = 1
SERVFAIL: Final = 2
NXDOMAIN: Final = 3
NOTIMP: Final = 4

PLAIN_UDP_BYTES: Final = 512
LARGEST_UDP_BYTES: Final = 1232  # fits every path unfragmented; what resolvers agreed on in 2020
_HEADER: Final = struct.Struct(">HHHHHH")
_OPT: Final = 41
_INTERNET: Final = 1
_LONGEST_NAME: Final = 255
_LONGEST_LABEL: Final = 63

_RESPONSE: Final = 0x8000
_OPCODE: Final = 0x7800
_AUTHORITATIVE: Final = 0x0400
_TRUNCATED: Final = 0x0200
_RECURSION_DESIRED: Final = 0x0100
_RECURSION_AVAILABLE: Final = 0x0080


class Query(NamedTuple):
    """A question: `name` in lower case, without the last dot; `question` is as it came, case included."""

    id: int
    flags: int
    name: str
    qtype: int
    question: bytes
    udp_bytes: int


class Refused(NamedTuple):
    """A message that is no question we can take; `reply` is the error to send back, empty for none."""

    reply: bytes


def parse(message: bytes) -> Query | Refused:
    """Read a query."""
    if len(message) < _HEADER.size:
        return Refused(b"")
    ident, flags, questions, _, _, additional = _HEADER.unpack_from(message)
    if flags & _RESPONSE:
        return Refused(b"")
    if flags & _OPCODE:
        return Refused(_error(ident, flags, NOTIMP))
    name = _name(message, _HEADER.size) if questions == 1 else None
    if name is None or len(message) < name[1] + 4:
        return Refused(_error(ident, flags, FORMERR))
    labels, end = name
    qtype, qclass = struct.unpack_from(">HH", message, end)
    if qclass != _INTERNET:
        return Refused(_error(ident, flags, NOTIMP))
    text = ".".join(label.decode("latin-1") for label in labels).lower()
    size = _edns_bytes(message, end + 4) if additional else PLAIN_UDP_BYTES
    return Query(ident, flags, text, qtype, message[_HEADER.size : end + 4], size)


def respond(  # noqa: PLR0913 - an answer has that many parts
    query: Query,
    addresses: Sequence[str],
    *,
    ttl: int,
    alias: str = "",
    limit: int = 65535,
    rcode: int = NOERROR,
) -> bytes:
    """The authoritative answer: addresses of the family asked for, after a CNAME if `alias` is the true name.

    An answer beyond `limit` bytes is cut to none and marked truncated, so that the asker comes back over TCP.
    """
    records = _address_records(query, addresses, ttl, alias)
    flags = _RESPONSE | _AUTHORITATIVE | _RECURSION_AVAILABLE | (query.flags & _RECURSION_DESIRED) | rcode
    if _HEADER.size + len(query.question) + sum(map(len, records)) > limit:
        flags, records = flags | _TRUNCATED, []
    header = _HEADER.pack(query.id, flags, 1, len(records), 0, 0)
    return header + query.question + b"".join(records)


def fail(query: Query, rcode: int) -> bytes:
    """An error as the answer to a well-formed question."""
    flags = _RESPONSE | _RECURSION_AVAILABLE | (query.flags & _RECURSION_DESIRED) | rcode
    return _HEADER.pack(query.id, flags, 1, 0, 0, 0) + query.question


def with_id(message: bytes, ident: int) -> bytes:
    """The same message under another id."""
    return struct.pack(">H", ident) + message[2:]


def answers(message: bytes, ident: int, question: bytes) -> bool:
    """Whether a message from outside is an answer to the question we sent under this id."""
    if len(message) < _HEADER.size or not message[2] & 0x80 or message[:2] != struct.pack(">H", ident):
        return False
    return message[_HEADER.size : _HEADER.size + len(question)].lower() == question.lower()


def _error(ident: int, flags: int, rcode: int) -> bytes:
    return _HEADER.pack(ident, _RESPONSE | (flags & _RECURSION_DESIRED) | rcode, 0, 0, 0, 0)


def _name(message: bytes, start: int) -> tuple[list[bytes], int] | None:
    """Labels of a name, and where it ends. None if it is cut short, too long, or compressed, as no question is."""
    labels: list[bytes] = []
    offset = start
    while offset < len(message) and offset - start < _LONGEST_NAME:
        length = message[offset]
        if length == 0:
            return labels, offset + 1
        if length > _LONGEST_LABEL or offset + 1 + length > len(message):
            return None
        labels.append(message[offset + 1 : offset + 1 + length])
        offset += 1 + length
    return None


def _edns_bytes(message: bytes, offset: int) -> int:
    """How large a UDP answer the asker takes: from an OPT record right behind the question, where all put it."""
    if len(message) < offset + 5 or message[offset] != 0:
        return PLAIN_UDP_BYTES
    kind, size = struct.unpack_from(">HH", message, offset + 1)
    return min(max(size, PLAIN_UDP_BYTES), LARGEST_UDP_BYTES) if kind == _OPT else PLAIN_UDP_BYTES


def _address_records(query: Query, addresses: Sequence[str], ttl: int, alias: str) -> list[bytes]:
    packed = [value for value in (_packed(address, query.qtype) for address in addresses) if value]
    if not alias:
        return [_record(b"\xc0\x0c", query.qtype, ttl, value) for value in packed]
    owner = _encoded(alias)
    cname = _record(b"\xc0\x0c", CNAME, ttl, owner)
    return [cname, *(_record(owner, query.qtype, ttl, value) for value in packed)]


def _packed(address: str, qtype: int) -> bytes:
    family = {A: socket.AF_INET, AAAA: socket.AF_INET6}.get(qtype)
    if family is None:
        return b""
    try:
        return socket.inet_pton(family, address)
    except OSError:
        return b""


def _record(owner: bytes, kind: int, ttl: int, value: bytes) -> bytes:
    return owner + struct.pack(">HHIH", kind, _INTERNET, ttl, len(value)) + value


def _encoded(name: str) -> bytes:
    labels = [label.encode("latin-1", "replace")[:_LONGEST_LABEL] for label in name.split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
