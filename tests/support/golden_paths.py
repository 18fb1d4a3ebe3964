"""Paths into proto JSON, and comparison with an expected part of it."""

import re
from collections.abc import Iterator
from typing import Any

MISSING = object()
_EMPTY: tuple[Any, ...] = (False, 0, "", None)
_SECONDS = re.compile(r"-?\d+(\.\d+)?s")


def pick(value: Any, path: str) -> Any:
    """Follow a path; MISSING when it leads nowhere."""
    for part in _parts(path):
        value = _step(value, part)
        if value is MISSING:
            return MISSING
    return value


def _parts(path: str) -> Iterator[tuple[str, bool]]:
    """Yield (word, in brackets)."""
    position = 0
    while position < len(path):
        found = re.compile(r"\.?([^.\[\]]+)|\[([^\]]*)\]").match(path, position)
        if found is None:
            raise ValueError(f"path {path!r} is not understood at {path[position:]!r}")
        yield (found[1], False) if found[1] is not None else (found[2], True)
        position = found.end()


def _step(value: Any, part: tuple[str, bool]) -> Any:
    word, bracket = part
    if isinstance(value, dict):
        return value.get(word, MISSING)
    if not bracket or not isinstance(value, list):
        return MISSING
    if re.fullmatch(r"-?\d+", word):
        return value[int(word)] if -len(value) <= int(word) < len(value) else MISSING
    key, equals, wanted = word.partition("=")
    field, text = (key, wanted) if equals else ("name", word)
    for element in value:
        if isinstance(element, dict) and str(pick(element, field)) == text:
            return element
    return MISSING


def mismatches(expected: Any, actual: Any, where: str = "") -> Iterator[str]:
    """Yield every place where the actual value is not as expected."""
    here = where or "the value"
    if expected == "any" and actual is not MISSING:
        return
    if expected == "absent":
        if actual is not MISSING:
            yield f"{here} should be absent, is {actual!r}"
    elif actual is MISSING:
        if not (expected in _EMPTY or expected in ([], {})):
            yield f"{here} is missing, expected {expected!r}"
    elif isinstance(expected, dict):
        yield from _in_mapping(expected, actual, where)
    elif isinstance(expected, list):
        yield from _in_list(expected, actual, where)
    elif not _equal(expected, actual):
        yield f"{here} is {actual!r}, expected {expected!r}"


def _in_mapping(expected: dict[str, Any], actual: Any, where: str) -> Iterator[str]:
    if not isinstance(actual, dict):
        yield f"{where} is {actual!r}, expected a message"
        return
    for key, value in expected.items():
        yield from mismatches(value, actual.get(str(key), MISSING), f"{where}.{key}".lstrip("."))


def _in_list(expected: list[Any], actual: Any, where: str) -> Iterator[str]:
    if not isinstance(actual, list) or len(actual) != len(expected):
        yield f"{where} is {actual!r}, expected {len(expected)} elements {expected!r}"
        return
    for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
        yield from mismatches(left, right, f"{where}[{index}]")


def _equal(expected: Any, actual: Any) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if (
        isinstance(expected, str)
        and isinstance(actual, str)
        and _SECONDS.fullmatch(expected)
        and _SECONDS.fullmatch(actual)
    ):
        return float(expected[:-1]) == float(actual[:-1])
    return bool(expected == actual or str(expected) == str(actual))
