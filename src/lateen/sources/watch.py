"""Says when files change, whatever the editor does: rename over, delete and write anew, or write in place."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from watchfiles import Change, awatch

from lateen.sources.files import STDIN, Paths, is_manifest

DEBOUNCE_MS = 50
"""Changes within this time are told together."""
STEP_MS = 20
"""Quiet time that ends a group of changes."""
LOOK_AROUND_MS = 500
"""How often to look whether a watched directory has gone or come back."""


async def changes(paths: Paths, stop: asyncio.Event | None = None) -> AsyncIterator[frozenset[str]]:
    """Yield sets of changed files, after each change of the files that `paths` reads; ends when `stop` is set.

    The set is empty when it is not known what has changed: when a directory itself has gone or come back, and once when it
    is quiet after the start and after changes, because the system drops some when there are very many at once.
    """
    stopped = stop or asyncio.Event()
    wanted = _wanted(paths)
    while not stopped.is_set():
        roots = await _existing(wanted, stopped)
        settled = False  # something may have changed before the watch began to look
        async for files in _watch(roots, wanted, stopped, recursive=paths.recursive):
            moved = _roots(wanted) != roots
            if files or moved or not settled:
                yield frozenset() if moved else files
            settled = not files
            if moved:
                break


async def _watch(
    roots: dict[Path, int], wanted: tuple[Path, ...], stop: asyncio.Event, *, recursive: bool
) -> AsyncIterator[frozenset[str]]:
    """Watch directories; yields an empty set from time to time so that the caller can look around."""
    if not roots:
        return
    try:
        async for found in awatch(
            *roots,
            watch_filter=lambda _, name: _concerns(Path(name), recursive=recursive, wanted=wanted),
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            rust_timeout=LOOK_AROUND_MS,
            yield_on_timeout=True,
            stop_event=stop,
            recursive=recursive,
            ignore_permission_denied=True,
        ):
            yield _names(found)
    except (FileNotFoundError, RuntimeError):  # a directory went away just now
        await asyncio.sleep(DEBOUNCE_MS / 1000)
        yield frozenset()


def _wanted(paths: Paths) -> tuple[Path, ...]:
    return tuple(Path(path).absolute() for path in paths.paths if path != STDIN)


def _names(found: set[tuple[Change, str]]) -> frozenset[str]:
    return frozenset(name for _, name in found)


def _roots(wanted: tuple[Path, ...]) -> dict[Path, int]:
    """Return the directories to watch that exist, with their inode: one made anew is another one.

    A file is watched through its directory, because editors put a new file in its place.
    """
    found: dict[Path, int] = {}
    for path in wanted:
        root = path if path.is_dir() else path.parent
        try:
            found[root] = root.stat().st_ino
        except OSError:
            continue
    return found


def _concerns(name: Path, *, recursive: bool, wanted: tuple[Path, ...]) -> bool:
    """Say whether a changed path is one of the files that are read."""
    if name in wanted:
        return True
    above = name.parents if recursive else (name.parent,)
    return is_manifest(name.name) and any(path in above for path in wanted)


async def _existing(wanted: tuple[Path, ...], stop: asyncio.Event) -> dict[Path, int]:
    while not stop.is_set():
        if roots := _roots(wanted):
            return roots
        try:
            await asyncio.wait_for(stop.wait(), LOOK_AROUND_MS / 1000)
        except TimeoutError:
            continue
    return {}
