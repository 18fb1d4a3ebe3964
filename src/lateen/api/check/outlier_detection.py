"""OutlierDetection (validation.go validateOutlierDetection, and the CRD's schema)."""

from lateen.api.check.primitives.durations import duration
from lateen.api.check.primitives.numbers import percent
from lateen.api.check.report import Report
from lateen.api.destination_rule import OutlierDetection

LOWEST_STATUS, HIGHEST_STATUS = 100, 599


def outlier_detection(report: Report, path: str, given: OutlierDetection | None) -> None:
    """Check when endpoints are ejected."""
    if given is None:
        return
    duration(report, path, "interval", given.interval)
    duration(report, path, "baseEjectionTime", given.base_ejection_time)
    percent(report, f"{path}.maxEjectionPercent", given.max_ejection_percent)
    percent(report, f"{path}.minHealthPercent", given.min_health_percent)
    if given.consecutive_local_origin_failures and not given.split_external_local_origin_errors:
        message = "consecutiveLocalOriginFailures counts nothing without splitExternalLocalOriginErrors: true"
        report.error(
            f"{path}.consecutiveLocalOriginFailures", message, "set splitExternalLocalOriginErrors: true"
        )
    if given.consecutive_errors:
        hint = "use consecutive5xxErrors or consecutiveGatewayErrors"
        report.warning(
            f"{path}.consecutiveErrors",
            "consecutiveErrors is deprecated and has no effect",
            hint,
        )
    for place, code in enumerate(given.outlier_detection_http_error_codes):
        if not LOWEST_STATUS <= code <= HIGHEST_STATUS:
            where = f"{path}.outlierDetectionHttpErrorCodes[{place}]"
            report.error(where, f"{code} is not an HTTP status; write a number from 100 to 599")
