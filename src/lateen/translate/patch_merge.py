"""How a patch's value is merged into a generated message.

Protobuf's merge (a scalar replaces, a list grows, a map's entry replaces, messages merge), but for durations, which
replace: `0.5s` over `10s` is not 10.5 s. Source: pkg/proto/merge/merge.go, util.MergeAnyWithAny.
"""

from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message

from lateen.translate.any_types import message_type
from lateen.translate.message import any_of


class MergeError(Exception):
    """Two values that cannot be merged; the message says why."""


def merge(target: Message, source: Message, *, replace_lists: bool = False) -> None:
    """Merge a message into another of its type.

    Args:
        target: is changed.
        source: is not.
        replace_lists: a list replaces the other instead of being appended to it (MERGE_AND_REPLACE_LIST).
    """
    for field, value in source.ListFields():
        there: Any = getattr(target, field.name)
        if is_map(field):
            _merge_map(there, value, field)
        elif isinstance(value, Message):
            _merge_message(there, value, replace_lists=replace_lists)
        elif hasattr(there, "extend"):
            if replace_lists:
                del there[:]
            there.extend(value)
        else:
            setattr(target, field.name, value)


def merge_any(target: AnyMessage, source: AnyMessage) -> None:
    """Merge what is packed in one Any into what is packed in another.

    Raises:
        MergeError: they are of different types, or cannot be opened.
    """
    kind, other = target.type_url.rpartition("/")[2], source.type_url.rpartition("/")[2]
    if kind != other:
        raise MergeError(f"a {other} cannot be merged into the {kind} that is there")
    found = message_type(target.type_url)
    if found is None:
        raise MergeError(f"the type {kind} is not known")
    try:
        inner, added = found.FromString(target.value), found.FromString(source.value)
    except DecodeError as error:
        raise MergeError(f"the {kind} cannot be read: {error}") from error
    merge(inner, added)
    target.CopyFrom(any_of(inner))


def is_map(field: FieldDescriptor) -> bool:
    """Tell whether a field is a map."""
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _merge_map(there: Any, value: Any, field: FieldDescriptor) -> None:
    assert field.message_type is not None
    holds_messages = field.message_type.fields_by_name["value"].message_type is not None
    for key, inner in value.items():
        if holds_messages:
            there[key].CopyFrom(inner)
        else:
            there[key] = inner


def _merge_message(there: Message, value: Message, *, replace_lists: bool) -> None:
    if isinstance(value, Duration):
        there.CopyFrom(value)
    else:
        there.SetInParent()
        merge(there, value, replace_lists=replace_lists)
