"""Does what a page of docs/ says, and tells where it prints something else.

    python tests/support/docs_runner.py PAGE        do it, in a network of its own; the difference is printed
    … --update FILE                                 write the page with the outputs found to FILE

Ends with 0 when the page is true, else with 1. Uses `lateen` of this repository; `python3` is the interpreter that
runs this. A page starts in an empty directory, which is also the home directory.
"""

import argparse
import difflib
import os
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import private_network
from docs_output import begins, matches
from docs_page import CONSOLE, Block, Page, Step, parse, replaced
from docs_terminals import PATIENCE, Terminal, typed

DOWN = "lateen down"
BETWEEN = 0.05
"""Seconds until a command is typed again."""


class NotStartedError(Exception):
    """A command that goes on does not print what the page says; the value is its line."""


class Reader:
    """Somebody who does what a page says."""

    def __init__(self, page: Page, directory: Path, environment: Mapping[str, str]) -> None:
        self.page, self.directory, self.environment = page, directory, environment
        self.terminals: dict[str, Terminal] = {}
        self.different: dict[int, tuple[Step, list[str]]] = {}
        self.wrong: list[str] = []
        self.is_down = False

    def read(self) -> None:
        """Do everything, in order; then stop what goes on."""
        try:
            for block in self.page.blocks:
                self._do(block)
        except NotStartedError as error:
            self.wrong.append(f"line {error}: does not start; the rest was left out")
        finally:
            for name in reversed(self.terminals):
                self._stop(name)

    def _do(self, block: Block) -> None:
        if block.language != CONSOLE:
            (self.directory / block.options["file"]).write_text("\n".join(block.lines) + "\n")
            return
        for step in block.steps:
            if "terminal" in block.options:
                self._on(block.options["terminal"], step)
            else:
                self._type(step, block.options)

    def _type(self, step: Step, options: Mapping[str, str]) -> None:
        within = float(options["within"]) if "within" in options else None
        deadline = time.monotonic() + (PATIENCE if "until" in options and step.output else 0)
        while True:
            printed, status = typed(step.command, self.directory, self.environment)
            self.is_down = self.is_down or step.command == DOWN
            same = matches(step.output, printed, within)
            if same or time.monotonic() >= deadline:
                break
            time.sleep(BETWEEN)
        if not same:
            self.different[step.first] = step, printed
        if (status != 0) != ("fails" in options):
            self.wrong.append(f"line {step.line}: {step.command}\n  ends with status {status}")

    def _on(self, name: str, step: Step) -> None:
        if step.command == "^C":
            self._stop(name)
        elif step.command:
            self.terminals[name] = Terminal(step.command, self.directory, self.environment)
        printed, same = self.terminals[name].shows(lambda lines: begins(step.output, lines))
        if not same:
            self.different[step.first] = step, printed
            if step.command:
                raise NotStartedError(step.line)

    def _stop(self, name: str) -> None:
        terminal = self.terminals[name]
        is_mesh = terminal.command.startswith(("lateen demo", "lateen up"))
        status = terminal.press_ctrl_c(is_ending=is_mesh and self.is_down)
        if status != 0 and is_mesh:
            self.wrong.append(f"{terminal.command}\n  ends with status {status}")


def difference(path: Path, page: Page, reader: Reader) -> str:
    """Say what is different, as a diff of the page."""
    now = replaced(page, reader.different).splitlines()
    lines = difflib.unified_diff(page.lines, now, str(path), "as it is", lineterm="")
    return "\n".join([*lines, *reader.wrong])


def commands(directory: Path) -> None:
    """Make `lateen` and `python3` commands that run with this interpreter."""
    directory.mkdir()
    python = shlex.quote(sys.executable)
    for name, argv in (("lateen", f"{python} -m lateen.cli.__main__"), ("python3", python)):
        (directory / name).write_text(f'#!/bin/sh\nexec {argv} "$@"\n')
        (directory / name).chmod(0o755)


def main() -> int:
    parser = argparse.ArgumentParser(description="Do what a page says.")
    parser.add_argument("page", type=Path)
    parser.add_argument("--update", type=Path)
    chosen = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start deaf to Ctrl-C
    private_network.enter()
    page = parse(chosen.page.read_text())
    with tempfile.TemporaryDirectory(prefix="p", dir="/tmp") as home:
        commands(Path(home, "bin"))
        here = Path(home, "lesson")
        here.mkdir()
        inside = {
            "HOME": home,
            "PATH": f"{home}/bin:{os.environ['PATH']}",
            "NO_COLOR": "1",
            "LC_ALL": "C.UTF-8",
        }
        reader = Reader(page, here, {**os.environ, **inside})
        reader.read()
    if chosen.update:
        chosen.update.write_text(replaced(page, reader.different))
    found = difference(chosen.page, page, reader)
    print(found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
