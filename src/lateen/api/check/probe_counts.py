"""Times and thresholds of probes, which Kubernetes and Istio's WorkloadGroup write alike."""

from lateen.api.check.primitives.numbers import not_negative
from lateen.api.check.report import Report
from lateen.api.workload import Probe
from lateen.api.workload_group import ReadinessProbe


def probe_counts(report: Report, path: str, given: Probe | ReadinessProbe) -> None:
    """Check that none is negative."""
    counts = {
        "initialDelaySeconds": given.initial_delay_seconds,
        "timeoutSeconds": given.timeout_seconds,
        "periodSeconds": given.period_seconds,
        "successThreshold": given.success_threshold,
        "failureThreshold": given.failure_threshold,
    }
    for field, value in counts.items():
        not_negative(report, f"{path}.{field}", value)
