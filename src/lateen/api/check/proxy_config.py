"""ProxyConfig (pkg/config/validation/validation.go ValidateProxyConfig, and the CRD's schema)."""

from lateen.api.check.primitives.labels import selector
from lateen.api.check.primitives.numbers import not_negative
from lateen.api.check.report import Report
from lateen.api.proxy_config import ProxyConfig

LONGEST_VALUE = 2048


def proxy_config(report: Report, spec: ProxyConfig) -> None:
    """Check a ProxyConfig."""
    if spec.selector is not None:
        path = "spec.selector.matchLabels"
        selector(
            report, path, spec.selector.match_labels, "the settings are for every workload in the namespace"
        )
    not_negative(report, "spec.concurrency", spec.concurrency)
    for name, text in spec.environment_variables.items():
        if len(text) > LONGEST_VALUE:
            report.error(
                f"spec.environmentVariables[{name}]", f"the value has more than {LONGEST_VALUE} characters"
            )
