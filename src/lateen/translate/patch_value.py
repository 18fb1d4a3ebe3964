"""The value of a patch: proto JSON of the message that `applyTo` says.

As Istio does (pkg/config/xds/xds.go), fields that nobody knows are left out, so that a value for a newer Envoy works as far
as it can; what is left out is told. Source of the warnings: pkg/config/validation/envoyfilter.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from envoy.config.bootstrap.v3.bootstrap_pb2 import Bootstrap
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig
from envoy.config.listener.v3.listener_components_pb2 import Filter, FilterChain, ListenerFilter
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import HttpFilter
from google.protobuf import json_format
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, EncodeError, Message
from udpa.annotations.status_pb2 import FROZEN, file_status

from lateen.translate.any_types import message_type
from lateen.translate.patch_shape import misplaced
from lateen.translate.patch_spelling import respelt

MESSAGES: dict[str, type[Message]] = {
    "LISTENER": Listener,
    "FILTER_CHAIN": FilterChain,
    "NETWORK_FILTER": Filter,
    "HTTP_FILTER": HttpFilter,
    "LISTENER_FILTER": ListenerFilter,
    "ROUTE_CONFIGURATION": RouteConfiguration,
    "VIRTUAL_HOST": VirtualHost,
    "HTTP_ROUTE": Route,
    "CLUSTER": Cluster,
    "EXTENSION_CONFIG": TypedExtensionConfig,
    "BOOTSTRAP": Bootstrap,
}
"""The message that each `applyTo` patches."""

_OLD = re.compile(r"/envoy\..*\.v2(alpha\d*)?\.")
"""Types that Envoy no longer takes, although they are still described."""
_TYPED, _DISCOVERED = "typed_config", "config_discovery"
_UNREADABLE = (
    json_format.ParseError,
    DecodeError,
    EncodeError,
    TypeError,
    ValueError,
    AttributeError,
    KeyError,
    RecursionError,
)


class Value(msgspec.Struct, frozen=True):
    """A value as far as it can be used."""

    body: bytes | None
    """Serialised; None when it cannot be used at all."""
    problem: str = ""
    """Why not."""
    warnings: tuple[str, ...] = ()


def message_of(apply_to: str, body: bytes) -> Message:
    """Return the message of a value that `decoded` made."""
    return MESSAGES[apply_to].FromString(body)


def decoded(apply_to: str, value: dict[str, Any]) -> Value:
    """Read a patch's value."""
    named = set(_types(value))
    unknown = sorted(name for name in named if _OLD.search(name) or message_type(name) is None)
    if unknown:
        hint = "; use the v3 API" if any(_OLD.search(name) for name in unknown) else ""
        return Value(None, f"Envoy has no type {', '.join(unknown)}{hint}")
    message = MESSAGES[apply_to]()
    if place := misplaced(MESSAGES[apply_to], value):
        return Value(None, f"the value is no {message.DESCRIPTOR.full_name}: {place}")
    try:
        value = respelt(MESSAGES[apply_to], value)
        json_format.ParseDict(value, message, ignore_unknown_fields=True)
        body = message.SerializeToString(deterministic=True)
    except _UNREADABLE as error:
        return Value(None, f"the value is no {message.DESCRIPTOR.full_name}: {_words(error)}")
    return Value(body, warnings=tuple(_warnings(apply_to, value, message)))


def _types(value: Any) -> Iterator[str]:
    """Yield every `@type` in a value."""
    if isinstance(value, dict):
        if isinstance(named := value.get("@type"), str):
            yield named
        for inner in value.values():
            yield from _types(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _types(inner)


def _words(error: Exception) -> str:
    """Shorten protobuf's words, which list all fields of a message."""
    return " ".join(str(error).partition("Available Fields")[0].split()) or type(error).__name__


def _warnings(apply_to: str, value: dict[str, Any], message: Message) -> Iterator[str]:
    try:
        json_format.ParseDict(value, MESSAGES[apply_to]())
    except _UNREADABLE as error:
        yield _words(error)
    for name in _frozen(message):
        yield f"the type {name} is deprecated"
    for name in _untyped(message):
        yield f"the extension {name or '(without a name)'} has no typed_config: Envoy does not find extensions by name"


def _inner(message: Message) -> Iterator[Message]:
    for field, value in message.ListFields():
        if isinstance(value, Message) and field.message_type is not None:
            yield value


def _frozen(message: Message) -> Iterator[str]:
    """Yield the types inside that Envoy has superseded."""
    for inner in _inner(message):
        if isinstance(inner, AnyMessage):
            found = message_type(inner.type_url)
            options: Any = found.DESCRIPTOR.file.GetOptions() if found else None
            if options is not None and options.Extensions[file_status].package_version_status == FROZEN:
                yield inner.type_url
        else:
            yield from _frozen(inner)


def _untyped(message: Message) -> Iterator[str]:
    """Yield the names of extensions inside that say no configuration."""
    for inner in _inner(message):
        if not isinstance(inner, AnyMessage):
            yield from _untyped(inner)
    fields = message.DESCRIPTOR.fields_by_name
    if _TYPED in fields and not any(
        name in fields and message.HasField(name) for name in (_TYPED, _DISCOVERED)
    ):
        yield str(getattr(message, "name", ""))
