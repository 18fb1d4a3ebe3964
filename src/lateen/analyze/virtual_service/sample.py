"""A text that an RE2 expression matches: the shortest that is easy to find.

Only for examples. The caller checks the answer, so what is not understood here costs an example, never a wrong one.
"""

import re2

from lateen.api.check.primitives.regexes import QUIET

META = frozenset("\\.+*?()|[]{}^$")
"""Characters that mean more than themselves."""
_CLASSES = {"d": "0", "D": "a", "w": "a", "W": "-", "s": " ", "S": "a"}
_BREAKERS = {"d": "0", "w": "a", "s": " "}
_QUANTIFIERS = "*+?{"
_ZERO_WIDTH = "^$"
_COMMON = "a/0-_A.:@ "


def is_re2(regex: str) -> str:
    """Return why an expression is not RE2; empty when it is."""
    try:
        re2.compile(regex, QUIET)  # type: ignore[no-untyped-call]
    except re2.error as error:
        words = error.args[0] if error.args else ""
        return (
            words.decode(errors="replace") if isinstance(words, bytes) else str(words) or "not an expression"
        )
    return ""


def full_match(regex: str, text: str) -> bool:
    """Tell whether an expression matches the whole text; one that is not RE2 matches nothing."""
    return not is_re2(regex) and re2.compile(regex, QUIET).fullmatch(text) is not None  # type: ignore[no-untyped-call]


def sample(regex: str, beginning: str = "") -> str | None:
    """Return a text that the expression matches and that begins so, or None when none was found."""
    try:
        made = _Reader(regex).alternatives()
    except (IndexError, ValueError):
        made = ""
    candidates = (made, beginning, beginning + "a", beginning + made, made.lstrip(), "a", "1", "/")
    return next((one for one in candidates if one.startswith(beginning) and full_match(regex, one)), None)


class _Reader:
    """Reads an expression from left to right, and makes the text as it goes."""

    def __init__(self, regex: str) -> None:
        self.rest = regex

    def take(self) -> str:
        one, self.rest = self.rest[0], self.rest[1:]
        return one

    def alternatives(self) -> str:
        """Read until the end or a closing parenthesis; the first alternative counts."""
        first = self.sequence()
        while self.rest.startswith("|"):
            self.take()
            self.sequence()
        return first

    def sequence(self) -> str:
        made = ""
        while self.rest and self.rest[0] not in "|)":
            made += self.atom()
        return made

    def atom(self) -> str:
        one = self.take()
        if one in _ZERO_WIDTH:
            return ""
        text = (
            self.group()
            if one == "("
            else self.bracket()
            if one == "["
            else _escaped(self)
            if one == "\\"
            else one
        )
        return text.replace(".", "a") * self.times() if one == "." else text * self.times()

    def times(self) -> int:
        """Read a quantifier: the fewest repetitions that it allows."""
        if not self.rest or self.rest[0] not in _QUANTIFIERS:
            return 1
        kind = self.take()
        least = {"*": 0, "?": 0, "+": 1}.get(kind, 1)
        if kind == "{":
            inside, _, self.rest = self.rest.partition("}")
            least = int(inside.partition(",")[0])
        if self.rest.startswith("?"):
            self.take()
        return least

    def group(self) -> str:
        if self.rest.startswith("?"):
            self.rest = self.rest[1 + max(self.rest.find(":"), self.rest.find(">")) :]
        inside = self.alternatives()
        self.take()
        return inside

    def bracket(self) -> str:
        negated = self.rest.startswith("^")
        end = self.rest.index("]", 2 if negated else 1)
        inside, self.rest = self.rest[negated:end], self.rest[end + 1 :]
        if not negated:
            return _BREAKERS.get(inside[1], inside[1]) if inside.startswith("\\") else inside[0]
        return next((one for one in _COMMON if full_match(f"[^{inside}]", one)), "a")


def _escaped(reader: _Reader) -> str:
    one = reader.take()
    return "" if one in "bBAz" else _CLASSES.get(one, one)
