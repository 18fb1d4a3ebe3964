"""Spellings that Istio's reader of patches takes and protobuf's does not: durations as Go writes them, such as `500ms`."""

from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from lateen.api.duration import Duration
from lateen.translate.any_types import message_type

_ANY = "google.protobuf.Any"
_DURATION = "google.protobuf.Duration"


def respelt(kind: type[Message], value: dict[str, Any]) -> Any:
    """Return a value with its durations in seconds, as proto JSON has them; what is no duration stays as it is."""
    described: Any = kind.DESCRIPTOR  # of one of protobuf's two implementations
    return _message(described, value)


def _message(message: Descriptor, value: Any) -> Any:
    if message.full_name == _DURATION:
        return _seconds(value)
    if not isinstance(value, dict):
        return value
    if message.full_name == _ANY:
        return _packed(value)
    return {name: _field(_named(message, name), part) for name, part in value.items()}


def _packed(value: dict[str, Any]) -> Any:
    """Respell what is in an Any; what has a JSON form of its own (an Any, a Duration) stands under `value` there."""
    named = value.get("@type")
    inner: Any = message_type(named) if isinstance(named, str) else None
    if inner is None:
        return value
    if inner.DESCRIPTOR.full_name in (_ANY, _DURATION):
        return {**value, "value": _message(inner.DESCRIPTOR, value.get("value"))}
    return _message(inner.DESCRIPTOR, value)


def _named(message: Descriptor, name: str) -> FieldDescriptor | None:
    return message.fields_by_name.get(name) or message.fields_by_camelcase_name.get(name)


def _field(field: FieldDescriptor | None, value: Any) -> Any:
    inner = field.message_type if field is not None else None
    if inner is None:
        return value
    if inner.GetOptions().map_entry:
        of_values = inner.fields_by_name["value"]
        if not isinstance(value, dict):
            return value
        return {key: _field(of_values, one) for key, one in value.items()}
    return [_message(inner, one) for one in value] if isinstance(value, list) else _message(inner, value)


def _seconds(value: Any) -> Any:
    try:
        duration = Duration.parse(value) if isinstance(value, str) else None
    except ValueError:
        return value
    if duration is None:
        return value
    whole, part = divmod(abs(duration), 10**9)
    return f"{'-' if duration < 0 else ''}{whole}.{part:09d}s"
