"""Namespace, Secret and ConfigMap, as far as a Kubernetes API server checks what matters here."""

from lateen.api.check.primitives.kubernetes_names import LABEL, keys
from lateen.api.check.report import Report
from lateen.api.kubernetes import ConfigMap, Namespace, Secret

TLS = "kubernetes.io/tls"
PAIR = ("tls.crt", "tls.key")
LARGEST = 1024 * 1024


def namespace(report: Report, spec: Namespace) -> None:  # noqa: ARG001  one form for every kind
    """Check a Namespace."""
    if not LABEL.fullmatch(report.ref.name):
        report.error(
            "metadata.name",
            f"{report.ref.name!r} is not a name for a namespace: no dots, at most 63 characters",
        )


def secret(report: Report, spec: Secret) -> None:
    """Check a Secret; its values are never shown."""
    keys(report, "data", spec.data)
    keys(report, "stringData", spec.string_data)
    _size(report, *spec.data.values(), *spec.string_data.values())
    for name in PAIR if spec.type == TLS else ():
        if name not in spec.data and name not in spec.string_data:
            report.error("data", f"a Secret of type {TLS} has the key {name}")


def config_map(report: Report, spec: ConfigMap) -> None:
    """Check a ConfigMap."""
    keys(report, "data", spec.data)
    keys(report, "binaryData", spec.binary_data)
    _size(report, *spec.data.values(), *spec.binary_data.values())
    for name in spec.data.keys() & spec.binary_data.keys():
        report.error(f"binaryData[{name}]", f"the key {name} is in data, too")


def _size(report: Report, *values: str | bytes) -> None:
    size = sum(map(len, values))
    if size > LARGEST:
        report.error("data", f"the values have {size} bytes, at most {LARGEST} are allowed (1 MiB)")
