"""Objects from files, directories and standard input."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from lateen.api import codes
from lateen.api.finding import Finding, Level, Position
from lateen.sources.documents import DEFAULT_NAMESPACE, Load, Texts
from lateen.sources.yaml import LIMIT, decode_text

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
"""Files that are read in a directory; a file that is named itself is always read."""
STDIN = "-"
STDIN_NAME = "<stdin>"
"""How standard input is called in positions."""


class Paths(Struct, frozen=True):
    """Which files to read."""

    paths: tuple[str, ...]
    """Files, directories, or `-` for standard input."""
    recursive: bool = False
    """Whether directories below directories count."""


class Files:
    """Reads files again and again; what has not changed is not parsed again."""

    def __init__(self, paths: Paths, namespace: str = DEFAULT_NAMESPACE, texts: Texts | None = None) -> None:
        """Read these paths; objects that name no namespace are put into the given one.

        What `texts` has read before is not read again, so that two directories that are nearly alike cost little more than one.
        """
        self.paths = paths
        self._texts = texts or Texts(namespace)
        self._stdin: bytes | None = None

    def load(self) -> Load:
        """Read everything there is now; what cannot be read becomes a finding."""
        texts: list[tuple[str, str]] = []
        findings: list[Finding] = []
        for name in self._names(findings):
            text = self._text(name)
            if isinstance(text, Finding):
                findings.append(text)
            else:
                texts.append((STDIN_NAME if name == STDIN else name, text))
        return self._texts.load(texts, findings)

    def _names(self, findings: list[Finding]) -> Iterator[str]:
        seen: set[str] = set()
        for path in self.paths.paths:
            for name in _files(path, self.paths, findings):
                if name not in seen:
                    seen.add(name)
                    yield name

    def _text(self, name: str) -> str | Finding:
        if name == STDIN:
            if self._stdin is None:  # it can be read only once
                self._stdin = sys.stdin.buffer.read(LIMIT + 1)
            return decode_text(self._stdin, STDIN_NAME)
        try:
            with Path(name).open("rb") as file:
                return decode_text(file.read(LIMIT + 1), name)
        except OSError as error:
            return _unreadable(name, error.strerror or "cannot be read")


def is_manifest(name: str) -> bool:
    """Say whether a file in a directory is read: by its suffix, and hidden ones are not."""
    path = Path(name)
    return path.suffix in SUFFIXES and not path.name.startswith(".")


def _files(path: str, paths: Paths, findings: list[Finding]) -> Iterable[str]:
    if path == STDIN:
        return (STDIN,)
    place = Path(path)
    if not place.is_dir():
        return (path,)
    try:
        inside = sorted(place.rglob("*") if paths.recursive else place.iterdir())
    except OSError as error:
        findings.append(_unreadable(path, error.strerror or "cannot be read"))
        return ()
    return [
        str(file) for file in inside if is_manifest(file.name) and not _hidden(file, place) and file.is_file()
    ]


def _hidden(file: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(below).parts)


def _unreadable(name: str, reason: str) -> Finding:
    return Finding(
        codes.UNREADABLE, Level.ERROR, None, "", f"{name}: {reason.lower()}", where=Position(name, 1)
    )
