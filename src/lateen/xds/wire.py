"""Discovery responses as bytes, joined from pieces.

Protobuf's encoding of a message is its fields one after the other, in any order, and a repeated field is just a field
that comes more than once. So a response is the framed resources in a row, and the nonce, the only part that is a
proxy's own, goes last. The field numbers are those of envoy/service/discovery/v3/discovery.proto.
"""

from collections.abc import Iterable
from itertools import chain

from lateen.compile.resource import Resource
from lateen.translate.wire import start, text

Pieces = tuple[bytes, ...]


def delta_resource(any_type: bytes, resource: Resource) -> Pieces:
    """Encode one element of `DeltaDiscoveryResponse.resources`: version = 1, resource = 2, name = 3.

    Args:
        any_type: the `type_of_any` of its type.
        resource: what to encode.
    """
    pieces, size = resource.pieces, resource.size
    value = start(2, size)
    head = text(1, resource.version) + start(2, len(any_type) + len(value) + size) + any_type + value
    name = text(3, resource.name)
    return start(2, len(head) + size + len(name)) + head, *pieces, name


def sotw_resource(any_type: bytes, resource: Resource) -> Pieces:
    """Encode one element of `DiscoveryResponse.resources`; the arguments are those of `delta_resource`."""
    pieces, size = resource.pieces, resource.size
    head = any_type + start(2, size)
    return start(2, len(head) + size) + head, *pieces


def type_of_any(type_url: str) -> bytes:
    """Encode the first field of a `google.protobuf.Any`; the second is the message."""
    return text(1, type_url)


def delta_body(type_url: str, version: str, resources: Iterable[Resource], removed: Iterable[str]) -> bytes:
    """Encode a `DeltaDiscoveryResponse` except for its nonce."""
    any_type = type_of_any(type_url)
    framed = chain.from_iterable([delta_resource(any_type, one) for one in resources])
    gone = [text(6, name) for name in removed]
    return b"".join((text(1, version), text(4, type_url), *framed, *gone))


def sotw_body(type_url: str, version: str, resources: Iterable[Resource]) -> bytes:
    """Encode a `DiscoveryResponse` except for its nonce."""
    any_type = type_of_any(type_url)
    framed = chain.from_iterable([sotw_resource(any_type, one) for one in resources])
    return b"".join((text(1, version), text(4, type_url), *framed))


def with_nonce(body: bytes, nonce: str) -> bytes:
    """Complete a response of either protocol."""
    return body + text(5, nonce)
