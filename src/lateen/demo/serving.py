"""A small threaded HTTP/1.1 server: routes in, answers out, one log line per request, a quick and clean stop."""

import contextlib
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, NoReturn

PORT = 9080
"""Where every service of Bookinfo listens unless told otherwise."""

DRAIN_SECONDS = 0.05
"""How long a stopping server waits for requests that it has begun to answer."""

LARGEST_BODY = 64 * 1024
"""A longer request body is refused with 413."""


class Request(NamedTuple):
    """What a service is asked. Header names are in lower case; `product` is the id in the path, or empty."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    product: str = ""


class Response(NamedTuple):
    """What a service answers."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


class Route(NamedTuple):
    """One method and path of a service. The path may end in `{product}` or have it inside."""

    method: str
    path: str
    answer: Callable[[Request], Response]


class BadBodyError(ValueError):
    """A request body that cannot be read; `status` is what to answer."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


def json_response(value: object, status: int = 200) -> Response:
    """Answer with a JSON value."""
    return Response(status, json.dumps(value).encode())


def failure(status: int, words: str) -> Response:
    """Answer with the error shape that all services of Bookinfo share."""
    return json_response({"error": words}, status)


def find(routes: Sequence[Route], request: Request) -> Response:
    """Answer by the first route that fits; 404 for an unknown path, 405 for a known path with another method."""
    known = False
    method = "GET" if request.method == "HEAD" else request.method
    for route in routes:
        fit = re.fullmatch(route.path.replace("{product}", r"([\w.-]+)"), request.path, re.ASCII)
        if fit is None:
            continue
        known = True
        if route.method == method:
            return route.answer(request._replace(product=fit[1] if fit.groups() else ""))
    return failure(405, "method not allowed") if known else failure(404, "no such page")


def header_values(message: Message) -> dict[str, str]:
    """Join repeated headers as HTTP says: by comma, and cookies by semicolon."""
    names = {name.lower() for name in message}
    return {name: ("; " if name == "cookie" else ", ").join(message.get_all(name, ())) for name in names}


def log_line(request: Request, status: int) -> str:
    """Say who asked for what and what came of it: `GET /reviews/0 200 request-id=… end-user=jason`."""
    request_id = request.headers.get("x-request-id", "-")
    user = request.headers.get("end-user", "-").encode("latin-1").decode("utf-8", "replace")
    return f"{request.method} {request.path} {status} request-id={request_id} end-user={user}"


def write_line(line: str) -> None:
    """Write one line to standard output at once and whole; without a reader, go on without.

    The descriptor rather than `print`: threads that end with the process must not hold the lock of a buffer.
    """
    with contextlib.suppress(OSError):
        os.write(1, f"{line}\n".encode())


class Server(ThreadingHTTPServer):
    """Serves routes on all addresses; port 0 takes a free one. `version` goes out as `x-service-version`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, routes: Sequence[Route], port: int, version: str = "", log: Callable[[str], None] = write_line
    ) -> None:
        super().__init__(("0.0.0.0", port), Exchange)  # noqa: S104  # a workload answers on its own address
        self.routes = tuple(routes)
        self.version = version
        self.log = log
        self.stopping = False
        self._busy = 0
        self._idle = threading.Condition()

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request while it is being answered."""
        with self._idle:
            self._busy += 1
        try:
            yield
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def stop(self) -> None:
        """Listen no more, and let requests in flight end, for `DRAIN_SECONDS` at most."""
        self.stopping = True
        self.server_close()
        with self._idle:
            self._idle.wait_for(lambda: not self._busy, DRAIN_SECONDS)

    def handle_error(self, request: object, client_address: object) -> None:
        """Report a failure of our own; a caller that went away (its time was up) is no failure."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Exchange(BaseHTTPRequestHandler):
    """One connection of a caller: reads requests, finds their answers, keeps the connection open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def do_GET(self) -> None:
        """Answer a request, whatever its method."""
        with self.server.answering():
            request = Request(self.command, self.path.partition("?")[0], header_values(self.headers))
            try:
                response = find(self.server.routes, request._replace(body=self._body()))
            except BadBodyError as error:
                self.close_connection = True
                response = failure(error.status, str(error))
            self._send(response)
            if request.path != "/health" or response.status != 200:
                self.server.log(log_line(request, response.status))

    do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815  # the base class looks for these

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return b"".join(self._chunks())
        length = _number(self.headers.get("content-length", "0"), 10)
        if length > LARGEST_BODY:
            raise BadBodyError(413, "the body is too large")
        return self.rfile.read(length)

    def _chunks(self) -> Iterator[bytes]:
        left = LARGEST_BODY
        while size := _number(self.rfile.readline(1024).partition(b";")[0].decode("latin-1"), 16):
            left -= size
            if left < 0:
                raise BadBodyError(413, "the body is too large")
            yield self.rfile.read(size)
            self.rfile.readline(8)
        while self.rfile.readline(8192).strip():
            pass  # trailers

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("content-type", response.content_type)
        self.send_header("content-length", str(len(response.body)))
        if self.server.version:
            self.send_header("x-service-version", self.server.version)
        for name, value in response.headers:
            self.send_header(name, value)
        if self.server.stopping:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def version_string(self) -> str:
        """Name the program in the `server` header."""
        return "bookinfo"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Stay silent: `do_GET` writes the line, with the headers that matter in a mesh."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it
        """Report a request that is not HTTP."""
        self.server.log(format % args)


def _number(text: str, base: int) -> int:
    try:
        number = int(text.strip(), base)
    except ValueError:
        number = -1
    if number < 0:
        raise BadBodyError(400, "the length of the body is not a number")
    return number


def _leave(_signal: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


def chosen_port(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Return the first argument, else the variable `PORT`, else 9080."""
    return int(arguments[0] if arguments else environment.get("PORT", PORT))


def run(name: str, routes: Sequence[Route], arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    version = environment.get("SERVICE_VERSION", "v1")
    signal.signal(signal.SIGTERM, _leave)
    server = Server(routes, chosen_port(arguments, environment), version)
    write_line(f"{name} {version} is listening on port {server.server_port}")
    try:
        server.serve_forever(poll_interval=60)
    except (SystemExit, KeyboardInterrupt):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        server.stop()
