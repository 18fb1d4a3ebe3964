"""Run a program as an ordinary user (uid 65534), though Python and the repository may live where only root may look.

As root: in a private mount namespace every directory that hides a needed path is covered by one that shows just the
needed paths; then all privileges are dropped. `python unprivileged.py ARGV…` is the same as a command.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

USER = 65534
REPOSITORY = Path(__file__).resolve().parents[2]


def is_root() -> bool:
    return os.geteuid() == 0


def unprivileged_argv(argv: Sequence[str]) -> list[str]:
    """The command that runs `argv` as an ordinary user: itself when this process is not root."""
    return [sys.executable, str(Path(__file__).resolve()), *argv] if is_root() else list(argv)


def run_unprivileged(
    argv: Sequence[str], env: Mapping[str, str] | None = None, *, timeout: float = 100.0
) -> subprocess.CompletedProcess[str]:
    """Run to the end, output of both streams in `stdout`. HOME and TMPDIR are fresh and the user's own."""
    with tempfile.TemporaryDirectory(prefix="u", dir="/tmp") as home:
        if is_root():
            os.chown(home, USER, USER)
        return subprocess.run(
            unprivileged_argv(argv),
            env={**os.environ, **(env or {}), "HOME": home, "TMPDIR": home},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
            cwd=REPOSITORY,
        )


def hidden_by(path: Path) -> Path | None:
    """The topmost directory above `path` that others may not enter."""
    above = [*reversed(path.parents)]
    return next((folder for folder in above if not folder.stat().st_mode & 0o001), None)


def covers(paths: Iterable[Path]) -> dict[Path, set[Path]]:
    """Hiding directory → the needed paths below it."""
    found: dict[Path, set[Path]] = {}
    for path in {path.resolve() for path in paths} | set(paths):
        hiding = hidden_by(path)
        if hiding is not None:
            found.setdefault(hiding, set()).add(path)
    return found


def show(hiding: Path, needed: Iterable[Path]) -> None:
    """Cover a directory with a readable one in which only the needed paths are to be seen."""
    from lateen.local import kernel

    staging = tempfile.mkdtemp(prefix="cover")
    kernel.mount("tmpfs", staging, 0, kind="tmpfs", options="mode=0755")
    outermost = [path for path in needed if not any(other in path.parents for other in needed)]
    for path in outermost:
        place = Path(staging, path.relative_to(hiding))
        place.mkdir(parents=True)
        kernel.mount(str(path), str(place), kernel.MS_BIND | kernel.MS_REC)
    kernel.mount(staging, str(hiding), kernel.MS_BIND | kernel.MS_REC)
    kernel.unmount(staging)
    Path(staging).rmdir()


def main(argv: list[str]) -> None:
    sys.path.append(str(REPOSITORY / "src"))
    from lateen.local import kernel

    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", kernel.MS_REC | kernel.MS_SLAVE)
    where = Path.cwd()
    for hiding, needed in covers([Path(sys.prefix), Path(sys.base_prefix), REPOSITORY]).items():
        show(hiding, needed)
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    os.chdir(where)
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    main(sys.argv[1:])
