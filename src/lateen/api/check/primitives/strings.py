"""Conditions on texts (StringMatch), and texts that go to Envoy as they are."""

from lateen.api.check.primitives.regexes import regex
from lateen.api.check.report import Report
from lateen.api.common import StringMatch

PRESENT = "*"
"""Not an expression, but Istio reads it as "any value"."""
BREAKS = ("\n", "\r", "\0")


def string_match(report: Report, path: str, match: StringMatch | None) -> None:
    """Check a condition whose prefix must not be empty (everything but a path)."""
    if match is None:
        return
    if match.prefix == "":
        report.error(f"{path}.prefix", "an empty prefix matches everything", "write {} to ask for presence")
    pattern(report, path, match)


def pattern(report: Report, path: str, match: StringMatch | None) -> None:
    """Check the expression of a condition, if it is one."""
    if match is None or match.regex is None:
        return
    if match.regex == PRESENT:
        report.error(
            f"{path}.regex",
            "'*' is not a regular expression",
            "write {} to ask for presence, or .* for any text",
        )
    else:
        report.wrong(f"{path}.regex", regex(match.regex))


def one_line(report: Report, path: str, text: str | None) -> None:
    """Check a text that ends up in a request: Envoy refuses line breaks and NUL in it."""
    if text and any(one in text for one in BREAKS):
        report.envoy(path, "a line break or NUL cannot be part of it")
