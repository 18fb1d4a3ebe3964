"""Rules and matches for TCP and TLS that no connection ever reaches: warnings (validation.go analyzeUnreachable…Rules).

HTTP rules are judged by `analyze`, which proves what it says with an example instead of comparing texts.
"""

from msgspec.structs import astuple

from lateen.api import codes
from lateen.api.check.report import Report
from lateen.api.virtual_service import L4MatchAttributes, TCPRoute, TLSMatchAttributes, TLSRoute

Match = L4MatchAttributes | TLSMatchAttributes
Seen = dict[tuple[object, ...], tuple[int, int]]
"""Rule and place of each match, by what it asks for."""


def l4(report: Report, path: str, routes: tuple[TCPRoute, ...] | tuple[TLSRoute, ...]) -> None:
    """Warn about TCP or TLS rules and matches that are never reached."""
    if len(routes) > 1 or (routes and len(routes[0].match) > 1):
        _unreachable(report, path, routes)


def _unreachable(report: Report, path: str, routes: tuple[TCPRoute | TLSRoute, ...]) -> None:
    seen: Seen = {}
    open_rule = -1
    for number, route in enumerate(routes):
        where = f"{path}[{number}]"
        if open_rule >= 0:
            message = (
                f"the rule is never used: rule {open_rule + 1} before it has no match and takes everything"
            )
            report.warning(where, message, "move the rule without match to the end", codes.UNREACHABLE_RULE)
        elif not route.match:
            open_rule = number
        elif _duplicates(report, where, route.match, number, seen) == len(route.match):
            message = "the rule is never used: all its matches are in rules before it"
            report.warning(where, message, "remove it", codes.UNREACHABLE_RULE)


def _duplicates(report: Report, path: str, matches: tuple[Match, ...], number: int, seen: Seen) -> int:
    """Warn about matches that were seen before; returns how many."""
    found = 0
    for place, match in enumerate(matches):
        first = seen.setdefault(_asked(match), (number, place))
        if first != (number, place):
            message = f"the match is never used: match {first[1] + 1} of rule {first[0] + 1} is the same"
            report.warning(
                f"{path}.match[{place}]", message, "remove one of the two", codes.INEFFECTIVE_MATCH
            )
            found += 1
    return found


def _asked(match: Match) -> tuple[object, ...]:
    """Write what a match asks for as something to look up."""
    return tuple(tuple(sorted(one.items())) if isinstance(one, dict) else one for one in astuple(match))
