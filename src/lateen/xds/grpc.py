"""The aggregated discovery service over gRPC: the only file that knows gRPC's server.

Every stream is a `Session` with two loops around it: one reads requests, one writes what the session wants to say
whenever a request or `notify()` wakes it. A slow proxy waits in its own writer and holds up nobody; what changes
meanwhile is merged, because a type has one response under way at most. Messages are bytes on both sides of gRPC.
"""

import asyncio
import os
import socket
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import msgspec

from lateen.compile.types import abbreviation
from lateen.xds import request
from lateen.xds.change import Changes, Protocol
from lateen.xds.request import Node, ProtocolError, Request
from lateen.xds.session import Ask, ProxyOf, Session, ViewOf, as_announced
from lateen.xds.state import SessionState

SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
_UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
_handlers: Any = grpc  # gRPC has no types for these
_OWN_PORT = (("grpc.so_reuseport", 0),)
_SHARED_FOR = 1.0
"""Seconds for which what one proxy was told is kept for others who need the same."""


class Connection(msgspec.Struct, frozen=True):
    """One connected proxy at this moment."""

    state: SessionState
    settled: bool
    """It has accepted or rejected everything that the database said when last told that it had moved."""


class Traffic(msgspec.Struct, frozen=True):
    """What was sent of one type since the server was made, over all proxies."""

    messages: int = 0
    bytes: int = 0
    resources: int = 0
    rejections: int = 0


class _Stream:
    """A session and what wakes its writer."""

    def __init__(self, session: Session, decode: Callable[[bytes], Request]) -> None:
        self.session, self.decode = session, decode
        self.wake = asyncio.Event()
        self.closed = False
        self.told = -1
        """The server's count of moves when the session last looked at the database."""


