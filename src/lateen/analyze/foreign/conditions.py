"""IST0171: what a controller wrote into the status of an object (analyzers/conditions/conditions.go)."""

from collections.abc import Iterator
from typing import Any

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found
from lateen.api import facts, foreign
from lateen.api.finding import Finding
from lateen.api.meta import Object, Ref
from lateen.engine import Database

WAYPOINT = frozenset({"istio.io/WaypointBound"})
BAD_WHEN_FALSE = {
    "Service": WAYPOINT,
    "ServiceEntry": WAYPOINT,
    "WorkloadEntry": WAYPOINT,
    "AuthorizationPolicy": frozenset({"ZtunnelAccepted", "WaypointAccepted"}),
    "Gateway": frozenset({"Accepted", "Programmed", "ResolvedRefs"}),
    "HTTPRoute": frozenset({"Accepted", "Programmed", "ResolvedRefs"}),
    "GRPCRoute": frozenset({"Accepted", "Programmed", "ResolvedRefs"}),
}
"""Conditions by kind; others may well be false."""


def conditions(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Tell what is refused about an object of our own kinds."""
    one = facts.get(db, ref)
    every = getattr(one.status, "conditions", ()) if one is not None else ()
    return tuple(
        _finding(ref, f"status.conditions[{index}]", own.type, own.reason, own.message)
        for index, own in enumerate(every)
        if own.status == "False" and own.type in BAD_WHEN_FALSE.get(ref.kind, ())
    )


def status_conditions(_: Database, one: Object[Any]) -> Iterator[Finding]:
    """Tell what is refused about an object as a whole."""
    yield from _judged(one, "status", one.status)


def route_conditions(_: Database, one: Object[Any]) -> Iterator[Finding]:
    """Tell which parents refuse a route."""
    for index, parent in enumerate(foreign.listing(one.status, "parents")):
        yield from _judged(one, f"status.parents[{index}]", parent)


def _judged(one: Object[Any], path: str, status: Any) -> Iterator[Finding]:
    for index, own in enumerate(foreign.listing(status, "conditions")):
        name, reason = foreign.text(own, "type"), foreign.text(own, "reason")
        denied = foreign.text(own, "status") == "False" and name in BAD_WHEN_FALSE[one.kind]
        partly = (one.kind, name, reason) == ("AuthorizationPolicy", "WaypointAccepted", "PartiallyInvalid")
        if denied or partly:
            where = f"{path}.conditions[{index}]"
            yield _finding(one.ref, where, name, reason, foreign.text(own, "message"))


def _finding(ref: Ref, path: str, name: str, reason: str, message: str) -> Finding:
    words = f"{name} is refused: {reason or 'no reason is given'}{f', {message}' if message else ''}"
    return found(Code.NEGATIVE_CONDITION, ref, path, words)
