"""The shape of structs, read from their annotations once: which names a field goes by, what type it expects."""

from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from msgspec import Meta as Bounds
from msgspec import Struct
from msgspec.structs import fields

ENUM_NUMBERS = {"ALLOW_ANY_DYNAMIC_DNS": 3, "INHERIT": 1000}
"""Proto enum values whose number is not their place in the list."""


class Field(NamedTuple):
    """One field of a struct."""

    name: str
    """The attribute."""
    json: str
    """The spelling in YAML."""
    type: Any
    """The annotation without None."""


@cache
def fields_of(struct: type[Struct]) -> dict[str, Field]:
    """Return the fields of a struct under every name that jsonpb takes: the YAML spelling and the proto name."""
    found: dict[str, Field] = {}
    for info in fields(struct):
        field = Field(info.name, info.encode_name, without_none(info.type))
        found[info.name.rstrip("_")] = found[info.encode_name] = field
    return found


@cache
def spellings(struct: type[Struct]) -> frozenset[str]:
    """Return the YAML spellings of a struct's fields."""
    return frozenset(info.encode_name for info in fields(struct))


@cache
def without_none(expected: Any) -> Any:
    """Drop None from an annotation."""
    if get_origin(expected) in {Union, UnionType}:
        members = tuple(member for member in get_args(expected) if member is not type(None))
        return members[0] if len(members) == 1 else Union[members]  # noqa: UP007  members are known only here
    return expected


@cache
def bounds(expected: Any) -> tuple[Any, int | None, int | None]:
    """Split an annotation into its type and the limits of the number."""
    if get_origin(expected) is Annotated:
        inner, *extra = get_args(expected)
        for limit in extra:
            if isinstance(limit, Bounds):
                return inner, _int(limit.ge), _int(limit.le)
        return inner, None, None
    return expected, None, None


def _int(limit: float | None) -> int | None:
    return None if limit is None else int(limit)


def enum_number(values: tuple[str, ...], number: int) -> str | None:
    """Find an enum value by its number in the proto."""
    for place, value in enumerate(values):
        if ENUM_NUMBERS.get(value, place) == number:
            return value
    return None


@cache
def nested(expected: Any) -> type[Struct] | None:
    """Return the struct inside an annotation such as `tuple[X, ...]` or `dict[str, X]`, if there is one."""
    while get_origin(expected) in {tuple, dict, Annotated}:
        args = get_args(expected)
        expected = args[1] if get_origin(expected) is dict else args[0]
    return expected if isinstance(expected, type) and issubclass(expected, Struct) else None


@cache
def is_enum(expected: Any) -> bool:
    """Say whether an annotation is an enum of the proto."""
    return get_origin(expected) is Literal
