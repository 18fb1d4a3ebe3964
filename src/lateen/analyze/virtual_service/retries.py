"""LAT0107, LAT0108: retries that the timeout leaves no room for, and retries of requests that are not idempotent."""

from lateen.analyze.catalogue import Code
from lateen.analyze.report import found, joined
from lateen.analyze.virtual_service.containment import holds
from lateen.analyze.virtual_service.walk import rule_name, virtual_service
from lateen.api.common import Duration
from lateen.api.finding import Finding
from lateen.api.meta import Ref
from lateen.api.virtual_service import HTTPRetry, HTTPRoute
from lateen.engine import Database

UNSAFE = ("POST", "PATCH")
AFTER_EFFECT = frozenset(
    {"5xx", "gateway-error", "reset", "retriable-4xx", "500", "502", "503", "504", "deadline-exceeded", "internal", "unknown"}
)  # fmt: skip
"""Conditions under which the application may already have acted; connect-failure and refused-stream are not among them."""


def retries(db: Database, ref: Ref) -> tuple[Finding, ...]:
    """Judge the retries of each rule."""
    one = virtual_service(db, ref)
    if one is None:
        return ()
    findings: list[Finding] = []
    for index, rule in enumerate(one.spec.http):
        if rule.retries is not None and (rule.retries.attempts or 0) > 0:
            findings += _fit(ref, index, rule, rule.retries)
            findings += _repeats(ref, index, rule, rule.retries)
    return tuple(findings)


def _fit(ref: Ref, index: int, rule: HTTPRoute, wanted: HTTPRetry) -> list[Finding]:
    timeout, each, attempts = rule.timeout, wanted.per_try_timeout, wanted.attempts or 0
    if not timeout or not each or each * attempts < timeout:
        return []
    begun = -(-timeout // each)  # tries that begin before the timeout
    total = _seconds(each * (attempts + 1))
    message = (
        f"{rule_name(index, rule)} has {attempts + 1} tries of {_seconds(each)} ({total} and the pauses between them) "
        f"and a timeout of {_seconds(timeout)}: when a try times out, only {begun} of them begin"
    )
    hint = f"raise timeout above {total}, or lower perTryTimeout"
    return [found(Code.RETRIES_DO_NOT_FIT, ref, f"spec.http[{index}].retries", message, hint)]


def _repeats(ref: Ref, index: int, rule: HTTPRoute, wanted: HTTPRetry) -> list[Finding]:
    conditions = [part.strip() for part in (wanted.retry_on or "").split(",")]
    risky = [part for part in conditions if part in AFTER_EFFECT]
    methods = [
        name for name in UNSAFE if any(c.method is not None and holds(c.method, name) for c in rule.match)
    ]
    if not risky or not methods:
        return []
    message = (
        f"{rule_name(index, rule)} takes {joined(methods)} and retries on {joined(risky)}, "
        "when the application may have acted already"
    )
    hint = "retry these only on connect-failure,refused-stream, or set attempts: 0 for them in a rule of their own"
    return [found(Code.RETRIES_REPEAT_EFFECTS, ref, f"spec.http[{index}].retries.retryOn", message, hint)]


def _seconds(length: int) -> str:
    return f"{Duration(length).seconds:g}s"
