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
    content: bytes | tuple[bytes, ...]
    """The body, or pieces that are held elsewhere too: a route configuration has as many bytes as all its virtual hosts."""

    @property
    def body(self) -> bytes:
        """The serialised message itself, not wrapped in an Any."""
        content = self.content
        return content if isinstance(content, bytes) else b"".join(content)

    @property
    def pieces(self) -> tuple[bytes, ...]:
        """The body in pieces that come one after the other."""
        content = self.content
        return (content,) if isinstance(content, bytes) else content

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return sum(map(len, self.pieces))


def resource(name: str, body: bytes) -> Resource:
    """Make a resource of a serialised message; its version follows from the bytes."""
    return Resource(name, _version(body), body)


def in_pieces(name: str, pieces: tuple[bytes, ...]) -> Resource:
    """Make a resource of a serialised message that is not joined before it is sent."""
    return Resource(name, _version(b"".join(pieces)), pieces)


def _version(body: bytes) -> str:
    return blake2b(body, digest_size=8).hexdigest()
