"""The columns of `get`, per kind: those of kubectl and of Istio's CRDs (additionalPrinterColumns)."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from lateen.cli.age import age, moment

Document = dict[str, Any]


class Column(NamedTuple):
    """One column."""

    header: str
    value: Callable[[Document], str]
    wide: bool = False
    """Only with `-o wide`."""


def text(document: Document, *path: str) -> str:
    """Return a field as text: lists as JSON as kubectl writes them, empty when it is missing."""
    value: Any = document
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _field(header: str, *path: str) -> Column:
    return Column(header, lambda document: text(document, *path))


def _ports(document: Document) -> str:
    ports = document.get("spec", {}).get("ports") or ()
    return ",".join(f"{port.get('port', '')}/{port.get('protocol') or 'TCP'}" for port in ports) or "<none>"


def _cluster_ip(document: Document) -> str:
    return text(document, "spec", "clusterIP") or (
        "<none>" if _service_type(document) == "ExternalName" else ""
    )


def _service_type(document: Document) -> str:
    return text(document, "spec", "type") or "ClusterIP"


def _selector(document: Document) -> str:
    return _pairs(document.get("spec", {}).get("selector") or {})


def _pairs(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "<none>"


def _count(*keys: str) -> Callable[[Document], str]:
    return lambda document: str(sum(len(document.get(key) or {}) for key in keys))


def _replicas(document: Document) -> int:
    wanted = document.get("spec", {}).get("replicas")
    return 1 if wanted is None else int(wanted)


def _available(document: Document) -> int:
    return int(document.get("status", {}).get("readyReplicas") or 0)


def _pod_ready(document: Document) -> str:
    containers = len(document.get("spec", {}).get("containers") or ()) or 1
    conditions = document.get("status", {}).get("conditions") or ()
    ready = any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)
    return f"{containers if ready else 0}/{containers}"


def _slice_ports(document: Document) -> str:
    return ",".join(str(port.get("port", "")) for port in document.get("ports") or ()) or "<unset>"


def _slice_endpoints(document: Document) -> str:
    return (
        ",".join(address for one in document.get("endpoints") or () for address in one.get("addresses") or ())
        or "<none>"
    )


COLUMNS: dict[str, tuple[Column, ...]] = {
    "VirtualService": (_field("GATEWAYS", "spec", "gateways"), _field("HOSTS", "spec", "hosts")),
    "DestinationRule": (_field("HOST", "spec", "host"),),
    "ServiceEntry": (
        _field("HOSTS", "spec", "hosts"),
        _field("LOCATION", "spec", "location"),
        _field("RESOLUTION", "spec", "resolution"),
    ),
    "WorkloadEntry": (_field("ADDRESS", "spec", "address"),),
    "Service": (
        Column("TYPE", _service_type),
        Column("CLUSTER-IP", _cluster_ip),
        Column("EXTERNAL-IP", lambda document: text(document, "spec", "externalName") or "<none>"),
        Column("PORT(S)", _ports),
        Column("SELECTOR", _selector, wide=True),
    ),
    "Deployment": (
        Column("READY", lambda document: f"{_available(document)}/{_replicas(document)}"),
        Column("UP-TO-DATE", lambda document: str(_replicas(document))),
        Column("AVAILABLE", lambda document: str(_available(document))),
    ),
    "Pod": (
        Column("READY", _pod_ready),
        Column("STATUS", lambda document: text(document, "status", "phase") or "Unknown"),
        Column("IP", lambda document: text(document, "status", "podIP") or "<none>", wide=True),
        Column("LABELS", lambda document: _pairs(document["metadata"].get("labels") or {}), wide=True),
    ),
    "Namespace": (Column("STATUS", lambda _: "Active"),),
    "Secret": (_field("TYPE", "type"), Column("DATA", _count("data", "stringData"))),
    "ConfigMap": (Column("DATA", _count("data", "binaryData")),),
    "EndpointSlice": (
        _field("ADDRESSTYPE", "addressType"),
        Column("PORTS", _slice_ports),
        Column("ENDPOINTS", _slice_endpoints),
    ),
}


def headers(kind: str, *, wide: bool, everywhere: bool) -> list[str]:
    """Return the header line for a kind."""
    shown = [column.header for column in COLUMNS.get(kind, ()) if wide or not column.wide]
    return [*(["NAMESPACE"] if everywhere else []), "NAME", *shown, "AGE", *(["ORIGIN"] if wide else [])]


def cells(kind: str, row: Document, *, wide: bool, everywhere: bool, prefix: str = "") -> list[str]:
    """Return the line of one object (an `ObjectRow`)."""
    document = row["document"]
    metadata = document.get("metadata", {})
    shown = [column.value(document) for column in COLUMNS.get(kind, ()) if wide or not column.wide]
    since = moment(metadata.get("creationTimestamp", "")) or row["since"]
    place = f"{row['file']}:{row['line']}" if row["file"] else row["source"]
    return [
        *([metadata.get("namespace", "")] if everywhere else []),
        f"{prefix}{metadata.get('name', '')}",
        *shown,
        age(since),
        *([place] if wide else []),
    ]
