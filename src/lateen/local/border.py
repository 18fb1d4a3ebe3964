"""The way into and out of a mesh: runs the two border Envoys and changes what they listen on while they run.

Security: whoever may open the sockets in the state directory (0700, so the user's own processes, applications in the
mesh among them) may connect to whatever the user may connect to. That is what these processes could do anyway; the
border is a way, not a wall. It never runs with more rights than the user, and as root with none.
"""

import asyncio
import contextlib
import json
import os
import socket
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Self, cast

from lateen.agent.admin import ask
from lateen.agent.binary import envoy_path
from lateen.local.border_config import (
    Entrance,
    Json,
    bootstrap,
    host_clusters,
    host_listeners,
    mesh_clusters,
    mesh_listeners,
)
from lateen.local.paths import open_log, private_directory, socket_path, write_private
from lateen.local.warden_client import HOST, MESH, Process, Warden, WardenError, WardenLostError

MESH_SIDE: Final = "mesh"
HOST_SIDE: Final = "host"
_PLACES: Final = {MESH_SIDE: MESH, HOST_SIDE: HOST}
_SETTLE_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.01
_STATS: Final = (
    "^(cluster_manager.cds|listener_manager.lds).(version_text|update_rejected)$"
    "|^listener_manager.(workers_started|total_listeners_warming)$"
)
_RESTART_SECONDS: Final = 0.5
# Hot restart's shared memory would be one for all Envoys of the machine.
_FLAGS: Final = (
    *("--concurrency", "1", "--disable-hot-restart", "-l", "warning"),
    *("--drain-time-s", "5", "--drain-strategy", "immediate"),
)


class BorderError(Exception):
    """The border cannot do what is asked; the text says why and what to do."""


class PortTakenError(BorderError):
    """A port on the host is not to be had."""


