"""Every page of docs/tasks, and the first one, done by the letter on a mesh; what it prints is what the page says."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from unprivileged import REPOSITORY, USER, is_root, unprivileged_argv

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

DOCS = REPOSITORY / "docs"
START = DOCS / "getting-started.md"
TASKS = sorted(path for path in (DOCS / "tasks").glob("*.md") if path.name != "README.md")
RUNNER = REPOSITORY / "tests" / "support" / "docs_runner.py"


def name_of(value: object) -> str:
    return value.stem if isinstance(value, Path) else str(value)


def follow(page: Path, directory: Path, *, as_root: bool) -> "subprocess.CompletedProcess[str]":
    """Do what a page says, as an ordinary user unless told otherwise."""
    argv = [sys.executable, str(RUNNER), str(page), "--update", str(directory / page.name)]
    if is_root() and not as_root:
        argv = unprivileged_argv(argv)
        os.chown(directory, USER, USER)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LATEEN_")}
    mark = {"LATEEN_TEST": directory.name, "TMPDIR": str(directory)}
    return subprocess.run(
        argv, env={**environment, **mark}, capture_output=True, text=True, timeout=150, check=False
    )


def left(mark: str) -> list[str]:
    """Return the processes that a page has left behind, once they have had a moment."""
    deadline = time.monotonic() + 5
    while (found := marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def marked(mark: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"LATEEN_TEST={mark}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                words = (entry / "cmdline").read_text().split("\0")
                found.append(f"{entry.name}: {' '.join(words)}")
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    ("page", "as_root"),
    [(START, False), *([(START, True)] if is_root() else []), *((page, False) for page in TASKS)],
    ids=name_of,
)
def test_the_page_is_true(page, as_root, request):
    if "$ openssl " in page.read_text() and not shutil.which("openssl"):
        pytest.skip("the page uses openssl, which is not there")
    directory = Path(tempfile.mkdtemp(prefix="d", dir="/tmp"))
    try:
        done = follow(page, directory, as_root=as_root)
        if request.config.getoption("--update-docs") and (directory / page.name).exists():
            page.write_text((directory / page.name).read_text())
        else:
            assert done.returncode == 0, f"\n{done.stdout}{done.stderr}"
        assert not left(directory.name)
    finally:
        shutil.rmtree(directory)


def test_the_index_names_every_page():
    index = (DOCS / "tasks" / "README.md").read_text()
    assert TASKS
    assert [page.name for page in TASKS if f"({page.name})" not in index] == []
