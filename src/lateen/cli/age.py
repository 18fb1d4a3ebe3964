"""Ages as kubectl writes them."""

import time
from datetime import datetime

MINUTE, HOUR, DAY = 60, 3600, 86400


def age(since: float) -> str:
    """Write the time since a moment (seconds since the epoch): `5s`, `3m20s`, `47m`, `5h12m`, `3d`; unknown for 0."""
    if not since:
        return "<unknown>"
    return duration(time.time() - since)


def duration(seconds: float) -> str:
    """Write a span of time with at most two units, as k8s.io/apimachinery's HumanDuration does."""
    whole = max(0, int(seconds))
    if whole < 2 * MINUTE:
        return f"{whole}s"
    if whole < 10 * MINUTE:
        return _two(whole, MINUTE, 1, "m", "s")
    if whole < 3 * HOUR:
        return f"{whole // MINUTE}m"
    if whole < 8 * HOUR:
        return _two(whole, HOUR, MINUTE, "h", "m")
    if whole < 2 * DAY:
        return f"{whole // HOUR}h"
    return _two(whole, DAY, HOUR, "d", "h") if whole < 8 * DAY else f"{whole // DAY}d"


def moment(timestamp: str) -> float:
    """Return an RFC 3339 timestamp as seconds since the epoch; 0 when it is empty or not one."""
    try:
        return datetime.fromisoformat(timestamp).timestamp() if timestamp else 0.0
    except ValueError:
        return 0.0


def _two(whole: int, large: int, small: int, large_sign: str, small_sign: str) -> str:
    rest = whole % large // small
    return f"{whole // large}{large_sign}" + (f"{rest}{small_sign}" if rest else "")
