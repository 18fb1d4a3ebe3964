"""Protobuf's encoding of single fields, for messages that are joined from pieces.

An encoded message is its fields one after the other, in any order, and a repeated field is one that comes more than once:
so what many messages have in common is encoded once, and what is a message's own is put next to it.
"""

from google.protobuf.message import Message

_LENGTH_DELIMITED, _VARINT = 2, 0
_SHORT = 1 << 14


def numbers(message: type[Message]) -> dict[str, int]:
    """Return the numbers of a message's fields by their names."""
    return {field.name: field.number for field in message.DESCRIPTOR.fields}


def varint(value: int) -> bytes:
    """Encode a number seven bits at a time, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


_SIZES = (
    *map(varint, range(128)),
    *(bytes((low, high)) for high in range(1, 128) for low in range(128, 256)),
)
"""The numbers below `_SHORT`, encoded: those of one byte, and those of two."""
_TAGS = tuple(varint(number << 3 | _LENGTH_DELIMITED) for number in range(256))


def start(number: int, size: int) -> bytes:
    """Encode the beginning of a string, bytes or message field whose content of so many bytes comes next."""
    return _TAGS[number] + (_SIZES[size] if size < _SHORT else varint(size))


def field(number: int, content: bytes) -> bytes:
    """Encode a string, bytes or message field; the number must be below 256."""
    size = len(content)
    return _TAGS[number] + (_SIZES[size] if size < _SHORT else varint(size)) + content


def text(number: int, content: str) -> bytes:
    """Encode a string field."""
    return field(number, content.encode())


def integer(number: int, value: int) -> bytes:
    """Encode a field that holds a natural number, a truth value or an enum's number."""
    return varint(number << 3 | _VARINT) + (_SIZES[value] if value < _SHORT else varint(value))


def uint32(number: int, value: int) -> bytes:
    """Encode a field that holds a wrapped number."""
    return field(number, integer(1, value) if value else b"")
