"""Discovery responses as bytes, joined from pieces.

Protobuf's encoding of a message is its fields one after the other, in any order, and a repeated field is just a field
that comes more than once. So a response is the framed resources in a row, and the nonce, the only part that is a
proxy's own, goes last. The field numbers are those of envoy/service/discovery/v3/discovery.proto.
"""

from collections.abc import Iterable

from lateen.compile.resource import Resource
from lateen.translate.wire import field


def any_of(type_url: str, body: bytes) -> bytes:
    """Encode a `google.protobuf.Any`."""
    return field(1, type_url.encode()) + field(2, body)


def delta_resource(type_url: str, resource: Resource) -> bytes:
    """Encode one element of `DeltaDiscoveryResponse.resources`: version = 1, resource = 2, name = 3."""
    message = (
        field(1, resource.version.encode())
        + field(2, any_of(type_url, resource.body))
        + field(3, resource.name.encode())
    )
    return field(2, message)


def sotw_resource(type_url: str, resource: Resource) -> bytes:
    """Encode one element of `DiscoveryResponse.resources`."""
    return field(2, any_of(type_url, resource.body))


def delta_body(type_url: str, version: str, resources: Iterable[bytes], removed: Iterable[str]) -> bytes:
    """Encode a `DeltaDiscoveryResponse` except for its nonce."""
    gone = (field(6, name.encode()) for name in removed)
    return b"".join((field(1, version.encode()), field(4, type_url.encode()), *resources, *gone))


def sotw_body(type_url: str, version: str, resources: Iterable[bytes]) -> bytes:
    """Encode a `DiscoveryResponse` except for its nonce."""
    return b"".join((field(1, version.encode()), field(4, type_url.encode()), *resources))


def with_nonce(body: bytes, nonce: str) -> bytes:
    """Complete a response of either protocol."""
    return body + field(5, nonce.encode())
