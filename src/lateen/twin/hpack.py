"""The headers of HTTP/2 as bytes (RFC 7541), as far as a client needs that forbids the dynamic table."""

from collections.abc import Iterable, Iterator

_LENGTHS = (
    "13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28 6 10 10 12 13 6 8 11 10 10 8 "
    "11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10 13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6 15 5 6 5 6 "
    "5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28 20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23 24 24 22 23 24 23 "
    "23 23 23 21 22 23 22 23 23 24 22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23 "
    "26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27 20 24 20 21 22 21 21 23 22 22 "
    "25 25 24 24 26 23 26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26 30"
)
"""Of the Huffman code of each byte and of the end; the code is canonical, so the lengths are all of it."""
_STATIC = [
    "",
    ":authority",
    ":method=GET",
    ":method=POST",
    ":path=/",
    ":path=/index.html",
    ":scheme=http",
    ":scheme=https",
    ":status=200",
    ":status=204",
    ":status=206",
    ":status=304",
    ":status=400",
    ":status=404",
    ":status=500",
    "accept-charset",
    "accept-encoding=gzip, deflate",
    "accept-language",
    "accept-ranges",
    "accept",
    "access-control-allow-origin",
    "age",
    "allow",
    "authorization",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "etag",
    "expect",
    "expires",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "proxy-authenticate",
    "proxy-authorization",
    "range",
    "referer",
    "refresh",
    "retry-after",
    "server",
    "set-cookie",
    "strict-transport-security",
    "transfer-encoding",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
]
"""The static table, from 1."""


def _codes() -> dict[tuple[int, int], int]:
    """Return the byte for each (length, code)."""
    lengths = [int(one) for one in _LENGTHS.split()]
    codes, code, before = {}, 0, 0
    for symbol in sorted(range(len(lengths)), key=lambda one: (lengths[one], one)):
        code <<= lengths[symbol] - before
        before = lengths[symbol]
        codes[before, code] = symbol
        code += 1
    return codes


_CODES = _codes()


def encoded(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Write headers: each as a literal that is not to be remembered."""
    return b"".join(b"\0" + _text(name.lower()) + _text(value) for name, value in pairs)


def _text(text: str) -> bytes:
    raw = text.encode("latin-1")
    assert len(raw) < 127
    return bytes([len(raw)]) + raw


def decoded(block: bytes) -> Iterator[tuple[str, str]]:
    """Read headers."""
    place = 0
    while place < len(block):
        first = block[place]
        if first & 0x80:
            index, place = _number(block, place, 7)
            name, _, value = _STATIC[index].partition("=")
        elif first & 0xE0 == 0x20:  # the size of the dynamic table
            _, place = _number(block, place, 5)
            continue
        else:
            index, place = _number(block, place, 6 if first & 0x40 else 4)
            name = _STATIC[index].partition("=")[0]
            if not index:
                name, place = _string(block, place)
            value, place = _string(block, place)
        yield name, value


def _number(block: bytes, place: int, bits: int) -> tuple[int, int]:
    most = (1 << bits) - 1
    value, place, shift = block[place] & most, place + 1, 0
    if value < most:
        return value, place
    while True:
        byte, place = block[place], place + 1
        value += (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, place


def _string(block: bytes, place: int) -> tuple[str, int]:
    packed = block[place] & 0x80
    length, place = _number(block, place, 7)
    raw = block[place : place + length]
    return (_unpacked(raw) if packed else raw).decode("latin-1"), place + length


def _unpacked(raw: bytes) -> bytes:
    found, code, length = bytearray(), 0, 0
    for bit in (byte >> shift & 1 for byte in raw for shift in range(7, -1, -1)):
        code, length = code << 1 | bit, length + 1
        symbol = _CODES.get((length, code))
        if symbol is not None:
            found.append(symbol)
            code = length = 0
    return bytes(found)
