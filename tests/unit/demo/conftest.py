"""Services of Bookinfo in threads, on free loopback ports."""

import http.client
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import pytest

from lateen.demo.serving import Route, Server


class Running(NamedTuple):
    """A service that answers at `url` and writes its lines to `lines`."""

    url: str
    lines: list[str]
    server: Server

    def ask(
        self, path: str, method: str = "GET", body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Ask on a connection of its own; JSON comes back as its value, other bodies as text."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.url).netloc, timeout=10)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        answered = {name.lower(): value for name, value in response.getheaders()}
        is_json = answered.get("content-type") == "application/json"
        return response.status, json.loads(text) if is_json and text else text, answered


@contextmanager
def running(routes: Sequence[Route], version: str) -> Iterator[Running]:
    lines: list[str] = []
    server = Server(routes, 0, version, lines.append)
    thread = threading.Thread(target=server.serve_forever, args=(0.005,))
    thread.start()
    try:
        yield Running(f"http://127.0.0.1:{server.server_port}", lines, server)
    finally:
        server.shutdown()
        server.stop()
        thread.join()


Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a service from its routes; it ends with the test."""
    with ExitStack() as stack:
        yield lambda routes, version="v1": stack.enter_context(running(routes, version))
