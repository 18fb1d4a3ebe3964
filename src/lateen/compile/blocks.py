"""Many resources as few blocks, so that one that changed costs its block and not all the others.

A proxy has thousands of clusters. They are made, joined and compared by the block: a block that holds the same is the very
same object as before, which is seen without looking into it.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from operator import attrgetter
from typing import overload

import msgspec

from lateen.compile.resource import Resource

Resources = Sequence[Resource]
"""Sorted by name; a tuple, or `Joined`."""
_name = attrgetter("name")


class Block(msgspec.Struct, frozen=True):
    """Resources that are made and compared together."""

    resources: tuple[Resource, ...]
    """Sorted by name."""
    version: str
    """By content."""


class Joined(Resources):
    """Blocks as one sequence, which is put in order when it is first walked through.

    Two are equal when they have equal blocks.
    """

    __slots__ = ("_sorted", "blocks")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, blocks: Iterable[Block]) -> None:
        self.blocks = tuple(blocks)
        self._sorted: tuple[Resource, ...] | None = None

    @property
    def everything(self) -> tuple[Resource, ...]:
        """The resources of all blocks, sorted by name."""
        if self._sorted is None:
            self._sorted = by_name(one for block in self.blocks for one in block.resources)
        return self._sorted

    def __len__(self) -> int:
        return sum(len(block.resources) for block in self.blocks)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.everything)

    @overload
    def __getitem__(self, index: int) -> Resource: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Resource, ...]: ...
    def __getitem__(self, index: int | slice) -> Resource | tuple[Resource, ...]:
        return self.everything[index]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Joined):
            return self.blocks == other.blocks
        return self.everything == other

    def __repr__(self) -> str:
        return f"Joined({self.blocks!r})"


def by_name(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Sort resources by name."""
    return tuple(sorted(resources, key=_name))


def block(resources: Iterable[Resource]) -> Block:
    """Make a block of resources in any order."""
    found = by_name(resources)
    text = "\n".join([f"{one.name} {one.version}" for one in found])
    return Block(found, blake2b(text.encode(), digest_size=8).hexdigest())


def blocks_of(resources: Resources) -> tuple[Block, ...]:
    """Return the blocks of a set; one that was made without any is one."""
    if isinstance(resources, Joined):
        return resources.blocks
    return (block(resources),) if resources else ()


def version_of(resources: Resources) -> str:
    """Return a version for a set of resources: by content, so the same after a restart."""
    text = "\n".join([one.version for one in blocks_of(resources)])
    return blake2b(text.encode(), digest_size=8).hexdigest()
