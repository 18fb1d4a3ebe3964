"""Values that protobuf's reader lets pass and Istio's does not.

Protobuf's reader takes a text for a mapping whose fields are its letters, and lenient as it is asked to be here, leaves them
all out: `address: wrong` would be an empty address. It leaves out an enum's value that it does not know, too.
"""

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from lateen.translate.any_types import message_type
from lateen.translate.patch_merge import is_map

_WELL_KNOWN = "google.protobuf."
_ANY = "google.protobuf.Any"


def misplaced(kind: type[Message], value: Any) -> str:
    """Say which value should be a mapping and is not, or is no value of its enum; empty when there is none."""
    return next(_misplaced(_described(kind), value, ""), "")


def _described(kind: type[Message]) -> Descriptor:
    found: Any = kind.DESCRIPTOR  # of one of protobuf's two implementations
    described: Descriptor = found
    return described


def _misplaced(message: Descriptor, value: Any, path: str) -> Iterator[str]:
    if message.full_name == _ANY and isinstance(value, dict):
        yield from _packed(value, path)
    elif message.full_name.startswith(_WELL_KNOWN) and message.full_name != _ANY:
        return  # these have forms of their own
    elif not isinstance(value, dict):
        yield f"{path or 'the whole'} is a mapping of fields"
    else:
        yield from _fields(message, value, path)


def _packed(value: dict[str, Any], path: str) -> Iterator[str]:
    named = value.get("@type")
    if named is None:
        yield f"{path} has no @type"
    inner = message_type(named) if isinstance(named, str) else None
    if inner is not None and not inner.DESCRIPTOR.full_name.startswith(_WELL_KNOWN):
        yield from _fields(_described(inner), value, path)


def _fields(message: Descriptor, value: dict[str, Any], path: str) -> Iterator[str]:
    for name, inner in value.items():
        field = message.fields_by_name.get(name) or message.fields_by_camelcase_name.get(name)
        if field is not None and field.message_type is not None and inner is not None:
            for place, one in _elements(field, inner, f"{path}.{name}" if path else str(name)):
                yield from _misplaced(_type_of(field), one, place)
        elif field is not None and field.enum_type is not None:
            for one in inner if isinstance(inner, list) else (inner,):
                if isinstance(one, str) and one not in field.enum_type.values_by_name:
                    yield f"{path}.{name}".lstrip(".") + f": {field.enum_type.full_name} has no {one!r}"


def _elements(field: FieldDescriptor, value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield what a field holds; of a list or map that is none, nothing, for the reader refuses it itself."""
    if is_map(field):
        if isinstance(value, dict) and _type_of(field) is not field.message_type:
            yield from ((f"{path}[{key}]", one) for key, one in value.items())
    elif isinstance(value, list) and _is_list(field):
        yield from ((f"{path}[{index}]", one) for index, one in enumerate(value))
    elif not _is_list(field):
        yield path, value


def _is_list(field: FieldDescriptor) -> bool:
    return field.is_repeated


def _type_of(field: FieldDescriptor) -> Descriptor:
    """Return the message that a field holds; of a map, its values', or the entry's own when they are no messages."""
    found = field.message_type
    assert found is not None
    values = found.fields_by_name["value"].message_type if is_map(field) else None
    return values or found
