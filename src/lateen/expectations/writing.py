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
            lines.append(f"FAILED {_place(result)}")
            lines += [f"  {words}" for words in result.problems]
        lines += [f"NOT JUDGED {_place(result)}: {words}" for words in result.unjudged]
        lines += [f"NOTE {_place(result)}: {words}" for words in result.notes]
    lines += [f"never exercised: {words}" for words in coverage.never[:NEVER]]
    if len(coverage.never) > NEVER:
        lines.append(f"and {len(coverage.never) - NEVER} more rules")
    return "\n".join([*lines, _summary(results, coverage)])


def _place(result: Result) -> str:
    engine = f"[{result.engine}] " if result.engine else ""
    return f"{engine}{result.case.name} ({result.case.place})"


def _summary(results: Sequence[Result], coverage: Coverage) -> str:
    failed = sum(bool(one.problems) for one in results)
    unjudged = sum(not one.problems and not one.judged for one in results)
    partly = sum(one.passed and bool(one.unjudged) for one in results)
    passed = f"{len(results) - failed - unjudged} passed"
    parts = [passed + (f" ({partly} judged in part)" if partly else "")]
    parts += [f"{failed} failed"] if failed else []
    parts += [f"{unjudged} not judged"] if unjudged else []
    done, known = coverage.counts
    return f"{', '.join(parts)}; {done} of {known} rules exercised ({coverage.percent:.0f}%)"


def json(results: Sequence[Result], coverage: Coverage) -> str:
    """Write everything as JSON."""
    value = {
        "results": [
            {
                "name": one.case.name,
                "place": one.case.place,
                "engine": one.engine or "simulator",
                "passed": one.passed,
                "problems": one.problems,
                "notes": one.notes,
                "judged": one.judged,
                "not_judged": one.unjudged,
            }
            for one in results
        ],
        "coverage": {"percent": round(coverage.percent, 2), "never": coverage.never},
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def junit(results: Sequence[Result], _: Coverage) -> str:
    """Write JUnit's XML."""
    failures = sum(bool(one.problems) for one in results)
    skipped = sum(not one.problems and not one.judged for one in results)
    counts = f'tests="{len(results)}" failures="{failures}" skipped="{skipped}"'
    head = f'<testsuite name="lateen" {counts}>'
    cases = "\n".join(_case(one) for one in results)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n{head}\n{cases}\n</testsuite>\n</testsuites>'
    )


def _case(result: Result) -> str:
    file, _, line = result.case.place.rpartition(":")
    name = f"{result.case.name} [{result.engine}]" if result.engine else result.case.name
    start = f"  <testcase name={quoteattr(name)} classname={quoteattr(file)} file={quoteattr(file)} line={quoteattr(line)}"
    if result.problems:
        words = "\n".join(result.problems)
        return (
            f"{start}><failure message={quoteattr(result.problems[0])}>{escape(words)}</failure></testcase>"
        )
    if not result.judged:
        return f"{start}><skipped message={quoteattr('; '.join(result.unjudged))}/></testcase>"
    if result.notes or result.unjudged:
        words = "\n".join([*result.notes, *(f"not judged: {one}" for one in result.unjudged)])
        return f"{start}><system-out>{escape(words)}</system-out></testcase>"
    return f"{start}/>"


FORMS = {"text": text, "json": json, "junit": junit}
