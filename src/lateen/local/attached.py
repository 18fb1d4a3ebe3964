"""A program that somebody's terminal is attached to: run once, in a workload of its own (`run`) or in another's (`exec`)."""

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from lateen.api.meta import Object
from lateen.api.workload import Pod
from lateen.local.supervisor import APPLICATION, Keeper, Running
from lateen.local.warden_client import Process, WardenError
from lateen.local.workload import Phase, Site, Workload

Streams = tuple[int, int, int]


class Program(msgspec.Struct, frozen=True):
    """What to run, and whose terminal it gets."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    stdio: Streams
    terminal: bool = False
    """The first stream is a pty that becomes the controlling terminal."""


async def start(site: Site, place: str, program: Program) -> Process:
    """Start a program inside a workload.

    Raises:
        WardenError: it cannot be run; the text says why.
    """
    return await site.warden.spawn(
        place, program.argv, env=program.env, stdio=program.stdio, cwd=program.cwd, terminal=program.terminal
    )


class AttachedWorkload(Workload):
    """A workload whose only program was given with its streams; it lives as long as the program."""

    attached = True

    def __init__(
        self, pod: Object[Pod], site: Site, on_change: Callable[[Workload], None], program: Program
    ) -> None:
        """Take the pod and its program; nothing runs yet."""
        super().__init__(pod, site, on_change)
        self._program = program
        self.exit_code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.failure = ""
        self._programs = [
            Keeper(
                self._start_attached,
                APPLICATION,
                failures=(WardenError, OSError),
                on_end=self._attached_ended,
            )
        ]

    async def _start_attached(self) -> Running:
        if self.exit_code.done():
            await asyncio.Event().wait()  # ran once; the owner now takes the workload away
        return await start(self._site, self.place, self._program)

    def _attached_ended(self, code: int | None, words: str) -> None:
        self.failure = words
        if not self.exit_code.done():
            self.exit_code.set_result(127 if code is None else code)

    def _become(self, phase: Phase, reason: str = "") -> None:
        super()._become(phase, reason)
        if phase is Phase.FAILED:
            self._attached_ended(None, reason)

    async def started(self) -> None:
        """Wait until the program runs, or could not be run; whoever stops waiting does not want it any more."""
        running = asyncio.ensure_future(self._programs[0].started.wait())
        try:
            await asyncio.wait((running, self.exit_code), return_when="FIRST_COMPLETED")
        except asyncio.CancelledError:
            self._attached_ended(None, "nobody waits for it")
            raise
        finally:
            running.cancel()

    async def ended(self) -> int:
        """Wait for the program's end; its exit status."""
        return await asyncio.shield(self.exit_code)

    async def send(self, number: int) -> None:
        """Send the program a signal."""
        process = self._programs[0].process
        if isinstance(process, Process):
            await process.signal(number)
