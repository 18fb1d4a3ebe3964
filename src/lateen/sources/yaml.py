"""Text to documents: values as Kubernetes reads them, findings instead of exceptions, positions only when asked for."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from math import isfinite
from typing import Any

from msgspec import Struct
from yaml import MappingNode, Node, SequenceNode, YAMLError
from yaml.reader import ReaderError

from lateen.api import codes
from lateen.api.finding import Finding, Level, Position
from lateen.api.message import json_name
from lateen.sources import plain, usual
from lateen.sources.nodes import Values, compose, is_merge, key_text
from lateen.sources.scalars import UnusualError

LIMIT = 32 * 2**20
"""Bytes of the largest text that is read."""
SPARE_NODES = 20_000
"""Nodes that aliases may add to a document, beyond one per character."""
MANY = 100
"""Duplicate keys of one document that are told."""
SEPARATOR = re.compile(r"^(?:---(?=\s|$)|\.\.\.(?=\s|$).*\n?)", re.MULTILINE)
MARKERS = ("---", "...", "%")
"""A text without any of these is one document."""
CONTENT = re.compile(r"^(?!(?:---|\.\.\.)\s*(?:#.*)?$)[^\S\n]*[^\s#%]", re.MULTILINE)
INDEX = re.compile(r"\[(\d+)\]")


class Document(Struct, frozen=True, gc=False):
    """One YAML document of a file."""

    file: str
    line: int
    """Line of the file on which the text begins, counted from 1."""
    text: str


class Parsed(Struct, frozen=True, gc=False):
    """The value of a document."""

    value: Any
    """None for an empty document or one that cannot be read."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with the text; positions count from the first line of the document."""


def decode_text(raw: bytes, file: str) -> str | Finding:
    """Make text of a file's bytes: UTF-8 or, with a byte order mark, UTF-16."""
    if len(raw) > LIMIT:
        message = f"the file has {len(raw) / 2**20:.0f} MiB; at most {LIMIT // 2**20} MiB are read"
        return Finding(
            codes.UNREADABLE, Level.ERROR, None, "", message, "split it into several files", Position(file, 1)
        )
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"the text is not {encoding.removesuffix('-sig').upper()}"
        return Finding(
            codes.SYNTAX, Level.ERROR, None, "", message, "save the file as UTF-8", Position(file, line)
        )


def split(text: str, file: str) -> Iterator[Document]:
    """Split a text at its `---` lines; documents without any content are left out."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if not any(map(text.__contains__, MARKERS)):
        if CONTENT.search(text):
            yield Document(file, 1, text)
        return
    start = looked = 0
    line = 1
    for found in SEPARATOR.finditer(text):
        end = found.end() if found[0].startswith("...") else found.start()
        content = CONTENT.search(text, looked, end)
        directives = not content and "%" in text[looked:end]
        looked = end
        if content:
            yield Document(file, line, text[start:end])
        elif directives:
            continue  # they belong to the document after them
        line += text.count("\n", start, end)
        start = end
    if CONTENT.search(text, looked):
        yield Document(file, line, text[start:])


def parse(text: str) -> Parsed:
    """Parse the text of one document; never raises."""
    if text.lstrip()[:1] == "{" and (found := _json(text)) is not None:
        return Parsed(found)
    for way in (usual.value_of, plain.value_of):
        with suppress(UnusualError):
            return Parsed(way(text))
    try:
        node = compose(text)
        values = Values(len(text) + SPARE_NODES)
        value = None if node is None else values.of(node)
    except YAMLError as error:
        return Parsed(None, (_syntax(error, text),))
    except (ValueError, RecursionError) as error:
        return Parsed(None, (_finding(f"the text cannot be read: {type(error).__name__}", 1, 0),))
    if values.duplicates:
        return Parsed(None, tuple(_duplicate(*found) for found in values.duplicates[:MANY]))
    return Parsed(value)


def _json(text: str) -> Any:
    """Read JSON, which is faster and knows escapes that YAML does not; None leaves everything unusual to YAML."""
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        return None


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("not a finite number")
    return number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _syntax(error: YAMLError, text: str) -> Finding:
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return _finding(
            f"the text has a character that YAML does not allow (U+{_code(error.character):04X})", line, 0
        )
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or "the text is not YAML")
    last = text.rstrip().count("\n") + 1  # libyaml puts an unexpected end on a line that does not exist
    line, column = (mark.line + 1, mark.column + 1) if mark and mark.line < last else (last if mark else 1, 0)
    return _finding(problem, line, column, _advice(text, line))


def _code(character: str | int) -> int:
    """Libyaml names the character by its number, PyYAML by itself."""
    return character if isinstance(character, int) else ord(character)


def _advice(text: str, line: int) -> str:
    lines = text.split("\n")
    written = lines[line - 1] if 0 < line <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        return "indent with spaces: YAML does not allow tabs there"
    if "{{" in text:
        return "this looks like a template; render it first (helm template …)"
    return ""


def _finding(message: str, line: int, column: int, suggestion: str = "") -> Finding:
    return Finding(codes.SYNTAX, Level.ERROR, None, "", message, suggestion, Position("", line, column))


def _duplicate(key: str, mark: Any) -> Finding:
    return _finding(f"the key {key[:100]} is set twice in one mapping", mark.line + 1, mark.column + 1)


def moved(finding: Finding, document: Document) -> Finding:
    """Turn a position that counts from the document's first line into one in its file."""
    where = finding.where
    if where is None:
        return finding
    place = Position(document.file, document.line + where.line - 1, where.column)
    return Finding(
        finding.code, finding.level, finding.ref, finding.path, finding.message, finding.suggestion, place
    )


