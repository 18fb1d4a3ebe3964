"""Destinations with their weights (pkg/config/validation/validation.go validateDestination, validate…Destinations)."""

from lateen.api.check import http_operations
from lateen.api.check.primitives.dns import label, wildcard
from lateen.api.check.primitives.numbers import not_negative, port
from lateen.api.check.report import Report
from lateen.api.common import Destination
from lateen.api.virtual_service import HTTPRouteDestination, RouteDestination

LARGEST_SUM = 2**32 - 1


def destination(report: Report, path: str, given: Destination) -> None:
    """Check a service to send requests to."""
    if given.host == "*":
        report.error(f"{path}.host", "a destination is one service, '*' is all of them")
    elif not given.host:
        report.error(f"{path}.host", "the host is missing")
    else:
        report.wrong(f"{path}.host", wildcard(given.host))
    if given.subset:
        report.wrong(f"{path}.subset", label(given.subset, "the name of a subset"))
    if given.port is not None:
        port(report, f"{path}.port.number", given.port.number)


def http(report: Report, path: str, given: tuple[HTTPRouteDestination, ...]) -> None:
    """Check the destinations of an HTTP rule; `path` is the rule's."""
    for place, one in enumerate(given):
        if one.headers is not None:
            http_operations.headers(report, f"{path}.route[{place}].headers", one.headers)
    weighted(report, path, given)


def weighted(report: Report, path: str, given: tuple[HTTPRouteDestination | RouteDestination, ...]) -> None:
    """Check destinations and weights; `path` is the rule's."""
    total = 0
    for place, one in enumerate(given):
        where = f"{path}.route[{place}]"
        if one.destination is None:
            report.error(where, "the destination is missing")
        else:
            destination(report, f"{where}.destination", one.destination)
        if one.weight is not None:
            not_negative(report, f"{where}.weight", one.weight)
            total += one.weight
    if len(given) > 1 and total == 0:
        report.error(
            f"{path}.route", "the weights add up to 0, so no destination is ever chosen", "give one a weight"
        )
    elif len(given) > 1 and total > LARGEST_SUM:
        report.envoy(f"{path}.route", f"the weights add up to {total}, at most {LARGEST_SUM} are allowed")
