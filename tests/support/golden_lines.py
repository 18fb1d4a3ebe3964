"""Lines of http, tcp and tls blocks: a request or connection, an arrow, expectations."""

import re
from typing import Any
from urllib.parse import urlsplit

import msgspec

from support.golden_format import Block, Place

ARROW = re.compile(r"\s+(?:→|->)\s+")
PORTS = {"http": 80, "https": 443}


class Expected(msgspec.Struct, frozen=True):
    """One expectation."""

    kind: str
    value: str = ""
    number: float | None = None
    name: str = ""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One request or connection and what is expected of it."""

    place: Place
    text: str
    method: str = ""
    """Empty for a bare connection."""
    scheme: str = ""
    host: str = ""
    port: int = 0
    authority: str = ""
    path: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    to: str = ""
    """`address:port` when the line says where the connection goes."""
    sni: str | None = None
    alpn: tuple[str, ...] = ()
    certificate: bool = False
    expected: tuple[Expected, ...] = ()


def lines(block: Block) -> list[Line]:
    """Read a block's lines."""
    joined: list[tuple[int, str]] = []
    for offset, text in enumerate(block.text.splitlines()):
        if not text.strip() or text.startswith("#"):
            continue
        if text[0].isspace() and joined:
            joined[-1] = joined[-1][0], f"{joined[-1][1]}  {text.strip()}"
        else:
            joined.append((offset, text.rstrip()))
    places = [(Place(block.place.file, block.place.line + offset), text) for offset, text in joined]
    if not places:
        raise block.place.error("the block has no lines")
    return [_line(block.kind, place, text) for place, text in places]


def _line(kind: str, place: Place, text: str) -> Line:
    sides = ARROW.split(text)
    if len(sides) != 2:
        raise place.error("expected REQUEST → EXPECTATION, …")
    first, *parts = re.split(r"\s{2,}", sides[0].strip())
    target = _request(first, place) if kind == "http" else _connection(first, place)
    found = _parts(kind, parts, place)
    expected = tuple(expectation(part, place) for part in _commas(sides[1]))
    authority = dict(found["headers"]).get("host", target.pop("authority", ""))
    found["headers"] = tuple(pair for pair in found["headers"] if pair[0] != "host")
    return Line(place=place, text=text, expected=expected, authority=authority, **target, **found)


def _request(text: str, place: Place) -> dict[str, Any]:
    method, _, url = text.partition(" ")
    split = urlsplit(url.strip())
    if not method.isupper() or split.scheme not in PORTS or not split.hostname:
        raise place.error(f"expected METHOD http(s)://host[:port]/path, got {text!r}")
    path = url.strip()[len(split.scheme) + 3 + len(split.netloc) :] or "/"
    return {
        "method": method,
        "scheme": split.scheme,
        "host": split.hostname,
        "port": split.port or PORTS[split.scheme],
        "authority": split.netloc,
        "path": path,
    }


def _connection(text: str, place: Place) -> dict[str, Any]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise place.error(f"expected HOST:PORT, got {text!r}")
    return {"host": host.strip("[]"), "port": int(port)}


def _parts(kind: str, parts: list[str], place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {"headers": []}
    for part in parts:
        name, colon, value = part.partition(":")
        if part == "certificate":
            found["certificate"] = True
        elif part.startswith("to "):
            found["to"] = part[3:].strip()
        elif not colon or " " in name:
            raise place.error(f"{part!r} is neither `name: value`, `to address:port` nor `certificate`")
        elif name == "sni":
            found["sni"] = "" if value.strip() == "-" else value.strip()
        elif name == "alpn":
            found["alpn"] = tuple(value.strip().split(","))
        elif kind != "http":
            raise place.error(f"{part!r}: a connection has no headers")
        else:
            found["headers"].append((name.lower(), value.strip()))
    found["headers"] = tuple(found["headers"])
    return found


def _commas(text: str) -> list[str]:
    """Split at commas outside quotes."""
    return [part.strip() for part in re.findall(r'(?:"[^"]*"|[^,"])+', text) if part.strip()]


_GRAMMAR: tuple[tuple[str, str], ...] = (
    ("passthrough", r"passthrough"),
    ("blocked", r"blocked"),
    ("reset", r"reset"),
    ("redirect", r"redirect (?P<number>\d+) (?P<value>\S+)"),
    ("abort", r"abort (?P<value>\d+|grpc \d+)(?: (?P<number>[\d.]+)%)?"),
    ("no abort", r"no abort"),
    ("delay", r"delay (?P<value>[\d.]+m?s)(?: (?P<number>[\d.]+)%)?"),
    ("no delay", r"no delay"),
    ("mirror", r"mirror (?P<value>\S+)(?: (?P<number>[\d.]+)%)?"),
    ("no mirror", r"no mirror"),
    ("path", r"path (?P<value>\S+)"),
    ("host", r"host (?P<value>\S+)"),
    ("header", r"header (?P<name>[^:\s]+): ?(?P<value>.*)"),
    ("no header", r"no header (?P<name>\S+)"),
    ("response header", r"response header (?P<name>[^:\s]+): ?(?P<value>.*)"),
    ("no response header", r"no response header (?P<name>\S+)"),
    ("no timeout", r"no timeout"),
    ("timeout", r"timeout (?P<value>[\d.]+m?s)"),
    ("per try", r"per try (?P<value>[\d.]+m?s)"),
    ("retries", r"retries (?P<number>\d+)"),
    ("route", r"route (?P<value>.+)"),
    ("vhost", r"vhost (?P<value>\S+)"),
    ("endpoints", r"endpoints (?P<value>.+)"),
    ("status", r"(?P<number>\d{3})(?: (?P<name>[A-Z]{2,}))?(?: (?P<value>\".*\"))?"),
    ("cluster", r"(?P<value>\S*(?:\||Cluster|outbound_)\S*)(?: (?P<number>[\d.]+)%?)?"),
)


def expectation(text: str, place: Place) -> Expected:
    """Read one expectation."""
    for kind, pattern in _GRAMMAR:
        if found := re.fullmatch(pattern, text):
            groups = found.groupdict()
            value = (groups.get("value") or "").strip()
            if len(value) > 1 and value[0] == value[-1] == '"':
                value = value[1:-1]
            number = groups.get("number")
            return Expected(
                kind, value, float(number) if number else None, (groups.get("name") or "").lower()
            )
    raise place.error(f"not an expectation: {text!r}")


def nanoseconds(text: str) -> int:
    """Read `7s`, `0.5s`, `500ms`."""
    number, unit = re.fullmatch(r"([\d.]+)(m?s)", text).groups()  # type: ignore[union-attr]
    return round(float(number) * (1_000_000 if unit == "ms" else 1_000_000_000))
