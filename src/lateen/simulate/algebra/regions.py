"""Ordered rules over boxes of values: where two lists of rules come to different decisions.

A box holds, for every dimension (path, a header, …), the set of its atoms as a number's bits. A rule takes a box; the
first rule that takes a request decides. What two lists do differently is found by dividing the space only where they
differ, so that a change of one rule among thousands costs little more than reading the two lists.
"""

from collections.abc import Hashable, Sequence

import msgspec

Box = tuple[int, ...]
"""For each dimension the atoms that belong to it; never 0."""
LEAVES = 20_000
"""Pieces of the space that may differ, beyond which nobody reads the report."""


class Rule(msgspec.Struct, frozen=True):
    """A rule of a list."""

    number: int
    """Its place in the list."""
    box: Box
    """What it takes; a dimension with 0 takes nothing."""
    effect: Hashable
    """What it does, in a form that tells different effects apart."""
    share: float = 1.0
    """How often it takes a request of its box."""


class Leaf(msgspec.Struct, frozen=True):
    """Requests that two lists decide differently."""

    box: Box
    old: tuple[Rule, ...]
    """The rules that may take them, in order; the last one certainly does, if there is any and its share is 1."""
    new: tuple[Rule, ...]


class TooManyError(Exception):
    """The difference has too many pieces."""


def differences(space: Box, old: Sequence[Rule], new: Sequence[Rule]) -> list[Leaf]:
    """Return where two lists of rules decide differently; the leaves do not overlap.

    Raises:
        TooManyError: there are more than `LEAVES`.
    """
    leaves: list[Leaf] = []
    left = [(space, tuple(old), tuple(new))]
    while left:
        box, before, after = left.pop()
        before, after = _relevant(box, before), _relevant(box, after)
        if _same(box, before, after):
            continue
        cut = _cut(box, before, after)
        if cut is None:
            leaves.append(Leaf(box, before, after))
            if len(leaves) > LEAVES:
                raise TooManyError
            continue
        dimension, mask = cut
        inside, outside = box[dimension] & mask, box[dimension] & ~mask
        left.extend(
            ((*box[:dimension], part, *box[dimension + 1 :]), before, after) for part in (outside, inside)
        )
    return leaves


def _relevant(box: Box, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Keep the rules that can take something of the box, up to the first that takes all of it."""
    kept: list[Rule] = []
    for rule in rules:
        if any(not have & takes for have, takes in zip(box, rule.box, strict=True)):
            continue
        kept.append(rule)
        if rule.share >= 1 and not any(have & ~takes for have, takes in zip(box, rule.box, strict=True)):
            break
    return tuple(kept)


def _same(box: Box, old: Sequence[Rule], new: Sequence[Rule]) -> bool:
    return len(old) == len(new) and all(_equal(box, a, b) for a, b in zip(old, new, strict=True))


def _equal(box: Box, one: Rule, other: Rule) -> bool:
    return (
        one.effect == other.effect
        and one.share == other.share
        and all(have & a == have & b for have, a, b in zip(box, one.box, other.box, strict=True))
    )


def _cut(box: Box, old: Sequence[Rule], new: Sequence[Rule]) -> tuple[int, int] | None:
    """Choose a dimension and the atoms to separate: those of the first rules that differ, else of any that is not whole."""
    first = next(
        (at for at, (a, b) in enumerate(zip(old, new, strict=False)) if not _equal(box, a, b)),
        min(len(old), len(new)),
    )
    for rule in (*old[first : first + 1], *new[first : first + 1], *old[:first], *old[first:], *new[first:]):
        for dimension, (have, takes) in enumerate(zip(box, rule.box, strict=True)):
            if have & ~takes:
                return dimension, takes
    return None
