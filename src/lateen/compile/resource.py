"""A resource as Envoy is sent it: a name, bytes, and a version that is the bytes' own.

A message is serialised once, inside the query that makes it; everything after that moves bytes. Because the version
is a hash of the content, it is the same after a restart and on every replica of the control plane, so that a proxy
which reconnects with everything it needs is sent nothing.
"""

from hashlib import blake2b

import msgspec


class Resource(msgspec.Struct, frozen=True):
    """One named Envoy resource, of a type that its place tells."""

    name: str
    version: str
    """16 hexadecimal digits: BLAKE2b of the body, 8 bytes long."""
    body: bytes
    """The serialised message itself, not wrapped in an Any."""


def resource(name: str, body: bytes) -> Resource:
    """Make a resource of a serialised message; its version follows from the bytes."""
    return Resource(name, blake2b(body, digest_size=8).hexdigest(), body)
