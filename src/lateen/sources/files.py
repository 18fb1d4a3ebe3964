"""Objects from files, directories and standard input."""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from lateen.api import codes
from lateen.api.finding import Finding, Level, Position
from lateen.sources.documents import DEFAULT_NAMESPACE, Texts
from lateen.sources.load import Load
from lateen.sources.yaml import LIMIT, decode_text

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
"""Files that are read in a directory; a file that is named itself is always read."""
STDIN = "-"
STDIN_NAME = "<stdin>"
"""How standard input is called in positions."""


TICK_NS = 2 * 10**9
"""A file that was written within this time before it was read may be written again without a trace in its times: the
clocks of file systems tick that slowly."""


class Paths(Struct, frozen=True):
    """Which files to read."""

    paths: tuple[str, ...]
    """Files, directories, or `-` for standard input."""
    recursive: bool = False
    """Whether directories below directories count."""


Stamp = tuple[int, ...]
"""What differs when a file is written or replaced; the first two are times in ns."""


class Files:
    """Reads files again and again; what has not changed is not read again."""

    def __init__(self, paths: Paths, namespace: str = DEFAULT_NAMESPACE, texts: Texts | None = None) -> None:
        """Read these paths; objects that name no namespace are put into the given one.

        What `texts` has read before is not read again, so that two directories that are nearly alike cost little more than one.
        """
        self.paths = paths
        self._texts = texts or Texts(namespace)
        self._stdin: bytes | None = None
        self._seen: dict[str, Stamp | None] = {}  # None: another change might not be visible in it

    def load(self, changed: frozenset[str] = frozenset()) -> Load:
        """Read everything there is now; what cannot be read becomes a finding.

        Args:
            changed: absolute names of files, as `watch.changes` tells them: nothing else has changed since the last time.
                Empty when that is not known.
        """
        return self._again(changed) or self._everything()

    def _everything(self) -> Load:
        texts: list[tuple[str, str | None]] = []
        findings: list[Finding] = []
        before, self._seen = self._seen, {}
        for name in self._names(findings):
            stamp = before.get(name)
            text: str | Finding | None = None
            if stamp is None or name not in self._texts or stamp != _stamp(name):
                text = self._read(name)
            else:
                self._seen[name] = stamp
            if isinstance(text, Finding):
                findings.append(text)
            else:
                texts.append((_called(name), text))
        return self._texts.load(texts, findings)

    def _again(self, changed: frozenset[str]) -> Load | None:
        """Read these files alone; None when that is not enough: files have come or gone, or cannot be read."""
        names = [self._as_given(name) for name in changed]
        if not all(names):
            return None
        texts: dict[str, str] = {}
        for name in {name for several in names for name in several}:
            text = self._read(name)
            if isinstance(text, Finding):
                return None
            texts[name] = text
        return self._texts.change(texts) if texts else None

    def _as_given(self, absolute: str) -> list[str]:
        """Find what a file that was read is called here: its path may be relative, or lead there in several ways."""
        found = []
        for path in self.paths.paths:
            root = str(Path(path).absolute())
            if absolute == root:
                found.append(path)
            elif absolute.startswith(f"{root}/"):
                found.append(str(Path(path) / absolute[len(root) + 1 :]))
        return [name for name in found if name in self._seen]

    def _names(self, findings: list[Finding]) -> Iterator[str]:
        seen: set[str] = set()
        for path in self.paths.paths:
            for name in _files(path, self.paths, findings):
                if name not in seen:
                    seen.add(name)
                    yield name

    def _read(self, name: str) -> str | Finding:
        """Read a file, and remember how it looks."""
        stamp = _stamp(name)  # before: what is written while we read makes another one
        text = self._text(name)
        is_lasting = stamp is not None and max(stamp[:2]) + TICK_NS < time.time_ns()
        self._seen[name] = stamp if is_lasting and isinstance(text, str) else None
        return text

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


def _called(name: str) -> str:
    return STDIN_NAME if name == STDIN else name


def _stamp(name: str) -> Stamp | None:
    try:
        found = os.stat(name)  # noqa: PTH116  a Path for each file takes longer than the call
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev


def is_manifest(name: str) -> bool:
    """Say whether a file in a directory is read, by its last name: by its suffix, and hidden ones are not."""
    return os.path.splitext(name)[1] in SUFFIXES and not name.startswith(".")  # noqa: PTH122  one of very many


def _files(path: str, paths: Paths, findings: list[Finding]) -> Iterable[str]:
    if path == STDIN:
        return (STDIN,)
    place = Path(path)
    if not place.is_dir():
        return (path,)
    try:
        return _below(place) if paths.recursive else _inside(place)
    except OSError as error:
        findings.append(_unreadable(path, error.strerror or "cannot be read"))
        return ()


def _inside(place: Path) -> list[str]:
    prefix = str(place / "-").removesuffix("-")
    with os.scandir(place) as found:
        return sorted(prefix + one.name for one in found if is_manifest(one.name) and one.is_file())


def _below(place: Path) -> list[str]:
    inside = sorted(place.rglob("*"))
    return [
        str(file) for file in inside if is_manifest(file.name) and not _hidden(file, place) and file.is_file()
    ]


def _hidden(file: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(below).parts)


def _unreadable(name: str, reason: str) -> Finding:
    return Finding(
        codes.UNREADABLE, Level.ERROR, None, "", f"{name}: {reason.lower()}", where=Position(name, 1)
    )
