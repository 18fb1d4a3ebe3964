"""Durations in nanoseconds, written as Go writes them."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Self

NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
LIMIT = 2**63
SYNTAX = re.compile(rf"([+-]?)((?:{PART.pattern})+)", re.ASCII)


class Duration(int):
    """A span of time, counted in nanoseconds.

    The text form is Go's (`30ms`, `0.5s`, `1h30m`, `-1s`, plain `0`), which is what Istio's decoder reads and more than
    proto3 JSON allows.
    """

    __slots__ = ()

    @classmethod
    @lru_cache(maxsize=2**10)
    def parse(cls, text: str) -> Self:
        """Read Go's syntax; ValueError says what is wrong."""
        if text in {"0", "+0", "-0"}:
            return cls(0)
        found = SYNTAX.fullmatch(text)
        if found is None:
            raise ValueError(
                f"{text!r} is not a duration; write a number and a unit, such as 30ms, 5s or 1h30m"
            )
        total = sum(int(Decimal(number) * NANOSECONDS[unit]) for number, unit in PART.findall(found[2]))
        if total >= LIMIT:
            raise ValueError(f"{text!r} is longer than a duration can be (about 292 years)")
        return cls(-total if found[1] == "-" else total)

    @property
    def seconds(self) -> float:
        """The span in seconds."""
        return self / 10**9

    def __str__(self) -> str:
        """Write the shortest of Go's spellings that reads back as the same value: 1500000000 is `1.5s`."""
        nanoseconds = abs(int(self))
        sign = "-" if self < 0 else ""
        if nanoseconds % 10**9 == 0:
            return f"{sign}{nanoseconds // 10**9}s"
        if nanoseconds % 10**6 == 0 and nanoseconds < 10**9:
            return f"{sign}{nanoseconds // 10**6}ms"
        return f"{sign}{Decimal(nanoseconds) / 10**9:f}s"

    __repr__ = __str__
