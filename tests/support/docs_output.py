"""Does a command print what the page says? `…` stands for anything: within a line, or alone for any lines.

What differs from run to run need not be marked: ages, times, milliseconds, process ids, request ids and times of day are
equal to others of their shape, and the width of a table's columns does not count.
"""

import re
from collections.abc import Sequence

ANYTHING = "…"
NUMBER = re.compile(r"\d+(?:\.\d+)?")
_VARYING = (
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",  # a request's id
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z",
    r"\b(?:\d+[dhm])*\d+s\b",  # an age
    r"\b\d+\.\d+ ?s\b",  # a duration
    r"\b\d+ ms\b",
    r"\bpid \d+",
    r"-[a-z0-9]{5}-[a-z0-9]{5}\b",  # of a pod: it follows from its command, so from where Python is
)
_SHAPES = re.compile("|".join(f"({shape})" for shape in (*_VARYING, r"…", r" {2,}")))
_LINE = 10_000
"""Longer lines are compared by their beginning; nobody reads more."""


def matches(expected: Sequence[str], actual: Sequence[str], within: float | None = None) -> bool:
    """Compare line by line; `within` is how far numbers may be apart, None: not at all."""
    if not expected:
        return not actual
    first, *rest = expected
    if first == ANYTHING:
        return any(matches(rest, actual[skipped:], within) for skipped in range(len(actual) + 1))
    return bool(actual) and line_matches(first, actual[0], within) and matches(rest, actual[1:], within)


def line_matches(expected: str, actual: str, within: float | None = None) -> bool:
    """Compare two lines."""
    if within is None:
        return re.fullmatch(_pattern(expected.rstrip()), actual.rstrip()[:_LINE]) is not None
    numbers = NUMBER.findall(expected)
    found = re.fullmatch(_with_numbers(expected.strip()), actual.strip()[:_LINE])
    return found is not None and all(
        abs(float(one) - float(other)) <= within for one, other in zip(numbers, found.groups(), strict=True)
    )


def begins(expected: Sequence[str], actual: Sequence[str]) -> int | None:
    """Return how many of the actual lines are needed to match, None when more have to come."""
    return next((count for count in range(len(actual) + 1) if matches(expected, actual[:count])), None)


def _pattern(text: str) -> str:
    pieces, end = [], 0
    for found in _SHAPES.finditer(text):
        pieces += [re.escape(text[end : found.start()]), _shape(found[0])]
        end = found.end()
    return "".join([*pieces, re.escape(text[end:])])


def _shape(text: str) -> str:
    if text == ANYTHING:
        return ".*"
    if text.isspace():
        return " +"
    return next(shape for shape in _VARYING if re.fullmatch(shape, text))


def _with_numbers(text: str) -> str:
    between = [r" +".join(map(_pattern, re.split(" +", piece))) for piece in NUMBER.split(text)]
    return f"({NUMBER.pattern})".join(between)
