"""DestinationRule (pkg/config/validation/validation.go ValidateDestinationRule)."""

from lateen.api.check.primitives.dns import label, wildcard
from lateen.api.check.primitives.export_to import export_to, only_own
from lateen.api.check.primitives.labels import istio_labels, selector
from lateen.api.check.report import Report
from lateen.api.check.traffic_policy import traffic_policy
from lateen.api.destination_rule import DestinationRule


def destination_rule(report: Report, spec: DestinationRule) -> None:
    """Check a DestinationRule."""
    if not spec.host:
        report.error("spec.host", "the host is missing")
    else:
        report.wrong("spec.host", wildcard(spec.host))
    traffic_policy(report, "spec.trafficPolicy", spec.traffic_policy)
    seen: set[str] = set()
    for place, subset in enumerate(spec.subsets):
        path = f"spec.subsets[{place}]"
        report.wrong(f"{path}.name", label(subset.name, "the name of a subset"))
        if subset.name in seen:
            report.error(f"{path}.name", f"the subset {subset.name} is there twice")
        seen.add(subset.name)
        istio_labels(report, f"{path}.labels", subset.labels)
        traffic_policy(report, f"{path}.trafficPolicy", subset.traffic_policy)
    export_to(report, "spec.exportTo", spec.export_to)
    if spec.workload_selector is not None:
        only_own(report, "spec.exportTo", spec.export_to)
        path = "spec.workloadSelector.matchLabels"
        selector(
            report,
            path,
            spec.workload_selector.match_labels,
            "the rule is for every workload in the namespace",
        )
