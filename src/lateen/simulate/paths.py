"""Paths: what is the path and what is the query, and how a connection manager normalizes the first.

Sources: source/common/http/path_utility.cc and the URL canonicalizer that it calls.
"""

import re

from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import (
    HttpConnectionManager,
)

_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPED = frozenset(' "<>`{}|^')
_ESCAPED_SLASH = re.compile(r"%(2f|5c)", re.IGNORECASE)


def split(path: str) -> tuple[str, str]:
    """Split into the path and the rest, which begins with `?` or is empty."""
    bare, mark, rest = path.partition("?")
    return bare, mark + rest


def bare(path: str) -> str:
    """Return the path without query and fragment, which is what routes look at."""
    return path.partition("?")[0].partition("#")[0]


def query_of(path: str) -> dict[str, str]:
    """Return the query's parameters as they are written; of a repeated one the first."""
    parameters: dict[str, str] = {}
    for part in split(path)[1][1:].partition("#")[0].split("&"):
        name, _, value = part.partition("=")
        if part:
            parameters.setdefault(name, value)
    return parameters


class Refused(Exception):  # noqa: N818  it is an answer, not a failure
    """The connection manager answers 400, or redirects to the unescaped path."""

    def __init__(self, status: int, location: str = "") -> None:
        self.status, self.location = status, location


def normalized(manager: HttpConnectionManager, path: str) -> str:
    """Return the path as the connection manager routes it.

    Raises:
        Refused: the connection manager answers by itself.
    """
    if "#" in path:
        raise Refused(400)
    path = _without_escaped_slashes(manager, path)
    first, query = split(path)
    if manager.normalize_path.value and first.startswith("/"):
        if "%00" in first:
            raise Refused(400)
        first = canonical(first)
    if manager.merge_slashes:
        first = _merged(first)
    return first + query


def _merged(path: str) -> str:
    """Merge slashes as Envoy does, which leaves two where nothing else is left."""
    if "//" not in path:
        return path
    kept = "/".join(part for part in path.split("/") if part)
    return f"/{kept}{'/' if path.endswith('/') else ''}"


def _without_escaped_slashes(manager: HttpConnectionManager, path: str) -> str:
    action = manager.path_with_escaped_slashes_action
    first, query = split(path)
    if action <= HttpConnectionManager.KEEP_UNCHANGED or not _ESCAPED_SLASH.search(first):
        return path
    if action == HttpConnectionManager.REJECT_REQUEST:
        raise Refused(400)
    unescaped = _ESCAPED_SLASH.sub(lambda found: "/" if found[1].lower() == "2f" else "\\", first) + query
    if action == HttpConnectionManager.UNESCAPE_AND_REDIRECT:
        raise Refused(307, unescaped)
    return unescaped


def canonical(path: str) -> str:
    r"""Resolve `.` and `..`, turn `\` into `/`, and undo escapes of characters that need none."""
    path = "".join(_canonical_pieces(path.replace("\\", "/")))
    kept: list[str] = []
    parts = path.split("/")[1:]
    for position, part in enumerate(parts):
        last = position == len(parts) - 1
        if part in (".", ".."):
            if part == ".." and kept:
                kept.pop()
            if last:
                kept.append("")
        else:
            kept.append(part)
    return "/" + "/".join(kept)


def _canonical_pieces(path: str) -> list[str]:
    pieces = []
    for piece in re.findall(r"%[0-9A-Fa-f]{2}|.", path, re.DOTALL):
        if len(piece) == 3:
            character = chr(int(piece[1:], 16))
            pieces.append(character if character in _UNRESERVED else piece)
        elif piece in _ESCAPED:
            pieces.append(f"%{ord(piece):02X}")
        else:
            pieces.append(piece)
    return pieces


def host_without_port(authority: str) -> str:
    """Take the port away: `a:80` → `a`, `[::1]:80` → `[::1]`; what has no port stays."""
    host, colon, port = authority.rpartition(":")
    if not colon or not port.isdigit() or (":" in host and not host.endswith("]")):
        return authority
    return host
