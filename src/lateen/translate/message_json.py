"""Messages as proto JSON, like `json_format.MessageToDict` with the proto's own names.

How a field is written is found out once for each field, and what is in an Any is remembered: most clusters and listeners
have the same filters and options. `tests/property/test_message_json.py` compares with the library.
"""

import base64
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache, partial
from typing import Any

import msgspec
from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import DoubleValue, FloatValue

from lateen.translate.any_types import message_type

Json = dict[str, Any]
Writer = Callable[[Any], Any]

SHORT = 2**14
"""Bytes of the largest message whose JSON is remembered."""
_KEYS = ".private_key_providers."
"""In the types of what may hold a private key; those are not remembered."""
_KNOWN = "google.protobuf."
_LONG = (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64)
_FLOATS: Mapping[int, type[FloatValue | DoubleValue]] = {
    FieldDescriptor.CPPTYPE_FLOAT: FloatValue,
    FieldDescriptor.CPPTYPE_DOUBLE: DoubleValue,
}


def encoded(message: Message, amend: Callable[[Json], object] | None = None) -> bytes:
    """Return a message of Envoy's API as the text of its proto JSON; `amend` may change the fields outside of Anys.

    Raises:
        TypeError: it holds an Any of a type that Envoy's API has not.
    """
    try:
        found = _message(message)
    except ValueError:  # the library says where
        found = plain(message)
    if amend is not None:
        amend(found)
    return msgspec.json.encode(found)


def plain(message: Message) -> Any:
    """Return what the library makes of a message."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def _message(message: Message) -> Json:
    found = {}
    for field, value in message.ListFields():
        name, write = _field(field)
        found[name] = write(value)
    return found


@cache
def _field(field: FieldDescriptor) -> tuple[str, Writer]:
    """Return the name of a field, and what writes its value."""
    name = f"[{field.full_name}]" if field.is_extension else field.name
    own = field.message_type
    if own is not None and own.GetOptions().map_entry:
        return name, partial(_map, _one(own.fields_by_name["value"]))
    write = _one(field)
    return name, partial(_list, write) if field.is_repeated else write


def _list(write: Writer, values: Iterable[Any]) -> list[Any]:
    return [write(value) for value in values]


def _map(write: Writer, values: Mapping[Any, Any]) -> Json:
    return {_key(key): write(values[key]) for key in sorted(values)}


def _key(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _one(field: FieldDescriptor) -> Writer:
    """Return what writes one value of a field."""
    if field.message_type is not None:
        return _of_message(field.message_type)
    if field.enum_type is not None:
        return partial(_enum, _names(field.enum_type))
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _bytes
    if field.cpp_type in _FLOATS:
        return partial(_float, _FLOATS[field.cpp_type])
    return str if field.cpp_type in _LONG else _same


def _of_message(kind: Descriptor) -> Writer:
    if kind.file.name == "google/protobuf/wrappers.proto":
        return partial(_wrapped, _one(kind.fields_by_name["value"]))
    if kind.full_name == AnyMessage.DESCRIPTOR.full_name:
        return _any
    if kind.full_name == Duration.DESCRIPTOR.full_name:
        return Duration.ToJsonString
    if kind.file.name == "google/protobuf/struct.proto":
        return _struct
    return plain if kind.full_name.startswith(_KNOWN) else _message


def _struct(value: Message) -> Any:
    return _in_order(plain(value))


def _in_order(value: Any) -> Any:
    """Sort what maps hold: a message has them in an order that is another one in each process."""
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return [_in_order(one) for one in value] if isinstance(value, list) else value


def _same(value: Any) -> Any:
    return value


def _bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _float(wrapper: type[FloatValue | DoubleValue], value: float) -> Any:
    return plain(wrapper(value=value))


def _enum(names: Mapping[int, str | None], value: int) -> str | int | None:
    return names.get(value, value)


def _names(enum: EnumDescriptor) -> dict[int, str | None]:
    """Return the names of an enum's values; the one of NullValue is written as null."""
    null = enum.full_name == f"{_KNOWN}NullValue"
    return {number: None if null else one.name for number, one in enum.values_by_number.items()}


def _wrapped(write: Writer, wrapper: Any) -> Any:
    return write(wrapper.value)


def _any(packed: AnyMessage) -> Any:
    """Open an Any in place."""
    value = packed.value
    is_common = len(value) <= SHORT and _KEYS not in packed.type_url
    return msgspec.Raw((_opened if is_common else _open)(packed.type_url, value))


def _open(type_url: str, value: bytes) -> bytes:
    kind = message_type(type_url)
    if kind is None or kind.DESCRIPTOR.full_name.startswith(_KNOWN):
        return msgspec.json.encode(_in_order(plain(AnyMessage(type_url=type_url, value=value))))
    return msgspec.json.encode({"@type": type_url, **_message(kind.FromString(value))})


_opened = lru_cache(maxsize=2**10)(_open)
