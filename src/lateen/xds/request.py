"""What a proxy says: both protocols' requests as one value each, free of protobuf.

The messages are `envoy.service.discovery.v3.DeltaDiscoveryRequest` and `DiscoveryRequest`.
"""

from typing import Any, TypeVar

import msgspec
from envoy.config.core.v3 import base_pb2
from envoy.service.discovery.v3 import discovery_pb2
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

M = TypeVar("M", bound=Message)


class ProtocolError(Exception):
    """The client breaks the protocol; the stream must end with these words."""


class Node(msgspec.Struct, frozen=True):
    """What an Envoy says of itself, once, in the first request of a stream."""

    id: str
    cluster: str = ""
    metadata: dict[str, Any] = {}
    locality: str = ""
    """`region/zone/subzone`, as far as it is known."""
    envoy_version: str = ""
    """`1.40.0`; empty when the client is not an Envoy."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request of either protocol; what the other protocol has is empty."""

    type_url: str
    nonce: str = ""
    """Of the response that this acknowledges or rejects; empty when it is about none."""
    error: str = ""
    """Envoy's words about why it rejects that response; empty when it does not."""
    node: Node | None = None
    names: tuple[str, ...] = ()
    """State of the world: everything the client wants of this type."""
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    initial_versions: dict[str, str] = {}
    """Delta, first request of a type: what the client still has from an earlier stream."""


def delta(message: bytes) -> Request:
    """Decode an incremental request.

    Raises:
        ProtocolError: these bytes are none.
    """
    request = _parsed(discovery_pb2.DeltaDiscoveryRequest(), message)
    return Request(
        type_url=request.type_url,
        nonce=request.response_nonce,
        error=_error(request),
        node=_node(request.node) if request.HasField("node") else None,
        subscribe=tuple(request.resource_names_subscribe),
        unsubscribe=tuple(request.resource_names_unsubscribe),
        initial_versions=dict(request.initial_resource_versions),
    )


def state_of_the_world(message: bytes) -> Request:
    """Decode a state-of-the-world request.

    Raises:
        ProtocolError: these bytes are none.
    """
    request = _parsed(discovery_pb2.DiscoveryRequest(), message)
    return Request(
        type_url=request.type_url,
        nonce=request.response_nonce,
        error=_error(request),
        node=_node(request.node) if request.HasField("node") else None,
        names=tuple(request.resource_names),
    )


def _parsed(request: M, message: bytes) -> M:
    try:
        request.MergeFromString(message)
    except DecodeError as error:
        raise ProtocolError(f"not a {type(request).__name__}: {error}") from error
    return request


def _error(request: discovery_pb2.DeltaDiscoveryRequest | discovery_pb2.DiscoveryRequest) -> str:
    if not request.HasField("error_detail"):
        return ""
    return request.error_detail.message or f"rejected with code {request.error_detail.code}"


def _node(node: base_pb2.Node) -> Node:
    place = (node.locality.region, node.locality.zone, node.locality.sub_zone)
    version = node.user_agent_build_version.version
    return Node(
        id=node.id,
        cluster=node.cluster,
        metadata=json_format.MessageToDict(node.metadata),
        locality="/".join(place).rstrip("/"),
        envoy_version=f"{version.major_number}.{version.minor_number}.{version.patch}"
        if node.user_agent_name == "envoy"
        else "",
    )
