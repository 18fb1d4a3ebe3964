"""Which listener takes a connection, and what its listener filters learn from the first bytes."""

from collections.abc import Iterator, Sequence

import msgspec
from envoy.config.core.v3.address_pb2 import Address
from envoy.config.listener.v3.listener_components_pb2 import ListenerFilterChainMatchPredicate
from envoy.config.listener.v3.listener_pb2 import Listener

from lateen.simulate.request import Connection
from lateen.simulate.trace import BytesInspected, ListenerChosen
from lateen.translate.names import HTTP_INSPECTOR, TLS_INSPECTOR

_ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104  compared, not bound
RAW_BUFFER = "raw_buffer"
TLS = "tls"


class Inspected(msgspec.Struct, frozen=True):
    """What filter chains are matched with."""

    transport_protocol: str
    server_name: str
    application_protocols: tuple[str, ...]
    filters: tuple[str, ...]

    @property
    def step(self) -> BytesInspected:
        """Say it."""
        return BytesInspected(
            transport_protocol=self.transport_protocol,
            server_name=self.server_name,
            application_protocols=self.application_protocols,
            filters=self.filters,
        )


def addresses(listener: Listener) -> Iterator[tuple[str, int]]:
    """Yield every (address, port) that a listener is known by; a UNIX socket has port 0."""
    for address in (listener.address, *(extra.address for extra in listener.additional_addresses)):
        yield _pair(address)


def _pair(address: Address) -> tuple[str, int]:
    if address.WhichOneof("address") == "pipe":
        return address.pipe.path, 0
    return address.socket_address.address, address.socket_address.port_value


def binds(listener: Listener) -> bool:
    """Tell whether the listener opens a socket of its own."""
    return not listener.HasField("bind_to_port") or listener.bind_to_port.value


def choose(listeners: Sequence[Listener], connection: Connection) -> tuple[Listener, ListenerChosen] | None:
    """Return the listener that serves the connection; None when nothing listens there.

    A listener with `use_original_dst` hands a captured connection on to the listener that is named after its original
    destination: the exact address, else any address with that port; else it keeps it (active_tcp_listener.cc).
    """
    if connection.captured_by is None:
        return _direct(listeners, connection)
    port = connection.captured_by
    captor = next(
        (one for one in listeners if binds(one) and any(p == port for _, p in addresses(one))), None
    )
    if captor is None:
        return None
    if captor.use_original_dst.value:
        found = _named(listeners, connection.address, connection.port, captor)
        if found is not None:
            reason = f"original destination {connection.address}:{connection.port}"
            return found, ListenerChosen(listener=found.name, reason=reason, handed_on_by=captor.name)
    return captor, ListenerChosen(listener=captor.name, reason=f"captured on port {port}")


def _direct(listeners: Sequence[Listener], connection: Connection) -> tuple[Listener, ListenerChosen] | None:
    found = _named([one for one in listeners if binds(one)], connection.address, connection.port, None)
    if found is None:
        return None
    return found, ListenerChosen(
        listener=found.name, reason=f"bound to {connection.address}:{connection.port}"
    )


def _named(
    listeners: Sequence[Listener], address: str, port: int, captor: Listener | None
) -> Listener | None:
    wildcard = None
    for listener in listeners:
        if listener is captor:
            continue
        for bound, number in addresses(listener):
            if number == port and bound == address:
                return listener
            if number == port and bound in _ANY and (":" in bound) <= (":" in address):
                wildcard = wildcard or listener
    return wildcard


def inspect(listener: Listener, connection: Connection) -> Inspected:
    """Run the listener filters: the TLS inspector first, then the HTTP inspector for what is not TLS."""
    running = tuple(
        one.name
        for one in listener.listener_filters
        if not (one.HasField("filter_disabled") and _holds(one.filter_disabled, connection.port))
    )
    if connection.tls is not None and TLS_INSPECTOR in running:
        return Inspected(TLS, connection.tls.sni.lower(), connection.tls.alpn, running)
    if connection.tls is None and HTTP_INSPECTOR in running and connection.payload != "bytes":
        spoken = "h2c" if connection.payload == "http2" else "http/1.1"
        return Inspected(RAW_BUFFER, "", (spoken,), running)
    return Inspected(RAW_BUFFER, "", (), running)


def _holds(predicate: ListenerFilterChainMatchPredicate, port: int) -> bool:
    kind = predicate.WhichOneof("rule")
    if kind == "or_match":
        return any(_holds(rule, port) for rule in predicate.or_match.rules)
    if kind == "and_match":
        return all(_holds(rule, port) for rule in predicate.and_match.rules)
    if kind == "not_match":
        return not _holds(predicate.not_match, port)
    if kind == "destination_port_range":
        return port in range(predicate.destination_port_range.start, predicate.destination_port_range.end)
    return bool(kind == "any_match")
