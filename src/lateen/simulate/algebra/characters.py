"""Sets of characters as sorted ranges of code points."""

from collections.abc import Iterable

Ranges = tuple[tuple[int, int], ...]
"""Sorted, not touching; both ends belong to the range."""
LAST = 0x10FFFF


def ranges(found: Iterable[tuple[int, int]]) -> Ranges:
    """Sort and join ranges."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(found):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(high, joined[-1][1])
        else:
            joined.append((low, high))
    return tuple(joined)


def complement(found: Ranges) -> Ranges:
    """Return every other character."""
    left, start = [], 0
    for low, high in found:
        if start < low:
            left.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        left.append((start, LAST))
    return tuple(left)


def single(character: str) -> Ranges:
    """Return the set of one character."""
    return ((ord(character), ord(character)),)


def of(text: str) -> Ranges:
    """Return the set of the characters of a text."""
    return ranges((ord(one), ord(one)) for one in text)


def is_ascii(found: Ranges) -> bool:
    """Tell whether no character lies outside ASCII."""
    return not found or found[-1][1] < 0x80


DIGITS = ranges([(0x30, 0x39)])
WORD = ranges([(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)])
SPACE = of("\t\n\f\r ")
_LETTERS = ((0x41, 0x5A, 0x20), (0x61, 0x7A, -0x20))
_BEYOND = {ord("k"): 0x212A, ord("s"): 0x017F}  # what else folds to an ASCII letter in Unicode


def folded(found: Ranges, *, unicode: bool) -> Ranges:
    """Add the other case of ASCII letters; with `unicode`, also the two characters beyond ASCII that fold to one."""
    more = list(found)
    for low, high in found:
        for first, last, offset in _LETTERS:
            start, end = max(low, first), min(high, last)
            if start <= end:
                more.append((start + offset, end + offset))
    both = ranges(more)
    if not unicode:
        return both
    beyond = [(code, code) for letter, code in _BEYOND.items() if any(a <= letter <= b for a, b in both)]
    return ranges((*both, *beyond))
