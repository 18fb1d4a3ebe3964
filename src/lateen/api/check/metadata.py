"""Metadata of objects of every kind (Kubernetes' API conventions; Istio's validateMetadata)."""

import re

from lateen.api.check.primitives.labels import key, labels
from lateen.api.check.report import Report
from lateen.api.meta import Meta

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
LONGEST_NAME = 253
LARGEST_ANNOTATIONS = 256 * 1024
DRY_RUN = "istio.io/dry-run"
RESERVED = (
    "internal.istio.io/parents",
    "internal.istio.io/parent-namespace",
    "internal.istio.io/webhook-always-reject",
)


def metadata(report: Report, path: str, meta: Meta, *, istio: bool) -> None:
    """Check names, labels and annotations; `istio` tells whether the kind is one of Istio's."""
    if meta.name and not (len(meta.name) <= LONGEST_NAME and SUBDOMAIN.fullmatch(meta.name)):
        message = (
            f"{meta.name!r} is not a name: lower-case letters, digits and '-', parts between dots not empty"
        )
        report.error(f"{path}.name", message)
    if meta.labels:
        labels(report, f"{path}.labels", meta.labels)
    if meta.annotations:
        _annotations(report, f"{path}.annotations", meta.annotations, istio=istio)


def _annotations(report: Report, path: str, given: dict[str, str], *, istio: bool) -> None:
    size = 0
    for name, text in given.items():
        size += len(name) + len(text)
        if wrong := key(name):
            report.error(f"{path}[{name}]", wrong.replace("a label", "an annotation"))
        elif istio and name in RESERVED:
            report.error(f"{path}[{name}]", f"{name} is for Istio's own use", "remove it")
        elif istio and name == DRY_RUN:
            report.error(f"{path}[{name}]", f"{name} is for AuthorizationPolicies only", "remove it")
    if size > LARGEST_ANNOTATIONS:
        report.error(
            path, f"the annotations have {size} characters, at most {LARGEST_ANNOTATIONS} are allowed"
        )
