"""Readiness probes, as a kubelet makes them: httpGet, tcpSocket and exec, from inside the workload's namespace.

Defaults are Kubernetes' (pkg/apis/core/v1/defaults.go): timeout 1 s, period 10 s, one success, three failures. Until the
first success the probe runs every 50 ms instead of every period, so that a laptop does not wait for a kubelet's pace.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from lateen.api.workload import Container, Pod, Probe

PERIOD, TIMEOUT, FAILURES, SUCCESSES = 10.0, 1.0, 3, 1
EAGER_PERIOD = 0.05
_SUCCESS_CODES = range(200, 400)

Connect = Callable[[], Awaitable[socket.socket]]
"""Makes a TCP socket inside the workload's network namespace."""
Execute = Callable[[tuple[str, ...]], Awaitable[int]]
"""Runs a command inside the workload and returns its exit code."""


def readiness_of(pod: Pod) -> tuple[Container, Probe] | None:
    """Return the first container's readiness probe, if it has one."""
    return next(((c, c.readiness_probe) for c in pod.containers if c.readiness_probe is not None), None)


async def attempt(container: Container, probe: Probe, connect: Connect, execute: Execute) -> bool:
    """Probe once; any failure, and a time-out, is False."""
    try:
        async with asyncio.timeout(probe.timeout_seconds or TIMEOUT):
            return await _attempt(container, probe, connect, execute)
    except (OSError, TimeoutError, ValueError):
        return False


async def _attempt(container: Container, probe: Probe, connect: Connect, execute: Execute) -> bool:
    if probe.exec is not None:
        return await execute(tuple(probe.exec.command)) == 0
    if probe.http_get is not None:
        return await _get(await connect(), _port(container, probe.http_get.port), probe.http_get.path or "/")
    if probe.tcp_socket is not None:
        (await _open(await connect(), _port(container, probe.tcp_socket.port)))[1].close()
    return True


async def _open(made: socket.socket, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    made.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
        return await asyncio.open_connection(sock=made)
    except BaseException:
        made.close()
        raise


async def _get(made: socket.socket, port: int, path: str) -> bool:
    reader, writer = await _open(made, port)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\nUser-Agent: kube-probe/lateen\r\n\r\n".encode()
        )
        await writer.drain()
        status = (await reader.readline()).split()
        return len(status) > 1 and int(status[1]) in _SUCCESS_CODES
    finally:
        writer.close()


def _port(container: Container, port: int | str | None) -> int:
    """Resolve a port by its name in the container.

    Raises:
        ValueError: the container has no port of that name.
    """
    if isinstance(port, int):
        return port
    named = {one.name: one.container_port for one in container.ports}
    if port in named:
        return named[port]
    return int(port or "")


class Readiness:
    """Counts successes and failures; ready changes only when a threshold is reached."""

    def __init__(self, probe: Probe | None) -> None:
        """Take the thresholds; without a probe a started workload is ready."""
        self.ready = False
        self._successes = (probe.success_threshold if probe else None) or SUCCESSES
        self._failures = (probe.failure_threshold if probe else None) or FAILURES
        self._streak = 0

    def record(self, passed: bool) -> bool:  # noqa: FBT001  the outcome is the message
        """Take one outcome and tell whether `ready` changed."""
        self._streak = self._streak + 1 if passed != self.ready else 0
        if self._streak < (self._successes if passed else self._failures):
            return False
        self.ready, self._streak = passed, 0
        return True
