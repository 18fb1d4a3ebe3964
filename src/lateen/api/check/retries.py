"""Retries (pkg/config/validation/agent/validation.go ValidateHTTPRetry)."""

from difflib import get_close_matches
from functools import lru_cache
from http import HTTPStatus

from lateen.api.check.primitives.durations import duration
from lateen.api.check.primitives.numbers import not_negative
from lateen.api.check.report import Report
from lateen.api.virtual_service import HTTPRetry

CONDITIONS = frozenset(
    [
        "5xx",
        "gateway-error",
        "reset",
        "reset-before-request",
        "connect-failure",
        "retriable-4xx",
        "refused-stream",
        "retriable-status-codes",
        "retriable-headers",
        "envoy-ratelimited",
        "http3-post-connect-failure",
        "cancelled",
        "deadline-exceeded",
        "internal",
        "resource-exhausted",
        "unavailable",
    ]
)
STATUS = frozenset(str(int(status)) for status in HTTPStatus)


def retries(report: Report, path: str, given: HTTPRetry | None) -> None:
    """Check when and how often requests are tried again."""
    if given is None:
        return
    not_negative(report, f"{path}.attempts", given.attempts)
    if not given.attempts:
        _without_attempts(report, path, given)
    duration(report, path, "perTryTimeout", given.per_try_timeout)
    duration(report, path, "backoff", given.backoff)
    if given.retry_on:
        report.wrong(f"{path}.retryOn", retry_on(given.retry_on))


def _without_attempts(report: Report, path: str, given: HTTPRetry) -> None:
    fields = {
        "perTryTimeout": given.per_try_timeout is not None,
        "retryOn": bool(given.retry_on),
        "retryRemoteLocalities": given.retry_remote_localities is not None,
    }
    said = [name for name, is_set in fields.items() if is_set]
    if said:
        words = " and ".join(said)
        report.error(
            f"{path}.{said[0]}",
            f"without attempts there are no retries, so {words} means nothing",
            "set attempts",
        )


@lru_cache(1024)
def retry_on(text: str) -> str:
    """Say what is wrong with a list of conditions and status codes."""
    for one in text.split(","):
        if one in CONDITIONS or one in STATUS:
            continue
        if one != one.strip() and one.strip() in CONDITIONS | STATUS:
            return f"{text!r} has a space beside {one.strip()!r}; the list is separated by commas only"
        near = get_close_matches(one, sorted(CONDITIONS), 1)
        return f"{one!r} is not a condition for retries" + (f"; did you mean {near[0]}?" if near else "")
    return ""
