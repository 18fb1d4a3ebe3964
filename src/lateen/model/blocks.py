"""Many objects or hosts as few blocks, so that one that changed costs its block and not all the others.

What is gathered from every object of a kind, such as the labels that some object selects by, is gathered by the block: an
edit runs its block again, which is mostly as it was. One query for each object would be as many cells.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar
from zlib import crc32

from lateen.api import facts
from lateen.api.meta import Object, Ref
from lateen.engine import Database, entry_of, query

M = TypeVar("M", str, Ref)
_SKIPPED = 13  # bits of the checksum: the middle ones spread names best that differ in a few digits


def divided(members: Iterable[M]) -> dict[int, tuple[M, ...]]:
    """Divide members, such as hosts, into blocks by number; where one belongs depends on itself and on how many they are."""
    everything = tuple(members)
    count = _number_of_blocks(len(everything))
    found: dict[int, list[M]] = {}
    for one in everything:
        found.setdefault(_number(one, count), []).append(one)
    return {number: tuple(found[number]) for number in sorted(found)}


def _number(member: M, count: int) -> int:
    return crc32(str(member).encode()) >> _SKIPPED & (count - 1)


def _number_of_blocks(members: int) -> int:
    """Return how many blocks are best: a power of two, about twice the square root."""
    count = 1
    while count * count < 4 * members:
        count *= 2
    return count


@query
def refs_by_block(db: Database, kind: str) -> dict[int, tuple[Ref, ...]]:
    """Divide the objects of a kind into blocks, by number."""
    return divided(facts.refs(db, kind))


def number_of(db: Database, ref: Ref) -> int:
    """Return the number of the block that an object is in, if it is there."""
    return _number(ref, _count(db, ref.kind))


@query
def _count(db: Database, kind: str) -> int:
    return _number_of_blocks(len(facts.refs(db, kind)))


@entry_of(refs_by_block)
def _refs(db: Database, kind: str, number: int) -> tuple[Ref, ...] | None:
    return refs_by_block(db, kind).get(number)


def refs_of(db: Database, kind: str, number: int) -> tuple[Ref, ...]:
    """Return what is in a block of objects."""
    return _refs(db, kind, number) or ()


def objects(db: Database, kind: str, number: int) -> Iterator[Object[Any]]:
    """Yield the objects of a block; for queries about a block, which run again when any of it changes."""
    return (one for _, one in by_ref(db, kind, number))


def by_ref(db: Database, kind: str, number: int) -> Iterator[tuple[Ref, Object[Any]]]:
    """Yield the same with the identities by which the database knows them: an object would make another each time."""
    for ref in refs_of(db, kind, number):
        found = facts.get(db, ref)
        if found is not None:
            yield ref, found
