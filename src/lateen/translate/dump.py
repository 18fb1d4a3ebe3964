"""Envoy's messages as proto JSON with the proto's own field names, as Envoy's `/config_dump` prints them."""

from functools import lru_cache, partial
from typing import Any

import msgspec
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.extension_pb2 import TypedExtensionConfig
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.transport_sockets.tls.v3.secret_pb2 import Secret
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from lateen.translate.circuit_breaker import BUDGET_INTERVAL
from lateen.translate.message_json import SHORT, encoded, plain

MESSAGES: dict[str, type[Message]] = {
    message.DESCRIPTOR.full_name: message
    for message in (
        Cluster,
        ClusterLoadAssignment,
        Listener,
        RouteConfiguration,
        Secret,
        TypedExtensionConfig,
    )
}
"""The class of each type, by the message's full name (the type URL after its slash)."""


def proto_json(type_url: str, body: bytes) -> dict[str, Any]:
    """Return a serialised resource as proto JSON.

    An Any is opened in place, with its `@type`. Fields that have their default are left out.

    Raises:
        KeyError: the type is none of those that are served over xDS.
        google.protobuf.message.DecodeError: the bytes are none of that type.
    """
    common = len(body) <= SHORT and not type_url.endswith("Secret")
    text = _short(type_url, body) if common else _text(type_url, body)
    found: dict[str, Any] = msgspec.json.decode(text)
    return found


@lru_cache(maxsize=2**10)
def _short(type_url: str, body: bytes) -> bytes:
    """Remember what proxies and meshes have in common, such as the clusters that do not depend on services."""
    return _text(type_url, body)


def _text(type_url: str, body: bytes) -> bytes:
    message = MESSAGES[type_url.rpartition("/")[2]].FromString(body)
    return encoded(message, partial(_complete, message) if isinstance(message, Cluster) else None)


def _complete(cluster: Cluster, found: dict[str, Any]) -> None:
    """Add `budget_interval` of retry budgets, which Envoy knows and the installed modules do not yet."""
    for index, threshold in enumerate(cluster.circuit_breakers.thresholds):
        unknown: Any = UnknownFieldSet(threshold.retry_budget)
        for said in (field.data for field in unknown if field.field_number == BUDGET_INTERVAL):
            interval = plain(Duration.FromString(said))
            found["circuit_breakers"]["thresholds"][index]["retry_budget"]["budget_interval"] = interval
