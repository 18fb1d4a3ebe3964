"""Metadata of clusters and endpoints under the key `istio`: where they come from, for people and for metrics."""

from typing import Any

from envoy.config.core.v3.base_pb2 import Metadata

from lateen.api.meta import Ref
from lateen.model.clusters import Identity
from lateen.model.endpoint import Endpoint
from lateen.translate import names

ISTIO = "istio"
TRANSPORT_SOCKET_MATCH = "envoy.transport_socket_match"
CANONICAL_NAME = ("service.istio.io/canonical-name", "app.kubernetes.io/name", "app")
CANONICAL_REVISION = ("service.istio.io/canonical-revision", "app.kubernetes.io/version", "version")


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
) -> Metadata | None:
    """Say whose cluster it is; `services` None leaves them out, as where names are looked up (metadata.go, cluster_builder.go addTelemetryMetadata)."""
    fields: dict[str, Any] = {}
    if services is not None:
        fields["services"] = [
            {"host": one.host, "name": one.name, "namespace": one.namespace} for one in services
        ]
    if external:
        fields["external"] = True
    if rule is not None:
        fields["config"] = of_rule(rule)
        if originates_tls:
            fields["alpn_override"] = "false"
    if subset:
        fields["subset"] = subset
    return _metadata({ISTIO: fields}) if fields else None


def endpoint_metadata(endpoint: Endpoint, kube_cluster: str, *, mtls: bool) -> Metadata:
    """Say which workload an endpoint is, and whether it is spoken to in the mesh's TLS."""
    labels = dict(endpoint.labels)
    name = next((labels[key] for key in CANONICAL_NAME if labels.get(key)), endpoint.workload_name)
    revision = next((labels[key] for key in CANONICAL_REVISION if labels.get(key)), "latest")
    shown = "" if revision == "latest" else revision
    workload = f"{endpoint.workload_name};{endpoint.namespace};{name};{shown};{kube_cluster}"
    sections: dict[str, dict[str, Any]] = {ISTIO: {"workload": workload}}
    if mtls:
        sections[TRANSPORT_SOCKET_MATCH] = {"tlsMode": "istio"}
    return _metadata(sections)


def _metadata(sections: dict[str, dict[str, Any]]) -> Metadata:
    built = Metadata()
    for name, fields in sections.items():
        built.filter_metadata[name].update(fields)
    return built
