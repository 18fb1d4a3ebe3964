"""Ports, percentages, HTTP status codes and other numbers."""

from lateen.api.check.report import Report
from lateen.api.common import Percent

HIGHEST_PORT = 65535
SMALLEST_PERCENT = 0.0001
LOWEST_STATUS, HIGHEST_STATUS = 200, 599


def port(report: Report, path: str, value: int) -> None:
    """Check a port number that has to be there."""
    if 1 <= value <= HIGHEST_PORT:
        return
    if value == 0:
        report.error(path, "the port is missing", "write a number from 1 to 65535")
    else:
        report.error(path, f"{value} is not a port; ports go from 1 to {HIGHEST_PORT}")


def optional_port(report: Report, path: str, value: int | None) -> None:
    """Check a port number; unset and 0 are the same."""
    if value and value > HIGHEST_PORT:
        report.error(path, f"{value} is not a port; ports go from 1 to {HIGHEST_PORT}")


def fraction(report: Report, path: str, value: Percent | None) -> None:
    """Check a share of requests as faults have it: 0, or 0.0001 to 100."""
    share = value.value if value is not None else None
    if share is not None and (share < 0 or share > 100 or 0 < share < SMALLEST_PERCENT):
        report.error(
            f"{path}.value",
            f"{share:g} is not a percentage; write 0 or a number from {SMALLEST_PERCENT} to 100",
        )


def share(report: Report, path: str, value: Percent | None) -> None:
    """Check a share of requests as mirrors have it: 0 to 100."""
    if value is not None and value.value is not None and not 0 <= value.value <= 100:
        report.error(f"{path}.value", f"{value.value:g} is not a percentage; write a number from 0 to 100")


def percent(report: Report, path: str, value: float | None) -> None:
    """Check a percentage, 0 to 100."""
    if value is not None and not 0 <= value <= 100:
        report.error(path, f"{value:g} is not a percentage; write a number from 0 to 100")


def status(report: Report, path: str, value: int) -> None:
    """Check the status of an answer. Istio's check lets 600 pass, which Envoy does not take."""
    if value == 0:
        report.error(path, "the status is missing", "write a number from 200 to 599")
    elif value == HIGHEST_STATUS + 1:
        report.envoy(path, f"{value} is not an HTTP status; write a number from 200 to 599")
    elif not LOWEST_STATUS <= value <= HIGHEST_STATUS:
        report.error(path, f"{value} is not an HTTP status; write a number from 200 to 599")


def not_negative(report: Report, path: str, value: int | None) -> None:
    """Check a count; the last part of the path is its name."""
    if value is not None and value < 0:
        report.error(path, f"{path.rpartition('.')[2]} is {value}; it cannot be negative")
