"""Metadata of clusters and endpoints under the key `istio`: where they come from, for people and for metrics.

Every cluster and endpoint has some, so it is encoded by hand: a `Metadata` whose Structs have their keys sorted.
"""

from functools import lru_cache

from envoy.config.core.v3.base_pb2 import Metadata
from google.protobuf.struct_pb2 import ListValue, Struct, Value

from lateen.api.meta import Ref
from lateen.model.clusters import Identity
from lateen.model.endpoint import Endpoint
from lateen.translate import names
from lateen.translate.wire import field, integer, numbers, text

ISTIO = "istio"
TRANSPORT_SOCKET_MATCH = "envoy.transport_socket_match"
CANONICAL_NAME = ("service.istio.io/canonical-name", "app.kubernetes.io/name", "app")
CANONICAL_REVISION = ("service.istio.io/canonical-revision", "app.kubernetes.io/version", "version")
_SECTIONS = numbers(Metadata)["filter_metadata"]
_FIELDS, _ITEMS = numbers(Struct)["fields"], numbers(ListValue)["values"]
_VALUE = numbers(Value)
_TEXT, _TRUTH, _STRUCT, _LIST = (
    _VALUE[name] for name in ("string_value", "bool_value", "struct_value", "list_value")
)
_TRUE = integer(_TRUTH, 1)


def _key(name: str) -> bytes:
    """Encode the key of a map's entry, which is its field 1; the value is its field 2."""
    return text(1, name)


_ISTIO, _SOCKETS = _key(ISTIO), _key(TRANSPORT_SOCKET_MATCH)
_CONFIG = _key("config")
_HOST, _NAME, _NAMESPACE, _SUBSET, _WORKLOAD = map(_key, ("host", "name", "namespace", "subset", "workload"))
_RECENT = 2**6


def of_rule(ref: Ref) -> str:
    """Name a DestinationRule as Istio does in metadata."""
    return names.config_path("networking.istio.io", "v1", ref.namespace, "destination-rule", ref.name)


def cluster_metadata(
    services: tuple[Identity, ...] | None,
    *,
    rule: Ref | None = None,
    subset: str = "",
    external: bool = False,
    originates_tls: bool = False,
) -> bytes:
    """Say whose cluster it is, as an encoded Metadata; empty when there is nothing to say.

    Without `services` they are left out, as where names are looked up (metadata.go, cluster_builder.go
    addTelemetryMetadata).
    """
    fields = _common(services, rule, external, originates_tls)
    if subset:
        fields += _text(_SUBSET, subset)
    return _section(_ISTIO, fields) if fields else b""


@lru_cache(maxsize=_RECENT)
def _common(
    services: tuple[Identity, ...] | None,
    rule: Ref | None,
    external: bool,  # noqa: FBT001  a key
    originates_tls: bool,  # noqa: FBT001  a key
) -> bytes:
    """Encode the fields that the clusters of a service have in common; they are made one after the other."""
    fields = b""
    if rule is not None:
        fields += _text(_key("alpn_override"), "false") if originates_tls else b""
        fields += _text(_key("config"), of_rule(rule))
    if external:
        fields += _entry(_key("external"), _TRUE)
    if services is not None:
        fields += _entry(_key("services"), field(_LIST, b"".join(map(_service, services))))
    return fields


def endpoint_metadata(endpoint: Endpoint, kube_cluster: str, *, mtls: bool) -> bytes:
    """Say which workload an endpoint is, and whether it is spoken to in the mesh's TLS, as an encoded Metadata."""
    labels = dict(endpoint.labels)
    name = next((labels[key] for key in CANONICAL_NAME if labels.get(key)), endpoint.workload_name)
    revision = next((labels[key] for key in CANONICAL_REVISION if labels.get(key)), "latest")
    shown = "" if revision == "latest" else revision
    workload = f"{endpoint.workload_name};{endpoint.namespace};{name};{shown};{kube_cluster}"
    said = _section(_ISTIO, _text(_WORKLOAD, workload))
    return _section(_SOCKETS, _text(_key("tlsMode"), "istio")) + said if mtls else said


def _service(one: Identity) -> bytes:
    fields = (_text(_HOST, one.host), _text(_NAME, one.name), _text(_NAMESPACE, one.namespace))
    return field(_ITEMS, field(_STRUCT, b"".join(fields)))


def route_metadata(path: str) -> bytes:
    """Name the object that a route comes from, as an encoded Metadata."""
    return _section(_ISTIO, _text(_CONFIG, path))


def _section(key: bytes, fields: bytes) -> bytes:
    return field(_SECTIONS, key + field(2, fields))


def _text(key: bytes, value: str) -> bytes:
    return _entry(key, text(_TEXT, value))


def _entry(key: bytes, value: bytes) -> bytes:
    """Encode one field of a Struct."""
    return field(_FIELDS, key + field(2, value))
