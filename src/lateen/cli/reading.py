"""The files that a command line names, read as texts; what they say is the server's business."""

import sys
from collections.abc import Iterator
from pathlib import Path

from lateen.cli.errors import Exit, Failure

SUFFIXES = (".yaml", ".yml", ".json")
STDIN = "-"


def documents(filenames: tuple[str, ...], *, recursive: bool) -> list[tuple[str, str]]:
    """Return name and text of each file, directories opened in the order of names.

    Raises:
        Failure: nothing was named, a path does not exist or cannot be read, or a directory has no YAML.
    """
    if not filenames:
        raise Failure("say what to read with -f FILE (- is standard input)", Exit.MISUSE)
    return [one for name in filenames for one in _read(name, recursive=recursive)]


def _read(name: str, *, recursive: bool) -> Iterator[tuple[str, str]]:
    if name == STDIN:
        yield "stdin", sys.stdin.read()
        return
    path = Path(name)
    if not path.is_dir():
        yield name, _text(path)
        return
    found = sorted(
        one
        for one in (path.rglob("*") if recursive else path.iterdir())
        if one.suffix in SUFFIXES and one.is_file()
    )
    if not found:
        deeper = "" if recursive else "; -R looks into the directories below"
        raise Failure(f"{name} has no files ending in {', '.join(SUFFIXES)}{deeper}")
    for one in found:
        yield str(one), _text(one)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Failure(f"{path} is not UTF-8 text") from error
    except OSError as error:
        raise Failure(f"{path}: {(error.strerror or str(error)).lower()}") from error
