"""IST0127 and, of a Sidecar, IST0101: workload selectors that select nothing, on every kind that has one."""

from collections.abc import Mapping

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.analyze.templates import labels_of_templates, made_labels
from lateen.api import facts
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.engine import Database, deferred
from lateen.model import workload
from lateen.model.root import root_namespace
from lateen.model.selectors import Pairs, pairs

INGRESS_GATEWAY = {"app": "istio-ingressgateway", "istio": "ingressgateway"}
"""Labels of the gateway that every mesh has, as Istio's charts install it."""
INGRESS_NAMESPACE = "istio-system"
"""Where that gateway is, whatever the root namespace."""


def selection(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell when an object's workload selector selects nothing; in the root namespace it selects everywhere."""
    obj = facts.get(db, ref)
    path, labels = _selector(obj.spec) if obj is not None else ("", None)
    if not labels:
        return ()
    root = ref.namespace == root_namespace(db) and ref.kind not in ("ServiceEntry", "Sidecar")
    is_told = ref.kind == "Sidecar" or knows_workloads(db)
    if not is_told or is_taken(db, pairs(labels), "" if root else ref.namespace):
        return ()
    words = ", ".join(f"{key}={value}" for key, value in pairs(labels))
    where = "in any namespace" if root else f"in namespace {ref.namespace}"
    message = f"no workload {where} has the labels {words}: the {ref.kind} applies to nothing"
    code = Code.REFERENCE if ref.kind == "Sidecar" else Code.NO_WORKLOADS
    return (found(code, ref, path, message, nearby(db, labels, "" if root else ref.namespace)),)


def _selector(spec: object) -> tuple[str, Mapping[str, str] | None]:
    selector = getattr(spec, "workload_selector", None) or getattr(spec, "selector", None)
    field = "workloadSelector" if getattr(spec, "workload_selector", None) else "selector"
    for attribute, name in (("labels", "labels"), ("match_labels", "matchLabels")):
        labels = getattr(selector, attribute, None)
        if labels:
            return f"spec.{field}.{name}", labels
    return "", None


def knows_workloads(db: Database) -> bool:
    """Tell whether anything is known that could be selected; files may hold only rules."""
    return bool(facts.refs(db, "Pod") or facts.refs(db, "WorkloadEntry"))


def is_taken(db: Database, selector: Pairs, namespace: str) -> bool:
    """Tell whether a selector selects a workload of a namespace, or of any when that is empty."""
    if namespace in ("", INGRESS_NAMESPACE) and dict(selector).items() <= INGRESS_GATEWAY.items():
        return True
    spaces = (namespace,) if namespace else _namespaces(db)
    return any(
        workload.selected(db, kind, space, selector) for kind in ("Pod", "WorkloadEntry") for space in spaces
    ) or any(made_labels(db, space, selector) for space in spaces)


@deferred
def _namespaces(db: Database) -> tuple[str, ...]:
    running = {ref.namespace for kind in ("Pod", "WorkloadEntry") for ref in facts.refs(db, kind)}
    return tuple(sorted(running.union(labels_of_templates(db))))


def nearby(db: Database, labels: Mapping[str, str], namespace: str) -> str:
    """Say which values the labels have on workloads."""
    spaces = (namespace,) if namespace else _namespaces(db)
    for key in sorted(labels):
        values = sorted(
            {
                value
                for space in spaces
                for kind in ("Pod", "WorkloadEntry")
                for (name, value), _ in workload.by_label(db, kind, space).items()
                if name == key
            }
        )
        if labels[key] not in values:
            return (
                f"the workloads have {key}: {', '.join(values)}"
                if values
                else f"no workload has the label {key}"
            )
    return ""
