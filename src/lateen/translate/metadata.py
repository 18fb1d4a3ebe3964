"""Metadata of clusters and endpoints under the key `istio`: where they come from, for people and for metrics.

Every cluster and endpoint has some, so it is encoded by hand: a `Metadata` whose Structs have their keys sorted.
"""

from collections.abc import Iterable
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
    fields = b""
    if rule is not None:
        fields += _text("alpn_override", "false") if originates_tls else b""
        fields += _text("config", of_rule(rule))
    if external:
        fields += _entry("external", _TRUE)
    if services is not None:
        fields += _services(services)
    if subset:
        fields += _text("subset", subset)
    return _section(ISTIO, fields) if fields else b""


def endpoint_metadata(endpoint: Endpoint, kube_cluster: str, *, mtls: bool) -> bytes:
    """Say which workload an endpoint is, and whether it is spoken to in the mesh's TLS, as an encoded Metadata."""
    labels = dict(endpoint.labels)
    name = next((labels[key] for key in CANONICAL_NAME if labels.get(key)), endpoint.workload_name)
    revision = next((labels[key] for key in CANONICAL_REVISION if labels.get(key)), "latest")
    shown = "" if revision == "latest" else revision
    workload = f"{endpoint.workload_name};{endpoint.namespace};{name};{shown};{kube_cluster}"
    said = _section(ISTIO, _text("workload", workload))
    return _section(TRANSPORT_SOCKET_MATCH, _text("tlsMode", "istio")) + said if mtls else said


@lru_cache(maxsize=_RECENT)
def _services(services: tuple[Identity, ...]) -> bytes:
    """Encode the field that names services; all the clusters of a service have the same."""
    return _entry("services", field(_LIST, b"".join(field(_ITEMS, _service(one)) for one in services)))


def _service(one: Identity) -> bytes:
    return _struct((_text("host", one.host), _text("name", one.name), _text("namespace", one.namespace)))


def _section(name: str, fields: bytes) -> bytes:
    return field(_SECTIONS, text(1, name) + field(2, fields))


def _struct(fields: Iterable[bytes]) -> bytes:
    return field(_STRUCT, b"".join(fields))


def _text(name: str, value: str) -> bytes:
    return _entry(name, text(_TEXT, value))


def _entry(name: str, value: bytes) -> bytes:
    """Encode one field of a Struct: an entry of a map has its key as 1 and its value as 2."""
    return field(_FIELDS, text(1, name) + field(2, value))
