"""RouteConfiguration, joined from the bytes of its virtual hosts (httproute.go, gateway.go)."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from envoy.config.route.v3.route_pb2 import RouteConfiguration

from lateen.translate import message
from lateen.translate.wire import varint

MAX_DIRECT_RESPONSE_BYTES = 1024 * 1024  # route.go; Envoy's default of 4 KiB is less than what Istio accepts
Pieces = tuple[bytes, ...]
"""What is encoded, in pieces that come one after the other."""
# How a virtual host begins inside a RouteConfiguration: its field's number and that its length follows.
_VIRTUAL_HOST = bytes([RouteConfiguration.VIRTUAL_HOSTS_FIELD_NUMBER << 3 | 2])


def as_field(virtual_host: Pieces) -> Pieces:
    """Make an encoded virtual host a field of a route configuration."""
    return _VIRTUAL_HOST + varint(sum(map(len, virtual_host))), *virtual_host


def route_configuration(name: str, virtual_hosts: Iterable[Pieces], *, ignore_port: bool = True) -> Pieces:
    """Serialise a route configuration of virtual hosts that are fields of it.

    `ignore_port` says that the port in a Host header does not matter.

    Clusters are not checked: a route to one that does not exist answers 503, and no other route suffers.
    """
    return (_start(name, ignore_port), *chain.from_iterable(virtual_hosts))


@lru_cache
def _start(name: str, ignore_port: bool) -> bytes:  # noqa: FBT001  a key
    """Return everything but the virtual hosts; meshes have the names of common ports alike."""
    return message.serialized(
        RouteConfiguration(
            name=name,
            validate_clusters=message.boolean(False),
            max_direct_response_body_size_bytes=message.uint32(MAX_DIRECT_RESPONSE_BYTES),
            ignore_port_in_host_matching=ignore_port,
        )
    )


def unknown_route_configuration(name: str) -> bytes:
    """Serialise the answer to a name that no listener has (any more): nothing, so that Envoy does not wait."""
    return message.serialized(RouteConfiguration(name=name, validate_clusters=message.boolean(False)))
