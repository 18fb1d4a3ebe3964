"""What must be said to get a client from one set of resources to another, worked out once for all who need the same.

Proxies with the same view hold the very same tuples, so the difference between two of them, and its bytes, are found
by identity.
"""

from functools import cached_property
from hashlib import blake2b
from typing import Literal

from lateen.compile.resource import Resource
from lateen.xds import wire
from lateen.xds.subscription import Subscriptions

Protocol = Literal["delta", "sotw"]
Resources = tuple[Resource, ...]
"""Sorted by name."""

_KEPT = 256
_BYTES_KEPT = 64 << 20


class Change:
    """The difference between two sets of resources.

    Attributes:
        changed: new resources and those with another version, sorted by name.
        gone: resources that are not in the new set, by name, sorted.
        removed: their names.
        version: of the new set as a whole; by content.
        size: bytes of what changed.
    """

    def __init__(self, old: Resources, new: Resources) -> None:
        self.old, self.new = old, new
        before = {resource.name: resource for resource in old}
        self.changed = tuple(r for r in new if _version(before.pop(r.name, None)) != r.version)
        self.gone = before  # what nothing new replaced
        self.removed = tuple(before)
        self.names = tuple(resource.name for resource in self.changed)
        self.version = version_of(new)
        self.size = sum(len(resource.body) for resource in self.changed)
        self.body: bytes | None = None
        """The delta response for the whole change, once it has been needed."""
        self._keeping: dict[Resources, Resources] = {}

    @cached_property
    def present(self) -> dict[str, Resource]:
        """The new set by name."""
        return {resource.name: resource for resource in self.new}

    def keeping(self, kept: Resources) -> Resources:
        """Return the new set with some of what is gone, sorted; the same for all who ask for the same."""
        if not kept:
            return self.new
        found = self._keeping.get(kept)
        if found is None:
            found = self._keeping[kept] = merged(self.new, kept)
        return found


def merged(one: Resources, other: Resources) -> Resources:
    """Join two sets without a name in common, sorted by name."""
    return tuple(sorted((*one, *other), key=_name)) if other else one


def _name(resource: Resource) -> str:
    return resource.name


def _version(resource: Resource | None) -> str | None:
    return resource.version if resource is not None else None


def version_of(resources: Resources) -> str:
    """Return a version for a set of resources: by content, so the same after a restart."""
    text = "\n".join([f"{resource.name} {resource.version}" for resource in resources])
    return blake2b(text.encode(), digest_size=8).hexdigest()


class Changes:
    """The recent changes, shared by all sessions of a server: proxies that need the same are told it one after the other.

    Attributes:
        subscriptions: what the proxies name, shared likewise.
    """

    def __init__(self) -> None:
        self.subscriptions = Subscriptions()
        self._recent: dict[tuple[int, int], Change] = {}
        self._size = 0

    def between(self, old: Resources, new: Resources) -> Change:
        """Return the difference between two sets."""
        key = (id(old), id(new))  # a kept change keeps both alive, so their identities are theirs
        change = self._recent.get(key)
        if change is None:
            change = self._recent[key] = Change(old, new)
            self._size += change.size
            while len(self._recent) > _KEPT or (self._size > _BYTES_KEPT and len(self._recent) > 1):
                self._size -= self._recent.pop(next(iter(self._recent))).size
        return change

    def forget(self) -> None:
        """Let go of what was sent: everybody has it."""
        self._recent.clear()
        self._size = 0

    def delta_body(self, type_url: str, change: Change) -> bytes:
        """Return the delta response for a whole change, without a nonce."""
        if change.body is None:
            change.body = self.body("delta", type_url, change.version, change.changed, change.removed)
        return change.body

    def body(
        self,
        protocol: Protocol,
        type_url: str,
        version: str,
        resources: Resources,
        removed: tuple[str, ...] = (),
    ) -> bytes:
        """Return a response, without a nonce."""
        if protocol == "sotw":
            framed = [wire.sotw_resource(type_url, resource) for resource in resources]
            return wire.sotw_body(type_url, version, framed)
        framed = [wire.delta_resource(type_url, resource) for resource in resources]
        return wire.delta_body(type_url, version, framed, removed)
