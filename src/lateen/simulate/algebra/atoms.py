"""All values of one text, divided by which of some patterns they fulfil: an example for every combination there is."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from lateen.simulate.algebra import regex
from lateen.simulate.algebra.automaton import LIMIT, Automaton, States
from lateen.simulate.algebra.characters import Ranges
from lateen.simulate.algebra.regex import Node, UndecidableError
from lateen.simulate.strings import full_match

Kind = Literal["exact", "prefix", "suffix", "contains", "regex"]
Signature = frozenset[int]
"""The numbers of the patterns that a text fulfils; of all others it fulfils the opposite."""


class Pattern(NamedTuple):
    """A condition on a whole text."""

    kind: Kind
    text: str
    ignore_case: bool = False

    def holds(self, text: str) -> bool:
        """Tell whether a text fulfils it."""
        if self.kind == "regex":
            return full_match(self.text, text)
        wanted, got = (self.text.lower(), text.lower()) if self.ignore_case else (self.text, text)
        if self.kind == "exact":
            return got == wanted
        if self.kind == "prefix":
            return got.startswith(wanted)
        return got.endswith(wanted) if self.kind == "suffix" else wanted in got


class Base(NamedTuple):
    """The texts that there can be at all: a regular expression, and examples that people like to read."""

    regex: str
    samples: tuple[str, ...] = ()


def tree(pattern: Pattern) -> Node:
    """Return a pattern as a tree.

    Raises:
        UndecidableError: it cannot be reasoned about.
    """
    if pattern.kind == "regex":
        return regex.parse(pattern.text)
    text = regex.literal(pattern.text, ignore_case=pattern.ignore_case)
    before = (regex.ANYTHING,) if pattern.kind in ("suffix", "contains") else ()
    after = (regex.ANYTHING,) if pattern.kind in ("prefix", "contains") else ()
    return Node("cat", parts=(*before, text, *after))


def atoms(base: Base, patterns: Sequence[Pattern]) -> dict[Signature, str]:
    """Return an example for every combination of fulfilled patterns that some text of the base has.

    Examples are samples of the base where one fits, else the shortest texts.

    Raises:
        UndecidableError: some pattern cannot be reasoned about, or all together are too complex.
    """
    found = _of_literals(base, patterns)
    if found is None:
        found = _of_automaton(base, patterns)
    liked = {signature(patterns, sample): sample for sample in reversed(base.samples)}
    return {
        one: liked[one] if one in liked and full_match(base.regex, liked[one]) else text
        for one, text in found.items()
    }


def signature(patterns: Iterable[Pattern], text: str) -> Signature:
    """Return the numbers of the patterns that a text fulfils."""
    return frozenset(number for number, pattern in enumerate(patterns) if pattern.holds(text))


_ENDINGS = ("", "x", "y", "-", "/x", "/y", ".x", "_", "0", "~x", "xy")


def _of_literals(base: Base, patterns: Sequence[Pattern]) -> dict[Signature, str] | None:
    """Do without an automaton where all patterns are fixed texts and prefixes; None where that cannot be done.

    What a text fulfils depends on the longest pattern that it begins with, and whether anything follows: one example for
    each of the two is enough.
    """
    if any(pattern.kind not in ("exact", "prefix") or pattern.ignore_case for pattern in patterns):
        return None
    exact: dict[str, set[int]] = {}
    prefixes: dict[str, set[int]] = {}
    for number, pattern in enumerate(patterns):
        (exact if pattern.kind == "exact" else prefixes).setdefault(pattern.text, set()).add(number)
    root = "/" if base.regex.startswith(("/", "(?:/")) else ""
    texts = {root, *(text for text in (*exact, *prefixes) if text.startswith(root))}
    found: dict[Signature, str] = {}
    for text in sorted(texts, key=lambda one: (len(one), one)):
        inherited = _prefixes_of(text, prefixes)
        if text in exact and full_match(base.regex, text):
            found.setdefault(frozenset(inherited | exact[text]), text)
        wanted = frozenset(inherited)
        if wanted in found:
            continue
        example = _continued(base, text, texts, exact)
        if example is None:
            return None
        found[wanted] = example
    return found


def _prefixes_of(text: str, prefixes: Mapping[str, set[int]]) -> set[int]:
    return set().union(*(prefixes.get(text[:length], ()) for length in range(len(text) + 1)))


def _continued(base: Base, text: str, texts: set[str], exact: Mapping[str, set[int]]) -> str | None:
    """Return a possible text that goes on after `text` (or is it, when it is no fixed text), and begins with no longer pattern."""
    for ending in _ENDINGS if text not in exact else _ENDINGS[1:]:
        example = text + ending
        longer = (example[:length] for length in range(len(text) + 1, len(example) + 1))
        if not any(one in texts for one in longer) and full_match(base.regex, example):
            return example
    return None


_LIKED = tuple(ord(one) for one in "xyabcdefghijklmnopqrstuvwz0123456789XABCDEFGHIJKLMNOPQRSTUVWYZ-_./")


def _of_automaton(base: Base, patterns: Sequence[Pattern]) -> dict[Signature, str]:
    automaton = Automaton([regex.parse(base.regex), *(tree(pattern) for pattern in patterns)])
    found: dict[Signature, str] = {}
    texts: dict[States, str] = {automaton.start: ""}
    left = deque(texts)
    while left:
        states = left.popleft()
        text = texts[states]
        accepted = automaton.accepted(states, start=not text)
        if 0 in accepted:
            fulfilled = frozenset(number - 1 for number in accepted if number)
            if not found.get(fulfilled):  # an empty text is the poorest of examples
                found[fulfilled] = text
        if len(texts) > LIMIT:
            raise UndecidableError(f"the patterns together need more than {LIMIT} states")
        for through, reached in sorted(automaton.steps(states), key=lambda step: step[0]):
            if reached not in texts and automaton.is_alive(reached):
                texts[reached] = text + _readable(through)
                left.append(reached)
    return found


def _readable(found: Ranges) -> str:
    for code in _LIKED:
        if any(low <= code <= high for low, high in found):
            return chr(code)
    return chr(next((low for low, _ in found), 0))
