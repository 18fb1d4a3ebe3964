"""The fastest way through YAML: documents as nearly all manifests are written, a line at a time.

Taken are block mappings and sequences by indentation, with keys, plain and quoted texts of printable ASCII without escapes,
flow collections that end on their line, and comments. Everything else, and everything wrong, is left to libyaml (`plain`):
texts over several lines, anchors, tags, escapes. What is taken has the value that it has there.
"""

import re
from collections.abc import Callable
from typing import Any

from lateen.sources.scalars import KEY_WORDS, NUMERIC, WORDS, UnusualError, plain, plain_key

_FIRST = r"(?:[A-Za-z0-9_./]|-(?=[A-Za-z0-9.]))"
"""How a text without quotes begins."""
_MORE = r"[!\"$-9;-~]"
"""How it goes on in a block, but for colons and spaces that do not end it; no `#`."""
_PLAIN = rf"{_FIRST}{_MORE}*(?:(?::(?=[!-~])| (?={_MORE})){_MORE}*)*"
_IN_FLOW = r"[A-Za-z0-9_./*@=+-]"
"""How it goes on in a flow collection."""
_QUOTED = r'"[ !#-\[\]-~]*"|\'[ -&(-~]*\''
LINE = re.compile(
    r"^( *)(- +)?(?:([A-Za-z_][A-Za-z0-9_./-]*):(?: +|$))?"
    rf"({_PLAIN}|{_QUOTED}|[\[{{][ -~]*)?(?: *|(?:^| ) *#[ -~]*)$",
    re.MULTILINE,
)
"""Indentation, dash, key, and value; all are empty for a line without content."""
PIECE = re.compile(rf"{_FIRST}{_IN_FLOW}*(?: (?={_FIRST}){_IN_FLOW}+)*|[\[\]{{}},]|: |{_QUOTED}|[^ ]")
"""The parts of a flow collection; what is none is a single character."""
LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/")
COLUMNS, NESTED = 100, 90
"""The deepest indentation, and the most flow collections on a line: together they are less than `nodes.DEPTH` levels."""
LONGEST = 1000
"""Characters of a line: keys of more than 1024 are wrong."""
MOST = 2**12
"""Texts that are remembered. Names and labels are in many documents: each of them is kept once."""
Line = tuple[str, str, str, str]

_values: dict[str, Any] = dict(WORDS)
_keys: dict[str, str] = dict(KEY_WORDS)
known, known_key = _values.setdefault, _keys.setdefault
"""Return the value of a text of letters, or such a key, as it was first read."""


def forget() -> None:
    """Forget texts; those that are in use stay where they are used."""
    _values.clear()
    _values.update(WORDS)
    _keys.clear()
    _keys.update(KEY_WORDS)


def value_of(text: str) -> Any:
    """Return the value of a document.

    Raises:
        UnusualError: the document has something that is not for this way, or is wrong.
    """
    if len(_values) > MOST:
        forget()
    body = text.removeprefix("---\n").rstrip("\n")
    if not body.isascii():
        raise UnusualError
    found: list[Line] = LINE.findall(body)
    if len(found) != body.count("\n") + 1:
        raise UnusualError
    lines = [line for line in found if line[2] or line[3] or line[1]]
    if not lines or lines[0][0]:
        raise UnusualError
    value, end = _block(lines, 0, 0)
    if end != len(lines):
        raise UnusualError
    return value


def _block(lines: list[Line], place: int, column: int) -> tuple[Any, int]:
    """Read the collection that begins on a line; returns also the place of the first line after it."""
    if column > COLUMNS:
        raise UnusualError
    return (_sequence if lines[place][1] else _mapping)(lines, place, column)


def _mapping(lines: list[Line], place: int, column: int) -> tuple[dict[str, Any], int]:
    """Read keys that begin in a column, the first one perhaps behind a dash."""
    found: dict[str, Any] = {}
    last = len(lines)
    _, _, key, text = lines[place]
    while True:
        if not key:
            raise UnusualError
        name = known_key(key, key)
        if name in found:
            raise UnusualError
        place += 1
        if text:
            found[name] = _value(text)
        elif place < last and _is_below(lines[place], column):
            found[name], place = _block(lines, place, len(lines[place][0]))
        else:
            found[name] = None
        if place == last or len(lines[place][0]) < column:
            return found, place
        indent, dash, key, text = lines[place]
        if dash or len(indent) > column:
            raise UnusualError


def _is_below(line: Line, column: int) -> bool:
    """Tell whether a line is the value of a key in this column; a sequence may begin where the key does."""
    return len(line[0]) > column or (line[1] != "" and len(line[0]) == column)


def _sequence(lines: list[Line], place: int, column: int) -> tuple[list[Any], int]:
    """Read entries whose dashes are in a column."""
    found: list[Any] = []
    last = len(lines)
    _, dash, key, text = lines[place]
    while True:
        if key:
            value, place = _mapping(lines, place, column + len(dash))
        elif text:
            value, place = _value(text), place + 1
        else:
            raise UnusualError
        found.append(value)
        if place == last or len(lines[place][0]) < column:
            return found, place
        indent, dash, key, text = lines[place]
        if len(indent) > column:
            raise UnusualError
        if not dash:
            return found, place


def _value(text: str) -> Any:
    """Return what is written behind a key or a dash."""
    first = text[0]
    if first in LETTERS:
        return known(text, text)
    if first in NUMERIC:
        return plain(text)
    return _flow(text) if first in "[{" else text[1:-1]


def _flow(text: str) -> Any:
    """Read a flow collection that ends on its line."""
    if len(text) > LONGEST or text.count("[") + text.count("{") > NESTED:
        raise UnusualError
    pieces = iter(PIECE.findall(text))
    take = pieces.__next__
    try:
        value = _entries(take) if take() == "[" else _pairs(take)
    except StopIteration as error:
        raise UnusualError from error
    if next(pieces, None) is not None:
        raise UnusualError
    return value


def _entries(take: Callable[[], str]) -> list[Any]:
    """Read up to a closing bracket."""
    found: list[Any] = []
    piece = take()
    while piece != "]":
        found.append(known(piece, piece) if piece[0] in LETTERS else _part(piece, take))
        piece = take()
        if piece == ",":
            piece = take()
        elif piece != "]":
            raise UnusualError
    return found


def _pairs(take: Callable[[], str]) -> dict[str, Any]:
    """Read up to a closing brace."""
    found: dict[str, Any] = {}
    piece = take()
    while piece != "}":
        name = known_key(piece, piece) if piece[0] in LETTERS else _name(piece)
        if name in found or take() != ": ":
            raise UnusualError
        piece = take()
        found[name] = known(piece, piece) if piece[0] in LETTERS else _part(piece, take)
        piece = take()
        if piece == ",":
            piece = take()
        elif piece != "}":
            raise UnusualError
    return found


def _part(piece: str, take: Callable[[], str]) -> Any:
    """Return what does not begin with a letter inside a flow collection."""
    first = piece[0]
    if first == "{":
        return _pairs(take)
    if first == "[":
        return _entries(take)
    if first in NUMERIC and piece != "-":
        return plain(piece)
    return _unquoted(piece)


def _name(piece: str) -> str:
    """Return a key that does not begin with a letter."""
    return plain_key(piece) if piece[0] in NUMERIC and piece != "-" else _unquoted(piece)


def _unquoted(piece: str) -> str:
    if len(piece) < 2 or piece[0] not in "\"'":
        raise UnusualError
    return piece[1:-1]
