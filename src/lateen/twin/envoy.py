"""A real Envoy: one process that is given one compiled configuration after the other."""

import contextlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from lateen.agent.binary import envoy_path
from lateen.simulate.request import Connection, Request
from lateen.twin import certificates
from lateen.twin.backend import Backend, serving
from lateen.twin.caller import DEADLINE, Answer, ask, ask_admin, exchange_bytes
from lateen.twin.discovery import Discovery
from lateen.twin.runnable import Resources, Runnable, Target, runnable


class LiveEnvoy:
    """A running Envoy and everything around it."""

    def __init__(
        self, directory: Path, discovery: Discovery, backend: Backend, pair: certificates.Pair
    ) -> None:
        """Use `running`."""
        self.directory, self.discovery, self.backend, self.pair = directory, discovery, backend, pair
        self.generation = 0

    def load(self, resources: Resources) -> "Loaded":
        """Give Envoy a proxy's compiled resources and wait until it has accepted all of them.

        Raises:
            NackError: Envoy refused one.
        """
        self.generation += 1
        directory = self.directory / str(self.generation)
        directory.mkdir()
        made = runnable(resources, str(directory), self.backend.port, self.pair)
        self.discovery.push(made.bodies, made.needed)
        self._settle()
        return Loaded(made, self.pair, self.backend)

    def _settle(self) -> None:
        """Wait until the worker has every listener: accepted is not yet in force."""
        deadline = time.monotonic() + DEADLINE
        while not _settled(stats := self._listener_stats()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"listeners did not come into force: {stats}")

    def _listener_stats(self) -> dict[str, int]:
        body = ask_admin(str(self.directory / "admin"), "/stats?format=json&filter=^listener_manager[.]")
        return {
            one["name"].partition(".")[2]: one["value"] for one in json.loads(body)["stats"] if "value" in one
        }


class Loaded:
    """A configuration that Envoy runs, until the next is loaded."""

    def __init__(self, made: Runnable, pair: certificates.Pair, backend: Backend) -> None:
        """Use `LiveEnvoy.load`."""
        self._made, self._pair, self.backend = made, pair, backend

    def reached(self, address: str) -> Target:
        """Return the cluster and endpoint that an address of the backend stands for."""
        return self._made.targets[address]

    def target(self, answer: Answer) -> Target | None:
        """Return the cluster and endpoint that an answer came from; None when Envoy answered by itself."""
        return self._made.targets[answer.upstream] if answer.upstream else None

    def ask(self, connection: Connection, request: Request) -> Answer:
        """Send a request."""
        path = self._socket(connection)
        return ask(path, connection, request, self._pair) if path else Answer()

    def exchange_bytes(self, connection: Connection, *, handshake: bool = False) -> Answer:
        """Open a connection and send bytes that are not HTTP; with `handshake`, inside TLS if there is any."""
        path = self._socket(connection)
        return exchange_bytes(path, connection, self._pair, handshake=handshake) if path else Answer()

    def _socket(self, connection: Connection) -> str | None:
        if connection.captured_by is not None:
            return next(
                (path for (_, port), path in self._made.sockets.items() if port == connection.captured_by),
                None,
            )
        addresses = (connection.address, "::" if ":" in connection.address else "0.0.0.0")  # noqa: S104  a key
        found = (self._made.sockets.get((address, connection.port)) for address in addresses)
        return next((path for path in found if path), None)


def _settled(stats: dict[str, int]) -> bool:
    begun = stats["listener_added"] + stats["listener_modified"]
    return stats["total_listeners_warming"] == 0 and stats["listener_create_success"] >= begun


@contextlib.contextmanager
def running(directory: Path) -> Iterator[LiveEnvoy]:
    """Run an Envoy with its state in a directory (a short path: UNIX sockets live there)."""
    discovery, others = Discovery(), {*threading.enumerate()}
    server = grpc.server(  # type: ignore[no-untyped-call]
        ThreadPoolExecutor(max_workers=2)
    )
    server.add_generic_rpc_handlers((discovery.handler(),))
    socket = directory / "xds"
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    bootstrap = directory / "bootstrap.json"
    bootstrap.write_text(json.dumps(_bootstrap(socket, directory / "admin")))
    with serving() as backend, (directory / "envoy.log").open("wb") as log:
        process = subprocess.Popen(
            _command(bootstrap), stdout=log, stderr=log, env={**os.environ, "TMPDIR": str(directory)}
        )
        try:
            yield LiveEnvoy(directory, discovery, backend, certificates.make(directory))
        finally:
            process.terminate()
            process.wait(10)
            server.stop(None).wait()
            for thread in {*threading.enumerate()} - others:  # the pool's threads end with the stream
                if not thread.daemon:
                    thread.join(5)


def _command(bootstrap: Path) -> list[str]:
    return [
        str(envoy_path()), "-c", str(bootstrap), "--concurrency", "1", "-l", "warning", "--use-dynamic-base-id",
        "--drain-time-s", "1", "--drain-strategy", "immediate", "--disable-hot-restart",
    ]  # fmt: skip


def _bootstrap(xds: Path, admin: Path) -> dict[str, object]:
    http2 = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    endpoint = {"endpoint": {"address": {"pipe": {"path": str(xds)}}}}
    ads = {"ads": {}, "resource_api_version": "V3"}
    return {
        "node": {"id": "twin", "cluster": "twin"},
        "admin": {"address": {"pipe": {"path": str(admin)}}},
        "layered_runtime": {
            "layers": [{"name": "limits", "static_layer": {"re2.max_program_size.error_level": 32768}}]
        },
        "dynamic_resources": {
            "ads_config": {
                "api_type": "GRPC",
                "transport_api_version": "V3",
                "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}],
            },
            "cds_config": ads,
            "lds_config": ads,
        },
        "static_resources": {
            "clusters": [
                {
                    "name": "xds",
                    "type": "STATIC",
                    "typed_extension_protocol_options": {
                        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2
                    },
                    "load_assignment": {"cluster_name": "xds", "endpoints": [{"lb_endpoints": [endpoint]}]},
                }
            ]
        },
    }
