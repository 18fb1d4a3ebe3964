"""A mesh run as a user runs it: `lateen up` (or `demo`) as a process, spoken to by further commands."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Self

from unprivileged import USER, is_root, unprivileged_argv

HERE = Path(__file__).parent
READY = 30.0


class RunningMesh:
    """One mesh in a state directory of its own; `close` leaves nothing behind and fails if something stayed."""

    def __init__(self, *argv: str, unprivileged: bool, files: dict[str, str] | None = None) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="l", dir="/tmp"))
        self.unprivileged = unprivileged
        self.config = self.home / "config"
        self.config.mkdir()
        for name, text in (files or {}).items():
            self.write(name, text)
        self.marker = f"LATEEN_TEST={self.home.name}"
        self._own(self.home)
        self.output: list[str] = []
        self._ready = threading.Event()
        self._started: list[tuple[subprocess.Popen[str], threading.Thread]] = []
        self.process = self.start([*argv, *([str(self.config)] if argv[0] == "up" else [])])

    def _own(self, path: Path) -> None:
        if self.unprivileged and is_root():
            for one in (path, *path.rglob("*")):
                os.chown(one, USER, USER)

    def write(self, name: str, text: str) -> None:
        """Write a file as editors do: beside it, then renamed."""
        beside = self.home / f".{name}"
        beside.write_text(text)
        if self.unprivileged and is_root():
            os.chown(beside, USER, USER)
        beside.rename(self.config / name)

    def environment(self) -> dict[str, str]:
        name, _, value = self.marker.partition("=")
        state = {"LATEEN_HOME": str(self.home / "s"), "HOME": str(self.home), "TMPDIR": str(self.home)}
        return {**os.environ, **state, name: value, "NO_COLOR": "1"}

    def _argv(self, *arguments: str) -> list[str]:
        argv = [sys.executable, "-m", "lateen.cli.__main__", *arguments]
        return unprivileged_argv(argv) if self.unprivileged else argv

    def start(self, arguments: list[str]) -> subprocess.Popen[str]:
        """Start a command that goes on; `close` ends it."""
        process = subprocess.Popen(
            self._argv(*arguments),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        listener = threading.Thread(target=self._listen, args=(process,), daemon=True)
        listener.start()
        self._started.append((process, listener))
        return process

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        for line in process.stdout:
            self.output.append(line)
            if "Ctrl-C to stop" in line:
                self._ready.set()
        self._ready.set()

    def wait_ready(self) -> "RunningMesh":
        assert self._ready.wait(READY), self.text()
        assert self.process.poll() is None, self.text()
        return self

    def text(self) -> str:
        return "".join(self.output)

    def wait_output(self, words: str, timeout: float = 10.0) -> None:
        """Wait until the mesh has printed something."""
        self.until(lambda: words in self.text(), timeout, lambda: f"{words!r} not in:\n{self.text()}")

    @staticmethod
    def until(condition, timeout: float = 10.0, words=lambda: "") -> None:
        """Poll a condition with a deadline."""
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, words()
            time.sleep(0.01)

    def lateen(
        self, *arguments: str, text: str | None = None, timeout: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._argv(*arguments),
            env=self.environment(),
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def ok(self, *arguments: str, text: str | None = None) -> str:
        done = self.lateen(*arguments, text=text)
        assert done.returncode == 0, (
            f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.text()}"
        )
        return done.stdout

    def request(self, workload: str, *arguments: str) -> list[dict]:
        """Make requests from inside a workload with client.py."""
        out = self.ok("exec", workload, "--", sys.executable, "-I", str(HERE / "client.py"), *arguments)
        return [json.loads(line) for line in out.splitlines()]

    def names(self, workload: str, *arguments: str) -> Counter:
        """Count which echo answered; a failed request counts by its status."""
        answers = self.request(workload, *arguments)
        return Counter(
            json.loads(a["body"])["name"] if a["status"] == 200 else str(a["status"]) for a in answers
        )

    def processes(self) -> list[int]:
        """Processes that carry this mesh's mark in their environment."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if self.marker.encode() in (entry / "environ").read_bytes().split(b"\0"):
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def close(self) -> None:
        try:
            for process, _ in self._started:
                self._end(process)
        finally:
            left = self._left()
            shutil.rmtree(self.home)
        assert not left, f"left behind: {left}\n{self.text()}"

    def _end(self, process: "subprocess.Popen[str]") -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        finally:
            process.kill()
            process.wait(5)
            next(listener for one, listener in self._started if one is process).join(5)
            assert process.stdout
            process.stdout.close()

    def _left(self) -> list[int]:
        end = time.monotonic() + 5
        while (left := self.processes()) and time.monotonic() < end:
            time.sleep(0.02)
        return left

    def __enter__(self) -> Self:
        try:
            return self.wait_ready()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()


def deployment(name: str, app: str, version: str, port: int = 8080, replicas: int = 1) -> str:
    """A Deployment of echo."""
    argv = json.dumps([sys.executable, "-I", str(HERE / "echo.py"), f"{name}", str(port)])
    return f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {app}, version: {version}}}}}
  template:
    metadata: {{labels: {{app: {app}, version: {version}}}}}
    spec:
      containers:
      - name: app
        command: {argv}
        ports: [{{containerPort: {port}}}]
        readinessProbe: {{tcpSocket: {{port: {port}}}, periodSeconds: 1}}
---"""


def service(name: str, port: int = 8080, port_name: str = "http") -> str:
    """A Service that selects `app: NAME`."""
    return f"""
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec:
  selector: {{app: {name}}}
  ports: [{{name: {port_name}, port: {port}}}]
---"""


def client(name: str = "client") -> str:
    """A workload to make requests from."""
    return deployment(name, name, "v1", 9999)
