"""What `up` and `demo` tell the person in front of them; everything goes to standard error."""

import os
import sys
import time
from collections.abc import Iterable

from lateen.api.finding import Finding, Level, render
from lateen.local.workload import Phase, Workload
from lateen.server.workloads import HostPort


class Terminal:
    """Prints progress: one line for each thing that happened, with the time since the start."""

    def __init__(self) -> None:
        """Start the clock."""
        self._began = time.monotonic()
        self._last: dict[str, tuple[Phase, str]] = {}
        self._colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.monotonic() - self._began

    def say(self, text: str) -> None:
        """Print one remark."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def step(self, text: str) -> None:
        """Print something that happened, with when."""
        self.say(f"{self._dim(f'{self.seconds:6.2f}s')}  {text}")

    def findings(self, found: Iterable[Finding]) -> None:
        """Print findings, the serious ones in colour."""
        for finding in found:
            text = render(finding)
            self.say(self._paint(text, "31" if finding.level is Level.ERROR else "33"))

    def workload(self, workload: Workload) -> None:
        """Print what became of a workload, once per change."""
        now = (workload.phase, workload.reason)
        if self._last.get(workload.name) == now or workload.phase is Phase.STARTING:
            return
        self._last[workload.name] = now
        if workload.phase is Phase.RUNNING:
            self.step(f"{workload.name} is ready at {workload.address}")
        elif workload.phase is not Phase.STOPPING:
            self.step(self._paint(f"{workload.name} is not ready: {workload.reason or workload.phase}", "33"))

    def ready(self, ready: int, ports: Iterable[HostPort], mesh: str) -> None:
        """Print where to look and what to try next."""
        self.say(self._paint(f"ready in {self.seconds:.1f} s: {ready} workloads", "32"))
        for one in ports:
            scheme = (
                "https" if one.protocol in ("HTTPS", "TLS") else "http" if "HTTP" in one.protocol else "tcp"
            )
            self.say(f"  {scheme}://{one.address}:{one.port}  is port {one.mesh_port} of {one.pod}")
        option = "" if mesh == "default" else f" --mesh {mesh}"
        self.say(
            f"next: lateen status{option} · lateen get all{option} · lateen proxy-status{option} · Ctrl-C to stop"
        )

    def _dim(self, text: str) -> str:
        return self._paint(text, "2")

    def _paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colour else text
