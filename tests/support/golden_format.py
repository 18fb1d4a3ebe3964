"""Golden cases as they are written: Markdown → cases with their blocks. The form is described in tests/golden/README.md."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

ORACLES = ("compiled", "simulator", "envoy", "shuffled")
RESOURCES = ("route", "cluster", "listener", "endpoint", "secret", "extension")
REQUESTS = ("http", "tcp", "tls")
INPUTS = ("config", "mesh", "workloads")
BASE = "_base.md"


class FormatError(Exception):
    """A block that is not understood; the message begins with file:line."""


class Place(msgspec.Struct, frozen=True):
    """Where something is written."""

    file: str
    line: int

    def error(self, message: str) -> FormatError:
        """Make the error that names this place."""
        return FormatError(f"{self.file}:{self.line}: {message}")


class Block(msgspec.Struct, frozen=True):
    """One fenced block that means something."""

    kind: str
    """One of INPUTS, RESOURCES, REQUESTS, `findings`, `options`."""
    attributes: dict[str, str]
    text: str
    place: Place
    """Of the block's first line inside the fence."""

    def yaml(self) -> Any:
        """Read the text as YAML."""
        try:
            return yaml.safe_load(self.text)
        except yaml.YAMLError as error:
            raise self.place.error(f"not YAML: {error}") from None


class Case(msgspec.Struct, frozen=True):
    """One heading with everything below it, bases included."""

    title: str
    place: Place
    blocks: tuple[Block, ...]

    def of(self, *kinds: str) -> list[Block]:
        """Return the blocks of some kinds, in order."""
        return [block for block in self.blocks if block.kind in kinds]

    @property
    def options(self) -> dict[str, Any]:
        """The case's options."""
        return _options(self.blocks)

    def oracles(self) -> list[str]:
        """Return the oracles that apply."""
        skipped = self.options.get("skip", {})
        wanted = {"compiled", "shuffled"}
        if self.of(*REQUESTS):
            wanted.add("simulator")
        if self.of(*REQUESTS, *RESOURCES):
            wanted.add("envoy")
        return [oracle for oracle in ORACLES if oracle in wanted and oracle not in skipped]


def read(path: Path, root: Path) -> list[Case]:
    """Read a file's cases, with the blocks of the bases above it."""
    shown = str(path.relative_to(root))
    front, cases = _sections(path.read_text(), shown)
    base = _bases(path, root)
    found = []
    for title, place, blocks in cases:
        own = [*front, *blocks]
        kept = own if _options(own).get("base") == "none" else [*base, *own]
        found.append(Case(title, place, tuple(kept)))
    titles = [case.title for case in found]
    for case in found:
        if titles.count(case.title) > 1:
            raise case.place.error(f"a second case is called {case.title!r}")
    return found


def _options(blocks: Any) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for block in blocks:
        if block.kind == "options":
            options |= _checked_options(block)
    return options


def _checked_options(block: Block) -> dict[str, Any]:
    found: dict[str, Any] = block.yaml() or {}
    if unknown := found.keys() - {"base", "skip"}:
        raise block.place.error(f"unknown options {', '.join(sorted(unknown))}")
    for oracle, reason in found.get("skip", {}).items():
        if oracle not in ORACLES or not reason:
            raise block.place.error(f"skip {oracle!r} needs one of {', '.join(ORACLES)} and a reason")
    return found


def _bases(path: Path, root: Path) -> list[Block]:
    directories = [root, *(root / part for part in _prefixes(path.parent.relative_to(root)))]
    found: list[Block] = []
    for directory in directories:
        base = directory / BASE
        if base.exists():
            blocks, _ = _sections(base.read_text(), str(base.relative_to(root)))
            found = blocks if _options(blocks).get("base") == "none" else [*found, *blocks]
    return found


def _prefixes(relative: Path) -> Iterator[Path]:
    for length in range(1, len(relative.parts) + 1):
        yield Path(*relative.parts[:length])


Section = tuple[str, Place, list[Block]]


def _sections(text: str, file: str) -> tuple[list[Block], list[Section]]:
    front: list[Block] = []
    cases: list[Section] = []
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if fence := re.match(r"(```+)(.*)", line):
            start = number
            while number < len(lines) and lines[number].rstrip() != fence[1]:
                number += 1
            if number == len(lines):
                raise Place(file, start).error("the block is not closed")
            block = _block(fence[2], lines[start:number], Place(file, start + 1))
            number += 1
            if block is not None:
                (cases[-1][2] if cases else front).append(block)
        elif line.startswith("## "):
            cases.append((line[3:].strip(), Place(file, number), []))
    return front, cases


def _block(info: str, lines: list[str], place: Place) -> Block | None:
    words = info.split()
    if not words:
        return None
    first = words[1:] if words[0] == "yaml" else words
    kind = first[0] if first else ""
    known = (*INPUTS, *RESOURCES) if words[0] == "yaml" else (*REQUESTS, "findings", "options")
    if kind not in known:
        if words[0] == "yaml" and kind:
            raise place.error(f"unknown block {info.strip()!r}; yaml blocks are {', '.join(known)}")
        return None
    attributes = dict(_attribute(word, place) for word in first[1:])
    return Block(kind, _checked(kind, attributes, place), "\n".join(lines) + "\n", place)


def _attribute(word: str, place: Place) -> tuple[str, str]:
    name, found, value = word.partition("=")
    if not found:
        raise place.error(f"{word!r} is not of the form name=value")
    return name, value


_ATTRIBUTES = {kind: ({"proxy"}, {"proxy", "name", "path"}) for kind in RESOURCES}
_ATTRIBUTES |= {kind: (set(), {"from", "at"}) for kind in REQUESTS}


def _checked(kind: str, attributes: dict[str, str], place: Place) -> dict[str, str]:
    needed, allowed = _ATTRIBUTES.get(kind, (set(), set()))
    if missing := needed - attributes.keys():
        raise place.error(f"{kind} needs {', '.join(sorted(missing))}=…")
    if unknown := attributes.keys() - allowed:
        raise place.error(f"{kind} has no {', '.join(sorted(unknown))}=…")
    if kind in REQUESTS and len(attributes) != 1:
        raise place.error(f"{kind} needs either from=… or at=…")
    if "path" in attributes and "name" not in attributes:
        raise place.error("path=… needs name=…")
    return attributes
