"""Small pieces that every translator needs: Any, durations, wrappers, and bytes of a message."""

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration as DurationMessage
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import BoolValue, UInt32Value

SECOND = 1_000_000_000


def any_of(message: Message) -> AnyMessage:
    """Pack a message; deterministic, so that equal settings are equal bytes."""
    packed = AnyMessage()
    packed.Pack(message, deterministic=True)
    return packed


def duration(nanoseconds: int) -> DurationMessage:
    """Return a duration; `0` is an explicit zero."""
    seconds, nanos = divmod(nanoseconds, SECOND)
    return DurationMessage(seconds=seconds, nanos=nanos)


def optional_duration(nanoseconds: int | None) -> DurationMessage | None:
    """Return a duration, or None when it is unset."""
    return None if nanoseconds is None else duration(nanoseconds)


def uint32(value: int) -> UInt32Value:
    """Wrap a number."""
    return UInt32Value(value=value)


def optional_uint32(value: int | None) -> UInt32Value | None:
    """Wrap a number, or return None when it is unset."""
    return None if value is None else UInt32Value(value=value)


def boolean(value: bool) -> BoolValue:  # noqa: FBT001  the value is the message
    """Wrap a truth value."""
    return BoolValue(value=value)


def serialized(message: Message) -> bytes:
    """Return the message's bytes, the same for equal messages (maps sorted)."""
    return message.SerializeToString(deterministic=True)
