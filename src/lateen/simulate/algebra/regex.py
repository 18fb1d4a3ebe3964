r"""RE2 expressions as trees, to be made automata of.

The syntax is RE2's (https://github.com/google/re2/wiki/Syntax). What no finite automaton over characters decides, or
what is not worth its tables here (`\b`, `(?m)`, `\C`, Unicode classes), is refused with the reason.
"""

from functools import lru_cache
from typing import Literal

import msgspec
import re2

from lateen.api.check.primitives.regexes import QUIET
from lateen.simulate.algebra import characters
from lateen.simulate.algebra.characters import Ranges

LONGEST = 1000
"""Repetitions; RE2's own limit."""


class UndecidableError(Exception):
    """The expression cannot be reasoned about; the text says why."""


class Node(msgspec.Struct, frozen=True):
    """A tree: a character of a set, a sequence, alternatives, a repetition, or an end of the text."""

    kind: Literal["chars", "cat", "alt", "repeat", "begin", "end"]
    chars: Ranges = ()
    parts: tuple["Node", ...] = ()
    least: int = 0
    most: int | None = None
    """None: without limit."""


EMPTY = Node("cat")
ANYTHING = Node("repeat", parts=(Node("chars", characters.complement(())),))


def literal(text: str, *, ignore_case: bool = False) -> Node:
    """Return the tree of a fixed text."""
    if ignore_case and not text.isascii():
        raise UndecidableError(f"{text!r} ignores the case of characters beyond ASCII")
    sets = (characters.single(one) for one in text)
    return Node(
        "cat",
        parts=tuple(
            Node("chars", characters.folded(one, unicode=False) if ignore_case else one) for one in sets
        ),
    )


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """Read an expression.

    Raises:
        UndecidableError: it is beyond what is supported here, or RE2 refuses it.
    """
    try:
        re2.compile(text, QUIET)  # type: ignore[no-untyped-call]
    except re2.error as error:
        raise UndecidableError(f"RE2 refuses {text!r}: {error}") from error
    parser = _Parser(text)
    node = parser.alternatives()
    if parser.rest:
        raise UndecidableError(f"{text!r} is not understood from {parser.rest[:10]!r} on")
    return node


_CLASSES = {"d": characters.DIGITS, "w": characters.WORD, "s": characters.SPACE}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_POSIX = {
    "alnum": [(0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)],
    "alpha": [(0x41, 0x5A), (0x61, 0x7A)],
    "ascii": [(0, 0x7F)],
    "blank": [(9, 9), (0x20, 0x20)],
    "cntrl": [(0, 0x1F), (0x7F, 0x7F)],
    "digit": [(0x30, 0x39)],
    "graph": [(0x21, 0x7E)],
    "lower": [(0x61, 0x7A)],
    "print": [(0x20, 0x7E)],
    "punct": [(0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)],
    "space": [(9, 13), (0x20, 0x20)],
    "upper": [(0x41, 0x5A)],
    "word": [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)],
    "xdigit": [(0x30, 0x39), (0x41, 0x46), (0x61, 0x66)],
}
_NEWLINE = characters.single("\n")