class Border:
    """Both border Envoys of one mesh. Make it with `Border.start`; it ends with `close`, or with the warden."""

    def __init__(self, warden: Warden, directory: Path) -> None:
        self._warden = warden
        self._directory = directory
        self._entrances: frozenset[Entrance] = frozenset()
        self._keepers: list[asyncio.Task[None]] = []
        self._processes: dict[str, Process] = {}
        # How often each Envoy has refused settings since it was started.
        self._refusals: dict[str, int] = {}
        self._turn = asyncio.Lock()

    @classmethod
    async def start(cls, warden: Warden, entrances: Iterable[Entrance] = ()) -> Self:
        """Start both Envoys and return once they listen. The warden needs `border_rules` as its table.

        Raises PortTakenError, BorderError, PathTooLongError.
        """
        directory = private_directory(warden.state / "border")
        border = cls(warden, directory)
        wanted = frozenset(entrances)
        _require_free(wanted)
        for entrance in wanted:
            socket_path(directory, entrance.name)
        versions = {side: border._write(side, wanted, wanted) for side in _PLACES}
        border._entrances = wanted
        try:
            await asyncio.gather(*(border._launch(side) for side in _PLACES))
            await asyncio.gather(*(border._settled(side, versions[side]) for side in _PLACES))
        except BaseException:
            await border.close()
            raise
        border._keepers = [asyncio.create_task(border._keep(side)) for side in _PLACES]
        return border

    async def publish(self, entrances: Iterable[Entrance]) -> None:
        """Make these the entrances there are; returns when both Envoys have them. Connections of others live on.

        Raises PortTakenError, or BorderError when an Envoy refuses; then the old entrances stay.
        """
        async with self._turn:
            old, new = self._entrances, frozenset(entrances)
            taken = {entrance.name for entrance in old}
            _require_free(entrance for entrance in new if entrance.name not in taken)
            for entrance in new:
                socket_path(self._directory, entrance.name)
            try:
                await self._change(old, new)
            except BorderError:
                for side in _PLACES:
                    self._write(side, old, old)
                raise
            self._entrances = new

    async def _change(self, old: Iterable[Entrance], new: Iterable[Entrance]) -> None:
        # Clusters of what goes stay until nothing listens for them any more.
        both = {entrance.name: entrance for entrance in (*old, *new)}.values()
        for side in (MESH_SIDE, HOST_SIDE):
            await self._settled(side, self._write(side, new, both))
        for side in (HOST_SIDE, MESH_SIDE):
            await self._settled(side, self._write(side, new, new))

    async def close(self) -> None:
        """End both Envoys."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        with contextlib.suppress(WardenLostError):
            await asyncio.gather(*(process.terminate(grace=2.0) for process in self._processes.values()))
        self._remove_sockets()

    def _remove_sockets(self) -> None:
        for path in self._directory.iterdir():
            if path.is_socket():
                path.unlink()

    @property
    def pids(self) -> tuple[int, ...]:
        """The Envoys' pids, as the host sees them."""
        return tuple(process.pid for process in self._processes.values())

    def log(self, side: str) -> Path:
        """Where an Envoy of the border writes its log."""
        return self._directory / f"{side}.log"

    def _write(self, side: str, listening: Iterable[Entrance], dialled: Iterable[Entrance]) -> set[str]:
        """Put an Envoy's settings where it looks; their versions."""
        directory = str(self._directory)
        listening, dialled = sorted(listening), sorted(dialled)
        if side == MESH_SIDE:
            clusters, listeners = mesh_clusters(directory, dialled), mesh_listeners(directory, listening)
        else:
            clusters = host_clusters(directory, dialled)
            listeners = host_listeners(directory, listening, self._warden.network)
        # Clusters first: Envoy takes up files in the order they change.
        _replace(self._directory / f"{side}.clusters.json", clusters)
        _replace(self._directory / f"{side}.listeners.json", listeners)
        return {clusters["version_info"], listeners["version_info"]}

    async def _launch(self, side: str) -> None:
        socket_path(self._directory, f"{side}.admin")
        settings = self._directory / f"{side}.json"
        _replace(settings, bootstrap(side, str(self._directory)))
        argv = [str(envoy_path()), "-c", str(settings), *_FLAGS]
        # A local file: opening it does not block anybody.
        with os.fdopen(open_log(self.log(side)), "ab") as log, Path(os.devnull).open("rb") as nothing:  # noqa: ASYNC230
            stdio = (nothing.fileno(), log.fileno(), log.fileno())
            process = await self._warden.spawn(_PLACES[side], argv, env={}, stdio=stdio, role="border")
        self._processes[side] = process
        self._refusals[side] = 0

    async def _keep(self, side: str) -> None:
        """Start an Envoy again whenever it ends."""
        while not self._warden.lost.is_set():
            await self._processes[side].wait()
            await asyncio.sleep(_RESTART_SECONDS)
            # Refused once need not be refused for ever: an upgrade may just be replacing the binary.
            with contextlib.suppress(WardenError):
                await self._launch(side)

    async def _settled(self, side: str, versions: set[str]) -> None:
        """Wait until an Envoy works with these versions of its settings."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            stats = await self._stats(side)
            if _works_with(stats, versions):
                return
            refused = sum(int(value) for name, value in stats.items() if name.endswith(".update_rejected"))
            ended = self._processes[side].returncode is not None
            if ended or refused > self._refusals[side] or time.monotonic() > deadline:
                self._refusals[side] = refused
                raise BorderError(
                    f"the border's {side} side does not take its settings: {await self._reason(side)}"
                )
            await asyncio.sleep(_POLL_SECONDS)

    async def _stats(self, side: str) -> dict[str, str | int]:
        page = await self._page(side, f"/stats?format=json&filter={_STATS}")
        return {stat["name"]: stat["value"] for stat in page.get("stats", ()) if "value" in stat}

    async def _reason(self, side: str) -> str:
        """Envoy's own words on what it refused: from its admin page, else the end of its log."""
        page = await self._page(side, "/config_dump?resource=dynamic_listeners")
        refused = [
            entry["error_state"]["details"] for entry in page.get("configs", ()) if "error_state" in entry
        ]
        return "; ".join(refused) or _last_line(self.log(side))

    async def _page(self, side: str, path: str) -> Json:
        try:
            _, body = await ask(self._directory / f"{side}.admin", path)
            return cast("Json", json.loads(body))
        except (OSError, ValueError):
            return {}


def _works_with(stats: Mapping[str, str | int], versions: set[str]) -> bool:
    # Accepted is not yet listening: until the workers run, whoever connects is refused.
    listening = (
        stats.get("listener_manager.workers_started"),
        stats.get("listener_manager.total_listeners_warming"),
    )
    accepted = {value for name, value in stats.items() if name.endswith(".version_text")}
    return listening == (1, 0) and accepted == versions


def _require_free(entrances: Iterable[Entrance]) -> None:
    for entrance in entrances:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((entrance.address, entrance.port))
            except PermissionError as error:
                raise PortTakenError(
                    f"port {entrance.port} of {entrance.address} takes privileges: choose one from 1024 on, "
                    f"or sudo sysctl net.ipv4.ip_unprivileged_port_start={entrance.port}"
                ) from error
            except OSError as error:
                raise PortTakenError(
                    f"{entrance.address}:{entrance.port} cannot be listened on: {error.strerror}"
                ) from error


def _replace(path: Path, value: Json) -> None:
    """Write a file in one step: Envoy looks when a file is moved into place."""
    fresh = path.with_suffix(".new")
    write_private(fresh, json.dumps(value))
    fresh.replace(path)


def _last_line(path: Path) -> str:
    lines = path.read_text(errors="replace").splitlines()
    return lines[-1] if lines else "it says nothing"
