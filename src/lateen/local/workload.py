"""One workload's life: its namespace, its proxy, its programs, its readiness.

Order: namespace, proxy, proxy ready, programs, probes; and back: no longer an endpoint, programs, proxy, namespace. A
program that dies is started again with growing pauses, and meanwhile the workload is not ready; so is a dead proxy's.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from lateen.agent import admin, proxy
from lateen.agent.bootstrap import MAX_CONNECTIONS
from lateen.agent.proxy import ProxyPlan
from lateen.api.meta import Object, Ref
from lateen.api.workload import Container, Pod
from lateen.compile.bootstrap import patched_bootstrap
from lateen.engine import Database
from lateen.local import capture, probe
from lateen.local.annotations import capture_of
from lateen.local.commands import UnrunnableError, command_of
from lateen.local.paths import open_log
from lateen.local.places import checked, host_name, place_of
from lateen.local.supervisor import APPLICATION, PROXY, Keeper, Running
from lateen.local.warden_client import Pod as PodRequest
from lateen.local.warden_client import Process, Warden, WardenError
from lateen.model.pod_proxy import is_gateway
from lateen.model.proxy_config import node_metadata, proxy_config, target_of
from lateen.model.proxy_start import connection_limit, drain_seconds, flush_options, runtime_flags
from lateen.model.view import Proxy, view_of
from lateen.server.state import State

PROXY_CONTAINER: Final = "istio-proxy"
PROXY_POLL: Final = 0.02
PROXY_THREADS: Final = 1  # when nobody says a number (spec: one-machine.md E)
STOP_GRACE: Final = 3.0
APP_LOG: Final = "app.log"
LAST_WORDS: Final = 300  # bytes of a log that are read to say why a program ended


class Phase(StrEnum):
    """Where a workload is in its life."""

    STARTING = "Starting"
    RUNNING = "Running"
    NOT_READY = "NotReady"
    CRASHING = "CrashLoop"
    FAILED = "Failed"
    STOPPING = "Stopping"


class Site(msgspec.Struct, frozen=True):
    """What all workloads of a mesh share."""

    warden: Warden
    state: State
    db: Database
    envoy: Path
    environment: Mapping[str, str]
    """What programs inherit (`commands.inherited`)."""
    directory_of: Callable[[Ref], Path]
    """Where a pod's relative paths start."""