class _Parser:
    """Recursive descent over a text that RE2 has accepted."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._fold = False
        self._dot_all = False

    @property
    def rest(self) -> str:
        """What is not read yet."""
        return self._text[self._at :]

    def _take(self, wanted: str) -> bool:
        found = self._text.startswith(wanted, self._at)
        self._at += len(wanted) if found else 0
        return found

    def _next(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def alternatives(self) -> Node:
        """Read `a|b|c` up to a closing parenthesis; flags that it sets end with it."""
        flags = self._fold, self._dot_all
        found = [self._sequence()]
        while self._take("|"):
            found.append(self._sequence())
        self._fold, self._dot_all = flags
        return found[0] if len(found) == 1 else Node("alt", parts=tuple(found))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self.rest and self.rest[0] not in "|)":
            if self._take("\\Q"):
                quoted, found, _ = self.rest.partition("\\E")
                self._at += len(quoted) + (2 if found else 0)
                parts += (self._chars(characters.single(one)) for one in quoted)
                if quoted:
                    parts[-1] = self._repeated(parts[-1])
            else:
                parts.append(self._repeated(self._atom()))
        return parts[0] if len(parts) == 1 else Node("cat", parts=tuple(parts))

    def _repeated(self, node: Node) -> Node:
        while bounds := self._bounds():
            self._take("?")
            node = Node("repeat", parts=(node,), least=bounds[0], most=bounds[1])
        return node

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(sign):
                return bounds
        inside, closed, _ = self.rest[1:].partition("}")
        least, comma, most = inside.partition(",")
        if not self.rest.startswith("{") or not closed or not least.isdigit():
            return None
        if most and not most.isdigit():
            return None
        self._at += len(inside) + 2
        return int(least), int(most) if most else None if comma else int(least)

    def _atom(self) -> Node:
        character = self._next()
        if character == "(":
            return self._group()
        if character == "[":
            return self._chars(self._set(), fold=False)
        if character == ".":
            return Node(
                "chars", characters.complement(()) if self._dot_all else characters.complement(_NEWLINE)
            )
        if character == "^":
            return Node("begin")
        if character == "$":
            return Node("end")
        if character == "\\":
            return self._escaped()
        return self._chars(characters.single(character))

    def _group(self) -> Node:
        if self._take("?"):
            if self._take("P<") or self._take("<"):
                self._at = self._text.index(">", self._at) + 1
            else:
                flags = self._fold, self._dot_all
                if self._flags() == ")":
                    return EMPTY
                node = self._closed()
                self._fold, self._dot_all = flags
                return node
        return self._closed()

    def _closed(self) -> Node:
        node = self.alternatives()
        self._take(")")
        return node

    def _flags(self) -> str:
        value = True
        while (flag := self._next()) not in ":)":
            if flag == "-":
                value = False
            elif flag == "i":
                self._fold = value
            elif flag == "s":
                self._dot_all = value
            elif flag == "m" and value:
                raise UndecidableError(f"{self._text!r} has the flag m (lines)")
        return flag

    def _escaped(self) -> Node:
        if self._take("A"):
            return Node("begin")
        if self._take("z"):
            return Node("end")
        if self.rest[:1] in ("b", "B", "C"):
            raise UndecidableError(f"{self._text!r} has \\{self.rest[0]}")
        found = self._escape()
        return self._chars(found)

    def _escape(self) -> Ranges:
        r"""Read what follows a backslash, in a class or outside."""
        character = self._next()
        if character.lower() in _CLASSES:
            found = _CLASSES[character.lower()]
            return characters.complement(found) if character.isupper() else found
        if character in ("p", "P"):
            raise UndecidableError(f"{self._text!r} has a Unicode class")
        if character == "x":
            return characters.single(chr(self._hexadecimal()))
        if character in "01234567":
            digits = character
            while len(digits) < 3 and self.rest[:1] in tuple("01234567"):
                digits += self._next()
            return characters.single(chr(int(digits, 8)))
        return characters.single(_CONTROLS.get(character, character))

    def _hexadecimal(self) -> int:
        if self._take("{"):
            digits, _, _ = self.rest.partition("}")
            self._at += len(digits) + 1
        else:
            digits = self._next() + self._next()
        return int(digits, 16)

    def _set(self) -> Ranges:
        negated = self._take("^")
        found: list[tuple[int, int]] = []
        first = True
        while first or not self.rest.startswith("]"):
            first = False
            found += self._member()
        self._take("]")
        both = self._folded(characters.ranges(found))
        return characters.complement(both) if negated else both

    def _member(self) -> Ranges:
        if self._take("[:"):
            name, _, _ = self.rest.partition(":]")
            self._at += len(name) + 2
            posix = characters.ranges(_POSIX[name.removeprefix("^")])
            return characters.complement(posix) if name.startswith("^") else posix
        low = self._one()
        is_range = self.rest.startswith("-") and not self.rest.startswith("-]")
        if not is_range or len(low) != 1 or low[0][0] != low[0][1]:
            return low
        self._take("-")
        return ((low[0][0], self._one()[0][0]),)

    def _one(self) -> Ranges:
        character = self._next()
        return self._escape() if character == "\\" else characters.single(character)

    def _chars(self, found: Ranges, *, fold: bool = True) -> Node:
        return Node("chars", self._folded(found) if fold else found)

    def _folded(self, found: Ranges) -> Ranges:
        if not self._fold:
            return found
        if not characters.is_ascii(found) and not _is_closed(found):
            raise UndecidableError(f"{self._text!r} ignores the case of characters beyond ASCII")
        return characters.folded(found, unicode=True)


def _is_closed(found: Ranges) -> bool:
    """Everything beyond ASCII is in the set, so that folding adds nothing there."""
    return found[-1][1] == characters.LAST and found[-1][0] <= 0x80
