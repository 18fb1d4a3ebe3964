"""What must be said to get a client from one set of resources to another, worked out once for all who need the same.

Proxies with the same view hold the very same tuples, so the difference between two of them, and its bytes, are found
by identity.
"""

from collections.abc import Collection
from typing import Literal, NamedTuple

from lateen.compile.blocks import Block, Resources, blocks_of, by_name, version_of
from lateen.compile.resource import Resource
from lateen.xds import wire
from lateen.xds.subscription import Subscriptions

Protocol = Literal["delta", "sotw"]

_KEPT = 256
_BYTES_KEPT = 64 << 20


class Said:
    """What is said to one client, or to many in the same words.

    Attributes:
        resources: sorted by name.
        removed: names that are gone, sorted.
        version: of all that the client has then; by content.
        names: of the resources.
        body: the delta response, once it has been needed; without a nonce.
    """

    def __init__(self, resources: tuple[Resource, ...], removed: tuple[str, ...], version: str) -> None:
        self.resources, self.removed, self.version = resources, removed, version
        self.names = tuple(resource.name for resource in resources)
        self.body: bytes | None = None

    def __bool__(self) -> bool:
        return bool(self.resources or self.removed)


class Owed(NamedTuple):
    """What a client is told besides a change, and not told of it."""

    resend: frozenset[str]
    tell: frozenset[str]
    """Names of which absence is told as well."""
    kept: tuple[str, ...]
    """Names that are gone and that the client keeps for now."""


class Change:
    """The difference between two sets of resources.

    Attributes:
        difference: new resources and those with another version, and the names of what is gone.
        gone: resources that are not in the new set, by name, sorted.
        size: bytes of what changed.
    """

    def __init__(self, old: Resources, new: Resources) -> None:
        self.old, self.new = old, new
        before, after = _apart(blocks_of(old), blocks_of(new))
        held = {one.name: one for block in before for one in block.resources}
        changed = by_name(
            one
            for block in after
            for one in block.resources
            if _version(held.pop(one.name, None)) != one.version
        )
        self.gone = {one.name: one for one in by_name(held.values())}  # what nothing new replaced
        self.difference = Said(changed, tuple(self.gone), version_of(new))
        self.size = sum(resource.size for resource in changed)
        self._with: dict[Owed, Said] = {}
        self._keeping: dict[tuple[str, ...], Resources] = {}

    def keeping(self, kept: tuple[str, ...]) -> Resources:
        """Return the new set with some of what is gone, sorted; the same for all who ask for the same."""
        if not kept:
            return self.new
        found = self._keeping.get(kept)
        if found is None:
            found = self._keeping[kept] = merged(self.new, tuple(self.gone[name] for name in kept))
        return found

    def with_owed(self, owed: Owed) -> Said:
        """Return the difference with what is owed whatever its version; the same to all who are owed the same."""
        found = self._with.get(owed)
        if found is None:
            found = self._with[owed] = self._and(owed)
        return found

    def _and(self, owed: Owed) -> Said:
        said = self.difference
        names = owed.resend.union(said.names)
        found = self._chosen(names | owed.tell)
        absent = {*owed.tell.difference(one.name for one in found), *said.removed}.difference(owed.kept)
        sent = tuple(one for one in found if one.name in names)
        return Said(sent, tuple(sorted(absent)), said.version)

    def _chosen(self, wanted: Collection[str]) -> tuple[Resource, ...]:
        return by_name(one for block in blocks_of(self.new) for one in block.resources if one.name in wanted)


def merged(one: Resources, other: Resources) -> Resources:
    """Join two sets without a name in common, sorted by name."""
    return by_name((*one, *other)) if other else one


def _apart(old: tuple[Block, ...], new: tuple[Block, ...]) -> tuple[list[Block], list[Block]]:
    """Leave out the blocks that are the very same in both."""
    common = {*map(id, old)}.intersection(map(id, new))
    return [one for one in old if id(one) not in common], [one for one in new if id(one) not in common]


def _version(resource: Resource | None) -> str | None:
    return resource.version if resource is not None else None


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

    def delta_body(self, type_url: str, said: Said) -> bytes:
        """Return a delta response, without a nonce."""
        if said.body is None:
            said.body = self.body("delta", type_url, said.version, said.resources, said.removed)
        return said.body

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
            return wire.sotw_body(type_url, version, resources)
        return wire.delta_body(type_url, version, resources, removed)
