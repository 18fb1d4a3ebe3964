"""Results as text, JSON and JUnit."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

import msgspec

from lateen.expectations.coverage import Coverage
from lateen.expectations.running import Result

NEVER = 20
"""Rules without an expectation that are listed; more are counted."""


def text(results: Sequence[Result], coverage: Coverage) -> str:
    """Write what failed, what was never exercised, and a summary."""
    lines = []
    for result in results:
        if result.problems:
            lines.append(f"FAILED {result.case.name} ({result.case.place})")
            lines += [f"  {words}" for words in result.problems]
        lines += [f"NOTE {result.case.name} ({result.case.place}): {words}" for words in result.notes]
    lines += [f"never exercised: {words}" for words in coverage.never[:NEVER]]
    if len(coverage.never) > NEVER:
        lines.append(f"and {len(coverage.never) - NEVER} more rules")
    return "\n".join([*lines, _summary(results, coverage)])


def _summary(results: Sequence[Result], coverage: Coverage) -> str:
    failed = sum(not one.passed for one in results)
    parts = [f"{len(results) - failed} passed"]
    parts += [f"{failed} failed"] if failed else []
    done, known = coverage.counts
    return f"{', '.join(parts)}; {done} of {known} rules exercised ({coverage.percent:.0f}%)"


def json(results: Sequence[Result], coverage: Coverage) -> str:
    """Write everything as JSON."""
    value = {
        "results": [
            {
                "name": one.case.name,
                "place": one.case.place,
                "passed": one.passed,
                "problems": one.problems,
                "notes": one.notes,
            }
            for one in results
        ],
        "coverage": {"percent": round(coverage.percent, 2), "never": coverage.never},
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def junit(results: Sequence[Result], _: Coverage) -> str:
    """Write JUnit's XML."""
    failures = sum(bool(one.problems) for one in results)
    head = f'<testsuite name="lateen" tests="{len(results)}" failures="{failures}">'
    cases = "\n".join(_case(one) for one in results)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n{head}\n{cases}\n</testsuite>\n</testsuites>'
    )


def _case(result: Result) -> str:
    file, _, line = result.case.place.rpartition(":")
    start = f"  <testcase name={quoteattr(result.case.name)} classname={quoteattr(file)} file={quoteattr(file)} line={quoteattr(line)}"
    if result.problems:
        words = "\n".join(result.problems)
        return (
            f"{start}><failure message={quoteattr(result.problems[0])}>{escape(words)}</failure></testcase>"
        )
    if result.notes:
        words = "\n".join(result.notes)
        return f"{start}><system-out>{escape(words)}</system-out></testcase>"
    return f"{start}/>"


FORMS = {"text": text, "json": json, "junit": junit}
