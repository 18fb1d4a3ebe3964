"""Patches of ordered things: filters and routes, before, after, first, instead of, away."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from lateen.translate.patch import Patch

M = TypeVar("M", bound=Message)


def edited(items: Sequence[M], patch: Patch, matches: Callable[[M], bool], *, named: bool) -> list[M]:
    """Return a list after one patch.

    Args:
        items: the list.
        patch: ADD, an insertion, REPLACE or REMOVE; anything else changes nothing.
        matches: whether an element is the one that is named.
        named: whether an element is named at all. Without one, an insertion goes to an end, and nothing is replaced or
            removed; with one that is not there, nothing happens.
    """
    operation = patch.operation
    if operation == "ADD" or (operation == "INSERT_AFTER" and not named):
        return [*items, _value(patch)]
    if operation == "INSERT_FIRST" or (operation == "INSERT_BEFORE" and not named):
        return [_value(patch), *items]
    place = next((index for index, one in enumerate(items) if named and matches(one)), None)
    return list(items) if place is None else _at(items, place, patch, matches)


def _at(items: Sequence[M], place: int, patch: Patch, matches: Callable[[M], bool]) -> list[M]:
    before, here, after = items[:place], items[place], items[place + 1 :]
    match patch.operation:
        case "INSERT_BEFORE":
            return [*before, _value(patch), here, *after]
        case "INSERT_AFTER":
            return [*before, here, _value(patch), *after]
        case "REPLACE":
            return [*before, _value(patch), *after]
        case "REMOVE":
            return [one for one in items if not matches(one)]
        case _:
            return list(items)


def replace_all(field: Any, items: Iterable[Message]) -> None:
    """Give a repeated field these elements."""
    kept = list(items)
    del field[:]
    field.extend(kept)


def _value(patch: Patch) -> Any:
    return patch.message()