class AdsServer:
    """Serves every proxy from one database.

    Args:
        resources: the database's answers; see `session.Ask`.
        view_of: from a proxy to a view.
        proxy_of: from what a node says of itself to a proxy; ValueError refuses the node.
        on_change: called when a proxy has introduced itself or left; must be quick.
        patience: seconds that changes of routes and listeners wait for clusters to get warm.
    """

    def __init__(
        self,
        *,
        resources: Ask,
        view_of: ViewOf,
        proxy_of: ProxyOf = as_announced,
        on_change: Callable[[], None] = lambda: None,
        patience: float = 2.0,
    ) -> None:
        self._resources, self._view_of, self._proxy_of = resources, view_of, proxy_of
        self._on_change = on_change
        self._patience = patience
        self._changes = Changes()
        self._forgetting: asyncio.TimerHandle | None = None
        self._used = False  # something was sent since it was last asked whether to forget
        self._streams: dict[_Stream, None] = {}
        self._traffic: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._moves = 0
        self._telling: asyncio.Task[None] | None = None
        self._moved: asyncio.Event | None = None  # there while somebody waits for proxies
        self._server: Any = None
        self._socket_path: Path | None = None

    async def start(self, *, socket_path: Path | None = None, port: int | None = None) -> int | None:
        """Listen.

        Args:
            socket_path: a UNIX socket that only this user may open. A stale one is replaced.
            port: a TCP port on 127.0.0.1 as well; 0 takes a free one.

        Returns:
            The TCP port, if one was asked for.

        Raises:
            OSError: somebody else listens there, or the path is too long for a socket (107 bytes on Linux).
        """
        self._server = grpc.aio.server(options=_UNLIMITED + _OWN_PORT)
        methods = {
            "DeltaAggregatedResources": self._method("delta", request.delta),
            "StreamAggregatedResources": self._method("sotw", request.state_of_the_world),
        }
        self._server.add_generic_rpc_handlers((_handlers.method_handlers_generic_handler(SERVICE, methods),))
        if socket_path is not None:
            _bind_socket(self._server, socket_path)
            self._socket_path = socket_path
        bound = None if port is None else _bind_port(self._server, port)
        await self._server.start()
        return bound

    async def stop(self) -> None:
        """End every stream and stop listening; the socket is gone afterwards."""
        if self._server is not None:
            await self._server.stop(grace=0)
            self._server = None
        for waiting in (self._forgetting, self._telling):
            if waiting is not None:
                waiting.cancel()
        if self._socket_path is not None:
            self._socket_path.unlink(missing_ok=True)
            self._socket_path = None

    def notify(self) -> None:
        """Say that the database has moved: every proxy is told what differs for it."""
        self._moves += 1
        if self._streams and (self._telling is None or self._telling.done()):
            self._telling = asyncio.get_running_loop().create_task(self._tell())

    def connections(self) -> tuple[Connection, ...]:
        """Return a snapshot of every proxy that has introduced itself, by node id."""
        found = [
            Connection(stream.session.state(), self._is_settled(stream))
            for stream in self._streams
            if stream.session.node is not None
        ]
        return tuple(sorted(found, key=lambda connection: connection.state.node.id))

    def nodes(self) -> tuple[Node, ...]:
        """Return every proxy that has introduced itself and not left."""
        return tuple(stream.session.node for stream in self._streams if stream.session.node is not None)

    def traffic(self) -> dict[str, Traffic]:
        """Return what was sent since the start, by the type's abbreviation."""
        return {name: Traffic(**counted) for name, counted in self._traffic.items()}

    async def synced(self, timeout: float | None = None) -> bool:  # noqa: ASYNC109  False, not an error, at the end
        """Wait until every proxy connected now has accepted or rejected what the database says now.

        Args:
            timeout: seconds; None = for ever.

        Returns:
            Whether they have. Who rejected what is in `connections()`.
        """
        self.notify()
        moves = self._moves
        waiting = list(self._streams)
        try:
            async with asyncio.timeout(timeout):
                while waiting:  # for one after the other: looking at all after each answer costs their square
                    if self._is_settled(waiting[-1], moves):
                        waiting.pop()
                    else:
                        await self.moved()
        except TimeoutError:
            return False
        return True

    async def moved(self) -> None:
        """Wait until something about a connection is another than now: it has come, been told, answered or gone."""
        self._moved = self._moved or asyncio.Event()
        await self._moved.wait()

    async def _tell(self) -> None:
        """Wake the writers of those proxies for which something is new; the others only take note of the move.

        Between two who are woken others get their turn, so that the first are written to while the next are looked at.
        """
        behind = True
        while behind:
            behind = False
            for stream in tuple(self._streams):
                moves = self._moves
                if stream.told >= moves or stream.wake.is_set():
                    continue
                behind = True
                if _is_quiet(stream.session):
                    stream.told = moves
                else:
                    stream.wake.set()
                    await asyncio.sleep(0)
        self._changed()

    def _is_settled(self, stream: _Stream, moves: int | None = None) -> bool:
        since = self._moves if moves is None else moves
        awake = stream.wake.is_set()  # an acknowledgement just came, and may let more go out
        return stream.closed or (stream.told >= since and not awake and stream.session.settled)

    def _method(self, protocol: Protocol, decode: Callable[[bytes], Request]) -> Any:
        async def serve(_: object, context: Any) -> None:
            session = Session(protocol, self._resources, self._view_of, self._changes, self._proxy_of)
            stream = _Stream(session, decode)
            try:
                await self._serve(stream, context)
            except* ProtocolError as errors:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(errors.exceptions[0]))

        # Without serialisers, messages are bytes.
        return _handlers.stream_stream_rpc_method_handler(serve)

    async def _serve(self, stream: _Stream, context: Any) -> None:
        self._streams[stream] = None
        try:
            async with asyncio.TaskGroup() as loops:
                loops.create_task(self._read(stream, context))
                loops.create_task(self._write(stream, context))
        finally:
            stream.closed = True
            del self._streams[stream]
            self._changed()
            self._on_change()

    async def _read(self, stream: _Stream, context: Any) -> None:
        while (message := await context.read()) is not grpc.aio.EOF:
            request = stream.decode(message)
            if request.error:
                self._count(request.type_url, rejections=1)
            is_new = stream.session.node is None
            stream.session.receive(request)
            stream.wake.set()
            if is_new:
                self._on_change()
        stream.closed = True
        stream.wake.set()

    async def _write(self, stream: _Stream, context: Any) -> None:
        session = stream.session
        while True:
            if session.held:
                await self._wait_or_lift(stream)
            else:
                await stream.wake.wait()
            stream.wake.clear()
            if stream.closed:
                return
            await self._say(stream, context)

    async def _wait_or_lift(self, stream: _Stream) -> None:
        """Wait for the clusters that changes wait for, but not for ever."""
        try:
            async with asyncio.timeout(self._patience):
                await stream.wake.wait()
        except TimeoutError:
            stream.session.lift()

    async def _say(self, stream: _Stream, context: Any) -> None:
        """Write what there is to say; what was said is not held on to while the writer waits, for each stream a copy."""
        moves = self._moves
        for response in stream.session.respond():
            self._count(
                response.type_url, messages=1, bytes=len(response.message), resources=len(response.names)
            )
            await context.write(response.message)
            self._used = True
        self._forget_later()
        stream.told = moves
        self._changed()

    def _forget_later(self) -> None:
        """Keep what was worked out for one proxy for the others, who are told about now: until a while without any."""
        if self._used and self._forgetting is None:
            self._used = False
            self._forgetting = asyncio.get_running_loop().call_later(_SHARED_FOR, self._forget)

    def _forget(self) -> None:
        self._forgetting = None
        if self._used:
            self._forget_later()
        else:
            self._changes.forget()

    def _count(self, type_url: str, **more: int) -> None:
        counted = self._traffic[abbreviation(type_url)]
        for key, value in more.items():
            counted[key] += value

    def _changed(self) -> None:
        if self._moved is not None:
            self._moved.set()
            self._moved = None


def _is_quiet(session: Session) -> bool:
    """Tell whether a session has nothing to say; one that cannot tell is asked by its own writer, and fails alone."""
    try:
        return session.is_quiet()
    except Exception:  # noqa: BLE001  whatever it is, its stream ends with it
        return False


def _bind_socket(server: Any, path: Path) -> None:
    if _is_served(path):
        raise OSError(f"another server listens on {path}")
    path.unlink(missing_ok=True)
    mask = os.umask(0o177)
    try:
        server.add_insecure_port(f"unix:{path}")
    except RuntimeError as error:
        raise OSError(f"cannot listen on {path}: {error}") from error
    finally:
        os.umask(mask)


def _is_served(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(os.fspath(path))
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError as error:
        raise OSError(f"cannot listen on {path}: {error}") from error
    return True


def _bind_port(server: Any, port: int) -> int:
    try:
        bound: int = server.add_insecure_port(f"127.0.0.1:{port}")
    except RuntimeError as error:
        raise OSError(f"cannot listen on 127.0.0.1:{port}: {error}") from error
    return bound
