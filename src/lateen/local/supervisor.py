"""Keeping one program running: start it, hear of its end, start it again with growing pauses."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import msgspec


class Backoff(msgspec.Struct, frozen=True):
    """Pauses in seconds between restarts: doubled each time, back to the first after a long enough run."""

    first: float
    most: float
    forgiven_after: float
    """A run of this many seconds counts as healthy."""

    def after(self, failures: int) -> float:
        """Return the pause after this many short runs in a row (1 and up)."""
        return float(min(self.first * 2 ** min(failures - 1, 30), self.most))


# Kubernetes waits 10 s and up to 300 s between restarts; on a laptop somebody looks on.
APPLICATION: Final = Backoff(first=0.5, most=30.0, forgiven_after=10.0)
PROXY: Final = Backoff(first=0.05, most=5.0, forgiven_after=10.0)


class Running(Protocol):
    """A started program, as `warden_client.Process` is."""

    @property
    def pid(self) -> int:
        """The process id as the host sees it."""
        ...

    async def wait(self) -> int:
        """Return the exit status once it has ended."""
        ...

    async def terminate(self, grace: float) -> int:
        """Ask it to end, and make it after `grace` seconds."""
        ...


class Keeper:
    """Keeps a program running until it is stopped.

    `start` makes a new process; it may raise OSError-like `failures` given to the constructor, which count as a short
    run. `on_end` hears of each end with the exit status, or None when the program could not be started.
    """

    def __init__(
        self,
        start: Callable[[], Awaitable[Running]],
        backoff: Backoff,
        *,
        failures: tuple[type[Exception], ...],
        on_end: Callable[[int | None, str], None],
    ) -> None:
        """Take how to start the program and whom to tell; nothing runs yet."""
        self._start, self._backoff, self._failures, self._on_end = start, backoff, failures, on_end
        self.process: Running | None = None
        self.restarts = 0
        self.started = asyncio.Event()
        """Set while the program runs."""

    async def run(self) -> None:
        """Run the program again and again; ends only by cancellation, without ending the program."""
        short_runs = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await self._run_once()
            short_runs = 1 if loop.time() - began >= self._backoff.forgiven_after else short_runs + 1
            await asyncio.sleep(self._backoff.after(short_runs))
            self.restarts += 1

    async def _run_once(self) -> None:
        try:
            self.process = await self._start()
        except self._failures as error:
            self._on_end(None, str(error))
            return
        self.started.set()
        code = await self.process.wait()
        self.started.clear()
        self.process = None
        self._on_end(code, "")

    async def stop(self, grace: float) -> None:
        """End the program that runs now; call it after cancelling `run`."""
        if self.process is not None:
            await self.process.terminate(grace)
            self.process = None
            self.started.clear()