class Workload:
    """Runs one pod until it is stopped."""

    attached = False
    """Whether somebody's terminal decides how long it lives."""

    def __init__(self, pod: Object[Pod], site: Site, on_change: Callable[["Workload"], None]) -> None:
        """Take the pod (with its address in the status); nothing runs yet."""
        self.pod, self._site, self._on_change = pod, site, on_change
        self.phase = Phase.STARTING
        self.reason = ""
        self.is_gateway = is_gateway(pod)
        self.place = place_of(pod.ref)
        self.directory = site.state.workload(self.place)
        self._proxy = Keeper(
            self._start_proxy, PROXY, failures=(WardenError, OSError), on_end=self._proxy_ended
        )
        self._programs = [self._keeper(one) for one in pod.spec.containers if one.name != PROXY_CONTAINER]
        self._proxy_ready = asyncio.Event()
        self._proxy_plan: ProxyPlan | None = None  # as it was when the proxy was started
        self._has_place = False  # a pod of that place may be at the warden, and it is this one

    @property
    def name(self) -> str:
        """The pod's name."""
        return self.pod.meta.name

    @property
    def address(self) -> str:
        """The pod's address."""
        return str(self.pod.status.pod_ip)

    @property
    def admin_socket(self) -> Path:
        """The proxy's admin interface."""
        return self.directory / proxy.ADMIN_SOCKET

    @property
    def ready(self) -> bool:
        """Whether the workload may take traffic."""
        return self.phase is Phase.RUNNING

    @property
    def restarts(self) -> int:
        """How often a program of the workload has been started again."""
        return sum(keeper.restarts for keeper in self._programs)

    @property
    def proxy_restarts(self) -> int:
        """How often the proxy has been started again."""
        return self._proxy.restarts

    @property
    def pid(self) -> int:
        """The first running program's process id as the host sees it; 0 when none runs."""
        return next((keeper.process.pid for keeper in self._programs if keeper.process), 0)

    @property
    def proxy_pid(self) -> int:
        """The proxy's process id as the host sees it; 0 while it does not run."""
        return self._proxy.process.pid if self._proxy.process else 0

    @property
    def command(self) -> tuple[str, ...]:
        """The first container's command as written."""
        return next(((*one.command, *one.args) for one in self.pod.spec.containers if one.command), ())

    def node(self) -> tuple[str, dict[str, Any], str]:
        """Return id, metadata and locality as the proxy announces them."""
        plan = self._proxy_plan or self.plan()
        return proxy.node_id(plan), proxy.node_metadata(plan), plan.locality

    async def run(self) -> None:
        """Live until cancelled; `stop` then ends what runs."""
        try:
            await self._make_namespace()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._proxy.run())
                tasks.create_task(self._watch_proxy())
                await self._proxy_ready.wait()
                for keeper in self._programs:
                    tasks.create_task(keeper.run())
                tasks.create_task(self._watch_readiness())
        except (WardenError, ValueError) as error:
            self._become(Phase.FAILED, str(error))

    def fail(self, error: BaseException) -> None:
        """Take note of what ended this workload's life."""
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        self._become(Phase.FAILED, f"{type(error).__name__}: {error}")

    async def quiet(self, seconds: float) -> None:
        """Wait until the application has answered what it was asked, for so long at the most."""
        try:
            async with asyncio.timeout(seconds):
                while await admin.active_requests(self.admin_socket):  # noqa: ASYNC110  Envoy does not call back
                    await asyncio.sleep(PROXY_POLL)
        except TimeoutError:
            return

    async def stop(self) -> None:
        """End programs, then the proxy, then the namespace. Call it after cancelling `run`."""
        self._become(Phase.STOPPING)
        await asyncio.gather(*(keeper.stop(STOP_GRACE) for keeper in self._programs))
        await self._proxy.stop(STOP_GRACE)
        self.admin_socket.unlink(missing_ok=True)
        if not self._has_place:
            return
        try:
            await self._site.warden.remove_pod(self.place)
        except WardenError as error:
            self._become(Phase.FAILED, str(error))

    async def _make_namespace(self) -> None:
        checked(self.place)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        table = None if self.is_gateway else capture.plan(capture_of(self.pod.meta.annotations))
        request = PodRequest(
            self.place, self.address, self.pod.meta.namespace, table, host_name=host_name(self.pod.ref)
        )
        self._has_place = True
        try:
            await self._site.warden.make_pod(request)
        except WardenError:
            self._has_place = False
            raise

    # --- the proxy

    def plan(self) -> ProxyPlan:
        """Return what is particular to this workload's proxy."""
        kind: Literal["sidecar", "router"] = "router" if self.is_gateway else "sidecar"
        owners = self.pod.meta.owner_references
        target = target_of(self.pod)
        settings = proxy_config(self._site.db, *target)
        return ProxyPlan(
            type=kind,
            name=self.name,
            namespace=self.pod.meta.namespace,
            address=self.address,
            labels=self.pod.meta.labels,
            workload=owners[0].name if owners else self.name,
            service_account=self.pod.spec.service_account_name or "default",
            concurrency=PROXY_THREADS if settings.concurrency is None else settings.concurrency,
            extra_metadata=node_metadata(self._site.db, *target),
            environment=settings.proxy_metadata,
            max_connections=connection_limit(settings) or MAX_CONNECTIONS,
            runtime=runtime_flags(settings),
            drain_seconds=proxy.DRAIN_SECONDS if (own := drain_seconds(settings)) is None else own,
            options=flush_options(settings),
        )

    async def _start_proxy(self) -> Running:
        plan, state = self.plan(), self._site.state
        self._proxy_plan = plan
        (self.directory / proxy.ADMIN_SOCKET).unlink(missing_ok=True)
        view = view_of(self._site.db, Proxy.from_node(*self.node()))
        text = proxy.bootstrap_text(self.directory, state.ads_socket, plan)
        proxy.write_bootstrap(self.directory, patched_bootstrap(self._site.db, view, text))
        argv = proxy.argv(self._site.envoy, self.directory, plan)
        environment = {**self._site.environment, **plan.environment}
        return await self._spawn(argv, environment, "/", "proxy.log", "proxy")

    async def _watch_proxy(self) -> None:
        while True:
            await self._proxy.started.wait()
            while self._proxy.started.is_set() and not await admin.is_ready(self.admin_socket):  # noqa: ASYNC110
                await asyncio.sleep(PROXY_POLL)
            if self._proxy.started.is_set():
                self._proxy_ready.set()
                self._refresh()
                await self._until_proxy_ends()

    async def _until_proxy_ends(self) -> None:
        process = self._proxy.process
        if process is not None:
            await process.wait()
        self._proxy_ready.clear()
        self._refresh()

    def _proxy_ended(self, code: int | None, words: str) -> None:
        self._proxy_ready.clear()
        self._become(Phase.NOT_READY, words or f"the proxy ended with {code}")

    # --- the programs

    def _keeper(self, container: Container) -> Keeper:
        def ended(code: int | None, words: str) -> None:
            self._program_ready = False
            self._become(
                Phase.CRASHING, words or f"{container.name} {how_it_ended(code, self._last_words())}"
            )

        failures = (WardenError, OSError, UnrunnableError)
        return Keeper(lambda: self._start_program(container), APPLICATION, failures=failures, on_end=ended)

    async def _start_program(self, container: Container) -> Running:
        base = self._site.environment
        command = command_of(self._site.db, self.pod, container, base, self._site.directory_of(self.pod.ref))
        return await self._spawn(command.argv, command.env, command.cwd, APP_LOG, "app")

    async def _spawn(
        self, argv: tuple[str, ...], env: dict[str, str], cwd: str, log: str, role: Literal["app", "proxy"]
    ) -> Process:
        nothing = os.open(os.devnull, os.O_RDONLY)
        output = open_log(self.directory / log)
        try:
            stdio = (nothing, output, output)
            return await self._site.warden.spawn(self.place, argv, env=env, stdio=stdio, cwd=cwd, role=role)
        finally:
            os.close(nothing)
            os.close(output)

    def _last_words(self) -> str:
        """Return the last line that the programs wrote."""
        try:
            with (self.directory / APP_LOG).open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - LAST_WORDS))
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return lines[-1].strip() if lines else ""

    # --- readiness

    _program_ready = False

    async def _watch_readiness(self) -> None:
        found = probe.readiness_of(self.pod.spec)
        if found is None:
            await self._ready_while_started()
            return
        container, wanted = found
        readiness = probe.Readiness(wanted)
        await asyncio.sleep(wanted.initial_delay_seconds or 0)
        while True:
            started = all(keeper.started.is_set() for keeper in self._programs)
            passed = started and await probe.attempt(container, wanted, self._connect, self._execute)
            readiness.record(passed)
            if not started:
                readiness = probe.Readiness(wanted)
            self._program_ready = readiness.ready
            self._refresh()
            await asyncio.sleep(
                (wanted.period_seconds or probe.PERIOD) if readiness.ready else probe.EAGER_PERIOD
            )

    async def _ready_while_started(self) -> None:
        """Without a probe a program is ready as long as it runs."""
        while True:
            for keeper in self._programs:
                await keeper.started.wait()
            self._program_ready = True
            self._refresh()
            running = [keeper.process for keeper in self._programs if keeper.process is not None]
            if not running:
                return
            await asyncio.wait(
                [asyncio.ensure_future(one.wait()) for one in running], return_when="FIRST_COMPLETED"
            )

    async def _connect(self) -> socket.socket:
        return await self._site.warden.socket(self.place)

    async def _execute(self, argv: tuple[str, ...]) -> int:
        process = await self._spawn(argv, dict(self._site.environment), "/", "probe.log", "app")
        return await process.wait()

    def _refresh(self) -> None:
        if self._proxy_ready.is_set() and self._program_ready:
            self._become(Phase.RUNNING)
        elif self.phase is Phase.RUNNING:
            self._become(
                Phase.NOT_READY, "the readiness probe fails" if self._proxy_ready.is_set() else "no proxy"
            )

    def _become(self, phase: Phase, reason: str = "") -> None:
        if (phase, reason) != (self.phase, self.reason) and self.phase is not Phase.STOPPING:
            self.phase, self.reason = phase, reason
            self._on_change(self)


def how_it_ended(code: int | None, last_words: str) -> str:
    """Say how a program ended: its exit status or signal, and what it wrote last.

    >>> how_it_ended(1, "ModuleNotFoundError: No module named 'flask'")
    "ended with exit code 1: ModuleNotFoundError: No module named 'flask'"
    """
    how = (
        f"was ended by {signal.Signals(-code).name}"
        if code is not None and code < 0
        else f"ended with exit code {code}"
    )
    return f"{how}: {last_words}" if last_words and code else how
