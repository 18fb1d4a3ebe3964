"""The way in: an object, and everything that is wrong with it alone."""

from collections.abc import Callable
from typing import Any

from lateen.api.check import (
    destination_rule,
    envoy_filter,
    gateway,
    kubernetes_data,
    kubernetes_endpoints,
    kubernetes_pod,
    kubernetes_service,
    mesh_config,
    mesh_networks,
    metadata,
    proxy_config,
    service_entry,
    sidecar,
    virtual_service,
    workload_entry,
    workload_group,
)
from lateen.api.check.not_yet import not_yet
from lateen.api.check.report import Report
from lateen.api.finding import Finding
from lateen.api.meta import Object
from lateen.api.registry import BY_NAME, NETWORKING

BY_SPEC: dict[str, Callable[[Report, Any], None]] = {
    "VirtualService": virtual_service.virtual_service,
    "DestinationRule": destination_rule.destination_rule,
    "Gateway": gateway.gateway,
    "WorkloadEntry": workload_entry.workload_entry,
    "WorkloadGroup": workload_group.workload_group,
    "Sidecar": sidecar.sidecar,
    "EnvoyFilter": envoy_filter.envoy_filter,
    "ProxyConfig": proxy_config.proxy_config,
    "MeshConfig": mesh_config.mesh_config,
    "MeshNetworks": mesh_networks.mesh_networks,
    "Service": kubernetes_service.service,
    "Deployment": kubernetes_pod.deployment,
    "Pod": kubernetes_pod.pod,
    "Namespace": kubernetes_data.namespace,
    "Secret": kubernetes_data.secret,
    "ConfigMap": kubernetes_data.config_map,
    "Endpoints": kubernetes_endpoints.endpoints,
}
"""Kinds whose spec is enough to judge them."""

BY_OBJECT: dict[str, Callable[[Report, Object[Any]], None]] = {
    "ServiceEntry": service_entry.service_entry,
    "EndpointSlice": kubernetes_endpoints.endpoint_slice,
}
"""Kinds whose labels have a say."""


def check(obj: Object[Any]) -> tuple[Finding, ...]:
    """Return everything that is wrong with an object alone, or probably not meant; never raises for any input."""
    report = Report(obj.ref)
    kind = BY_NAME.get(obj.kind)
    metadata.metadata(report, "metadata", obj.meta, istio=kind is not None and kind.group == NETWORKING)
    if (of_spec := BY_SPEC.get(obj.kind)) is not None:
        of_spec(report, obj.spec)
    elif (of_object := BY_OBJECT.get(obj.kind)) is not None:
        of_object(report, obj)
    not_yet(report, obj.spec)
    return tuple(report.found)
