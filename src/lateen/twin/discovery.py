"""A control plane for one twin Envoy: it serves exactly the resources it is given and waits for the answers.

State of the world over ADS, on purpose not lateen.xds: what is compiled is proved without the server that usually sends it.
"""

import queue
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import grpc
from envoy.service.discovery.v3.discovery_pb2 import DiscoveryRequest, DiscoveryResponse
from google.protobuf.any_pb2 import Any as AnyMessage

from lateen.compile import types

_grpc: Any = grpc  # it has no types
METHOD = "StreamAggregatedResources"
SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
WHOLE = (types.CLUSTER, types.LISTENER)
# Make before break; routes that are subscribed to already go out before the listeners that use them.
ORDER = (
    types.CLUSTER,
    types.ENDPOINT,
    types.SECRET,
    types.ROUTE,
    types.EXTENSION_CONFIG,
    types.LISTENER,
)
DEADLINE = 20.0  # seconds; far above what a push takes, so that only a defect meets it


class NackError(Exception):
    """Envoy refused a resource; the message is Envoy's."""


class Discovery:
    """The resources of one Envoy, replaced as a whole by `push`."""

    def __init__(self) -> None:
        self._bodies: dict[str, dict[str, bytes]] = {kind: {} for kind in ORDER}
        self._version = 0
        self._subscribed: dict[str, frozenset[str]] = {}
        self._sent: dict[str, int] = {}
        self._acknowledged: dict[str, tuple[int, frozenset[str]]] = {}
        self._nacks: list[str] = []
        self._out: queue.Queue[bytes | None] = queue.Queue()
        self._state = threading.Condition()

    def handler(self) -> Any:
        """Return the gRPC service."""
        method = _grpc.stream_stream_rpc_method_handler(
            self._stream, request_deserializer=DiscoveryRequest.FromString, response_serializer=None
        )
        return _grpc.method_handlers_generic_handler(SERVICE, {METHOD: method})

    def _stream(self, requests: Iterable[DiscoveryRequest], _: Any) -> Iterator[bytes]:
        with self._state:
            self._subscribed.clear()
            self._out = queue.Queue()
        reader = threading.Thread(target=self._read, args=(requests,), daemon=True)
        reader.start()
        while (response := self._out.get()) is not None:
            yield response

    def _read(self, requests: Iterable[DiscoveryRequest]) -> None:
        try:
            for request in requests:
                with self._state:
                    self._hear(request)
                    self._state.notify_all()
        except grpc.RpcError:
            pass  # Envoy went away
        finally:
            self._out.put(None)

    def _hear(self, request: DiscoveryRequest) -> None:
        kind, names = request.type_url, frozenset(request.resource_names)
        before = self._subscribed.get(kind)
        self._subscribed[kind] = names
        if request.HasField("error_detail"):
            self._nacks.append(request.error_detail.message)
        elif request.version_info:
            self._acknowledged[kind] = (int(request.version_info), names)
            if kind == types.CLUSTER and int(request.version_info) == self._version:
                self._send(types.ENDPOINT)  # a changed cluster waits for its endpoints
        if before is None or names - before:
            self._send(kind)

    def _send(self, kind: str) -> None:
        names = self._subscribed.get(kind)
        if names is None:
            return
        found = self._bodies.get(kind, {})
        wanted = sorted(found) if kind in WHOLE else sorted(name for name in names if name in found)
        response = DiscoveryResponse(
            type_url=kind,
            version_info=str(self._version),
            nonce=str(self._version),
            resources=[AnyMessage(type_url=kind, value=found[name]) for name in wanted],
        )
        self._sent[kind] = self._version
        self._out.put(response.SerializeToString())

    def push(self, bodies: Mapping[str, Mapping[str, bytes]], needed: Mapping[str, frozenset[str]]) -> None:
        """Replace everything, and wait until Envoy has acknowledged it all.

        Args:
            bodies: by type URL and name.
            needed: the names that Envoy must ask for and accept, of the types that are asked for by name.

        Raises:
            NackError: Envoy refused something, or never asked for what it needs.
        """
        with self._state:
            self._version += 1
            self._nacks.clear()
            self._bodies = {kind: dict(bodies.get(kind, {})) for kind in ORDER}
            for kind in ORDER:
                self._send(kind)
            done = self._state.wait_for(lambda: self._nacks or self._complete(needed), DEADLINE)
            if self._nacks:
                raise NackError("\n".join(self._nacks))
            if not done:
                raise NackError(f"Envoy did not answer in {DEADLINE} s; missing: {self._missing(needed)}")

    def _complete(self, needed: Mapping[str, frozenset[str]]) -> bool:
        return not self._missing(needed)

    def _missing(self, needed: Mapping[str, frozenset[str]]) -> list[str]:
        missing = [kind for kind in WHOLE if self._acknowledged.get(kind, (0,))[0] < self._version]
        for kind, names in needed.items():
            version, accepted = self._acknowledged.get(kind, (0, frozenset()))
            if names and (version < self._version or names - accepted):
                missing += [f"{kind} {name}" for name in sorted(names - accepted) or ["(version)"]]
        return missing
