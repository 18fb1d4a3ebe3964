"""The control plane's HTTP API on a UNIX socket, in the control plane's own event loop; its JSON is in `wire`."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lateen.api.meta import Ref
from lateen.server.answers import Answers, RefusedError
from lateen.server.wire import ApplyRequest, ChangeAnswer, DeleteRequest

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]
BAD_REQUEST, UNPROCESSABLE = 400, 422
BACKLOG = 64


class Server(uvicorn.Server):
    """uvicorn, which leaves the signals to whoever owns the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def serve(answers: Answers, path: Path, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; the socket is readable by its owner alone, and gone afterwards."""
    config = uvicorn.Config(
        application(answers),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        http="h11",
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    listening = _socket(path)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    ending = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((task, ending), return_when=asyncio.FIRST_COMPLETED)
    finally:
        ending.cancel()
        server.should_exit = True
        await task
        _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def application(answers: Answers) -> Starlette:
    """Return the ASGI application."""
    return Starlette(
        routes=[
            Route("/v1/mesh", _get(lambda _: answers.mesh())),
            Route("/v1/objects", _get(lambda query: answers.objects(_query(query)))),
            Route("/v1/touching", _get(lambda query: answers.touching(_ref(query)))),
            Route("/v1/proxies", _get(lambda _: answers.proxies())),
            Route(
                "/v1/findings", _get(lambda query: answers.findings(query.query_params.get("namespace", "")))
            ),
            Route("/v1/workloads", _get(lambda _: answers.workloads())),
            Route("/v1/apply", _change(ApplyRequest, answers.apply), methods=["POST"]),
            Route("/v1/delete", _change(DeleteRequest, answers.delete), methods=["POST"]),
            Route("/v1/shutdown", _shutdown(answers), methods=["POST"]),
        ]
    )


def _query(request: Request) -> dict[str, str]:
    return dict(request.query_params)


def _ref(request: Request) -> Ref:
    found = request.query_params
    return Ref(found.get("kind", ""), found.get("namespace", ""), found.get("name", ""))


def _get(answer: Callable[[Request], Any]) -> Handler:
    async def handle(request: Request) -> Response:
        try:
            return _json(answer(request))
        except RefusedError as error:
            return _json({"error": str(error)}, BAD_REQUEST)
        except Exception as error:  # noqa: BLE001  a defect must not close the connection without words
            return _defect(error)

    return handle


def _change(kind: type[T], change: Callable[[T], Awaitable[ChangeAnswer]]) -> Handler:
    async def handle(request: Request) -> Response:
        try:
            answer = await change(msgspec.json.decode(await request.body(), type=kind))
        except (RefusedError, msgspec.ValidationError, msgspec.DecodeError) as error:
            return _json({"error": str(error)}, BAD_REQUEST)
        except Exception as error:  # noqa: BLE001
            return _defect(error)
        return _json(answer, 200 if answer.applied else UNPROCESSABLE)

    return handle


def _shutdown(answers: Answers) -> Handler:
    async def handle(_: Request) -> Response:
        await answers.shutdown()
        return _json({})

    return handle


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _defect(error: Exception) -> Response:
    if os.environ.get("LATEEN_DEBUG"):
        import traceback  # noqa: PLC0415

        traceback.print_exception(error)
    return _json({"error": f"{type(error).__name__}: {error} (this is a bug in lateen)"}, 500)


def _socket(path: Path) -> socket.socket:
    """Open the socket 0600; a stale one is replaced.

    Raises:
        OSError: the directory is not there or not ours.
    """
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listening.bind(os.fspath(path))
    finally:
        os.umask(mask)
    listening.listen(BACKLOG)
    return listening
