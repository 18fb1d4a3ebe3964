"""Durations: how short and how exact they may be.

Source: pkg/config/validation/agent/validation.go ValidateDuration; the upper limit is Envoy's, which counts nanoseconds.
"""

from lateen.api.check.report import Report
from lateen.api.duration import Duration

MILLISECOND = 10**6
SECOND = 10**9
LONGEST = 9_000_000_000 * SECOND
"""285 years; what is much longer overflows in Envoy."""


def duration(report: Report, path: str, field: str, value: Duration | None, *, zero: bool = False) -> None:
    """Check a duration: at least a millisecond and a whole number of them; with `zero`, 0s too."""
    if value is None or (zero and 0 <= value < MILLISECOND):
        return
    if value < MILLISECOND:
        hint = f"leave {field} out for none" if value == 0 else ""
        report.error(
            at(path, field), f"{field} is {value}; a duration is at least 1ms{' or 0s' if zero else ''}", hint
        )
    elif value % MILLISECOND:
        report.error(at(path, field), f"{field} is {value}; a duration is a whole number of milliseconds")
    elif value > LONGEST:
        report.envoy(at(path, field), f"{field} is {value}, which is more than Envoy can count")


def span(report: Report, path: str, field: str, value: Duration | None) -> None:
    """Check a duration that may be anything but negative."""
    if value is not None and value < 0:
        report.error(at(path, field), f"{field} is {value}; it cannot be negative")
    elif value is not None and value > LONGEST:
        report.envoy(at(path, field), f"{field} is {value}, which is more than Envoy can count")


def at(path: str, field: str) -> str:
    """Join a path and a field; MeshConfig's own fields have no path before them."""
    return f"{path}.{field}" if path else field
