"""Opening an Any."""

from typing import TypeVar

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)


def opened(packed: AnyMessage, kind: type[M]) -> M | None:
    """Return the message inside when it is of the kind, else None."""
    if packed.type_url.rpartition("/")[2] != kind.DESCRIPTOR.full_name:
        return None
    return kind.FromString(packed.value)
