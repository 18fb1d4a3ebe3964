"""What a session shows of itself: frozen values for status pages, commands and tests."""

from enum import StrEnum

import msgspec

from lateen.xds.request import Node


class SyncState(StrEnum):
    """How far a proxy is with one type; the words are istioctl's."""

    SYNCED = "SYNCED"
    """It has acknowledged everything that was sent, or had it from before."""
    STALE = "STALE"
    """Something was sent, or is about to be, and is not acknowledged."""
    NOT_SENT = "NOT SENT"
    """It has subscribed and there was nothing to send."""
    ERROR = "ERROR"
    """It has rejected something and keeps what it had before."""


class Rejection(msgspec.Struct, frozen=True):
    """A NACK: kept until the proxy accepts another version of the resource."""

    type_url: str
    resource: str
    """The resource's name; empty when Envoy did not say which of a response it was."""
    version: str
    """The resource's version; the whole response's when the resource is not known."""
    message: str
    """Envoy's words."""


class TypeState(msgspec.Struct, frozen=True):
    """One type of one proxy."""

    type_url: str
    state: SyncState
    resources: int
    """How many the proxy has been sent."""
    version: str
    """Of all of them together; empty before the first response."""
    rejections: tuple[Rejection, ...] = ()
    failure: str = ""
    """Set when the answer could not be computed: a defect of ours, and the proxy keeps what it has."""


class SessionState(msgspec.Struct, frozen=True):
    """One connected proxy."""

    node: Node
    protocol: str
    types: tuple[TypeState, ...]
    """In the order of sending."""
    unknown_types: tuple[str, ...] = ()
    """Asked for, and answered with nothing."""
