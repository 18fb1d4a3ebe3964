"""The reader's terminals: one for commands that end, others for those that go on."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PATIENCE = 30.0
"""Seconds for a command, for what a terminal is to print, and for Ctrl-C."""


def typed(command: str, directory: Path, environment: Mapping[str, str]) -> tuple[list[str], int]:
    """Type a command; return what it prints on both streams, line by line, and its exit status."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=PATIENCE,
        check=False,
    )
    return done.stdout.splitlines(), done.returncode


class Terminal:
    """A command that goes on, and what it has printed."""

    def __init__(self, command: str, directory: Path, environment: Mapping[str, str]) -> None:
        self.command = command
        self._lines: list[str] = []
        self._read = 0
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            with self._news:
                self._lines.append(line.rstrip("\n"))
                self._news.notify_all()

    def shows(self, needed: Callable[[Sequence[str]], int | None]) -> tuple[list[str], bool]:
        """Wait until the lines that have not been looked at yet satisfy; return them, and whether they did."""
        deadline = time.monotonic() + PATIENCE
        with self._news:
            while True:
                fresh = self._lines[self._read :]
                count = needed(fresh)
                if count is not None:
                    self._read += count
                    return fresh[:count], True
                left = deadline - time.monotonic()
                if left <= 0 or (self._process.poll() is not None and not self._listener.is_alive()):
                    self._read += len(fresh)
                    return fresh, False
                self._news.wait(min(left, 0.1))

    def press_ctrl_c(self, *, is_ending: bool = False) -> int:
        """Interrupt the command as a terminal does, unless it ends by itself; return its exit status."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE if is_ending else 0)
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
        try:
            return self._process.wait(PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            self._listener.join(5)
            assert self._process.stdout
            self._process.stdout.close()
