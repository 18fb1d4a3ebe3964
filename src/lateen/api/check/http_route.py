"""HTTPRoute of a VirtualService (pkg/config/validation/virtualservice.go)."""

from msgspec import Struct

from lateen.api.check import destinations, http_actions, http_match, http_operations
from lateen.api.check.primitives.durations import duration
from lateen.api.check.primitives.numbers import share
from lateen.api.check.report import Report
from lateen.api.check.retries import retries
from lateen.api.virtual_service import HTTPRoute


class Rules(Struct, frozen=True):
    """What the VirtualService says about its routes."""

    delegate: bool
    """The VirtualService has no hosts."""
    claims: bool
    """Claims of tokens may be asked for: every gateway is a real one."""


def http_route(report: Report, path: str, route: HTTPRoute, rules: Rules) -> None:
    """Check one HTTP rule."""
    _conflicts(report, path, route, rules)
    for place, match in enumerate(route.match):
        http_match.http_match(report, f"{path}.match[{place}]", match, claims=rules.claims)
    if route.route:
        destinations.http(report, path, route.route)
    if route.headers is not None:
        http_operations.headers(report, f"{path}.headers", route.headers)
        http_operations.one_authority(report, path, route)
    duration(report, path, "timeout", route.timeout)
    retries(report, f"{path}.retries", route.retries)
    _answers(report, path, route)
    _mirrors(report, path, route)


def _answers(report: Report, path: str, route: HTTPRoute) -> None:
    if route.redirect is not None:
        http_actions.redirect(report, f"{path}.redirect", route.redirect, route.match)
    if route.direct_response is not None:
        http_actions.direct_response(report, f"{path}.directResponse", route.direct_response)
    if route.rewrite is not None:
        http_actions.rewrite(report, f"{path}.rewrite", route.rewrite)
    if route.fault is not None:
        http_actions.fault(report, f"{path}.fault", route.fault)
    if route.cors_policy is not None:
        http_actions.cors(report, f"{path}.corsPolicy", route.cors_policy)


def _conflicts(report: Report, path: str, route: HTTPRoute, rules: Rules) -> None:
    if route.delegate is not None and not rules.delegate:
        for field, given in (("redirect", route.redirect), ("route", route.route)):
            if given:
                report.error(f"{path}.{field}", f"{field} and delegate exclude each other")
        return
    if route.delegate is not None:
        report.error(
            f"{path}.delegate", "a delegate cannot delegate again", "give the VirtualService hosts, or routes"
        )
    action = _action(route)
    if action:
        others = (("route", route.route), ("fault", route.fault), ("rewrite", route.rewrite))
        both = action == "redirect" and route.direct_response is not None
        for field, rival in (*others, ("directResponse", both)):
            if rival:
                report.error(f"{path}.{field}", f"{field} and {action} exclude each other")
    elif not route.route:
        report.error(
            path, "the rule leads nowhere: one of route, redirect, directResponse and delegate is needed"
        )
    if route.mirror is not None and route.mirrors:
        report.error(f"{path}.mirrors", "mirror and mirrors exclude each other")


def _action(route: HTTPRoute) -> str:
    if route.redirect is not None:
        return "redirect"
    return "directResponse" if route.direct_response is not None else ""


def _mirrors(report: Report, path: str, route: HTTPRoute) -> None:
    if route.mirror is not None:
        destinations.destination(report, f"{path}.mirror", route.mirror)
    share(report, f"{path}.mirrorPercentage", route.mirror_percentage)
    for place, mirror in enumerate(route.mirrors):
        where = f"{path}.mirrors[{place}]"
        if mirror.destination is None:
            report.error(f"{where}.destination", "the mirror has no destination")
        else:
            destinations.destination(report, f"{where}.destination", mirror.destination)
        share(report, f"{where}.percentage", mirror.percentage)
    if route.mirror_percent is not None:
        hint = "use mirrorPercentage: {value: …}"
        report.warning(f"{path}.mirrorPercent", "mirrorPercent is deprecated", hint)
    if (route.mirror_percent or 0) > 100:
        report.error(f"{path}.mirrorPercent", f"{route.mirror_percent} is more than 100 percent")