def position(document: Document, path: str) -> Position:
    """Find where a field is written; a field that is not written is where its nearest parent is.

    The path is as in findings: `spec.http[0].match[0].headers[x-user].exact`.
    """
    node = _tree(document.text)
    if node is None:
        return Position(document.file, document.line)
    mark = _search(node, path.lstrip("."))
    return Position(document.file, document.line + mark.line, mark.column + 1)


@lru_cache(maxsize=4)
def _tree(text: str) -> Node | None:
    """Compose a document once for all the findings about it."""
    try:
        return compose(text)
    except YAMLError:
        return None


def _search(node: Node, path: str) -> Any:
    """Walk down as far as the path leads; a mapping's entry is where its key is."""
    mark = _start(node)
    while path:
        step = _item(node, path) if isinstance(node, SequenceNode) else _entry(node, path)
        if step is None:
            break
        mark, node, path = step
        path = path.removeprefix(".")
    return mark


def _start(node: Node) -> Any:
    """A document's object begins where its first key is, not at `---`."""
    return node.value[0][0].start_mark if isinstance(node, MappingNode) and node.value else node.start_mark


def _item(node: SequenceNode, path: str) -> tuple[Any, Node, str] | None:
    found = INDEX.match(path)
    if found is None or int(found[1]) >= len(node.value):
        return None
    item = node.value[int(found[1])]
    return item.start_mark, item, path[found.end() :]


def _entry(node: Node, path: str) -> tuple[Any, Node, str] | None:
    """Find the longest key that the path begins with: keys may contain dots, and may be spelled as in the proto."""
    best: tuple[int, Any, Node, str] | None = None
    merged: list[Node] = []
    for key_node, value in node.value if isinstance(node, MappingNode) else ():
        if is_merge(key_node):
            merged += value.value if isinstance(value, SequenceNode) else [value]
            continue
        rest = _after(path, key_text(key_node))
        if rest is not None and (best is None or len(rest) < best[0]):
            best = (len(rest), key_node.start_mark, value, rest)
    if best is not None:
        return best[1:]
    return next((step for source in merged if (step := _entry(source, path)) is not None), None)


def _after(path: str, key: str) -> str | None:
    """Return what follows a key in a path, or None when the path does not begin with it."""
    for written in (f"[{key}]", key, json_name(key)) if "_" in key else (f"[{key}]", key):
        rest = path.removeprefix(written)
        if len(rest) < len(path) and rest[:1] in {"", ".", "["}:
            return rest
    return None
