"""YAML nodes: composed by libyaml, resolved as Kubernetes' YAML library resolves them.

Source of the rules: sigs.k8s.io/yaml, which is go-yaml v2: YAML 1.1 booleans (`yes`, `on`, `y`), octal `010`, no base 60
numbers, and timestamps stay texts.
"""

import re
from math import isfinite
from typing import Any

from yaml import MappingNode, Mark, MarkedYAMLError, Node, ScalarNode, SequenceNode
from yaml._yaml import CParser

DEPTH = 200
"""How deep a document may nest."""
STR, INT, FLOAT, MERGE = (f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "merge"))
BOOL, NULL, BINARY = (f"tag:yaml.org,2002:{name}" for name in ("bool", "null", "binary"))
WORDS: dict[str, Any] = {
    **{word: True for text in ("y", "yes", "true", "on") for word in (text, text.capitalize(), text.upper())},
    **{
        word: False
        for text in ("n", "no", "false", "off")
        for word in (text, text.capitalize(), text.upper())
    },
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **{word: float("nan") for word in (".nan", ".NaN", ".NAN")},
    **{word: float("inf") for word in (".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF")},
    **{word: float("-inf") for word in ("-.inf", "-.Inf", "-.INF")},
}
"""Plain texts that are values."""
FIRST = frozenset("+-0123456789.yYnNtTfFoO~")
"""Characters that a plain text must begin with to be something else than a text."""
WHOLE = re.compile(r"[-+]?(0[bB][01]+|0[oO][0-7]+|0[0-7]*|0[xX][0-9a-fA-F]+|[1-9][0-9]*)", re.ASCII)
REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
DIGITS = 300
"""Longer numbers are texts: no program means them, and reading them takes time."""


class Composer(CParser):
    """libyaml's parser with our resolver and a limit on nesting."""

    depth = 0

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:  # noqa: ARG002  called by the parser
        """Name the tag of a node without one; plain texts are looked at later, by `plain`."""
        if kind is ScalarNode:
            return "" if implicit[0] else STR
        return ""

    def descend_resolver(self, parent: Node | None, index: Any) -> None:  # noqa: ARG002  called by the parser
        """Count how deep we are."""
        self.depth += 1
        if self.depth > DEPTH:
            mark = None if parent is None else parent.start_mark
            raise MarkedYAMLError(problem=f"nested more than {DEPTH} levels deep", problem_mark=mark)

    def ascend_resolver(self) -> None:
        """Count how deep we are."""
        self.depth -= 1


def compose(text: str) -> Node | None:
    """Compose the tree of one document; yaml.YAMLError says what is wrong, None is an empty document."""
    composer = Composer(text)
    try:
        node: Node | None = composer.get_single_node()
    finally:
        composer.dispose()
    return node


class Values:
    """Makes a value of a tree, and notes duplicate keys."""

    def __init__(self, budget: int) -> None:
        """Allow so many nodes, each alias counted as often as it is used."""
        self.budget = budget
        self.depth = 0
        self.duplicates: list[tuple[str, Mark]] = []

    def of(self, node: Node) -> Any:
        """Make the value of a node."""
        self.budget -= 1
        if self.budget < 0:
            raise MarkedYAMLError(problem="aliases expand to too much", problem_mark=node.start_mark)
        if isinstance(node, ScalarNode):
            return scalar(node)
        self.depth += 1
        if self.depth > DEPTH:
            raise MarkedYAMLError(problem="an alias contains itself", problem_mark=node.start_mark)
        value = (
            self._mapping(node) if isinstance(node, MappingNode) else [self.of(item) for item in node.value]
        )
        self.depth -= 1
        return value

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: list[Node] = []
        for key_node, value_node in node.value:
            if is_merge(key_node):
                merged.append(value_node)
                continue
            key = key_text(key_node)
            if key in found:
                self.duplicates.append((key, key_node.start_mark))
            found[key] = self.of(value_node)
        for value_node in merged:
            self._merge(found, value_node)
        return found

    def _merge(self, found: dict[str, Any], node: Node) -> None:
        for source in node.value if isinstance(node, SequenceNode) else (node,):
            if not isinstance(source, MappingNode):
                raise MarkedYAMLError(problem="<< needs a mapping", problem_mark=source.start_mark)
            for key, value in self.of(source).items():
                found.setdefault(key, value)


def is_merge(node: Node) -> bool:
    """Say whether a key is YAML's merge key."""
    return isinstance(node, ScalarNode) and ((not node.tag and node.value == "<<") or node.tag == MERGE)


def key_text(node: Node) -> str:
    """Return a key as JSON has it: a text."""
    if not isinstance(node, ScalarNode):
        raise MarkedYAMLError(problem="a key must be a text", problem_mark=node.start_mark)
    return written(scalar(node))


def written(value: Any) -> str:
    """Write a scalar's value as JSON's keys have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def scalar(node: ScalarNode) -> Any:
    """Return the value of a scalar."""
    tag: str = node.tag
    text: str = node.value
    if not tag:
        return _finite(plain(text), node) if not text or text[0] in FIRST else text
    if tag in {STR, BINARY}:
        return text
    if tag in {INT, FLOAT, BOOL, NULL}:
        return _finite(plain(text), node)
    raise MarkedYAMLError(problem=f"unknown tag {tag}", problem_mark=node.start_mark)


def _finite(value: Any, node: ScalarNode) -> Any:
    """Refuse what JSON, and so Kubernetes, has no number for."""
    if isinstance(value, float) and not isfinite(value):
        raise MarkedYAMLError(problem=f"{node.value} is not a finite number", problem_mark=node.start_mark)
    return value


def plain(text: str) -> Any:
    """Resolve a text without quotes."""
    if text in WORDS:
        return WORDS[text]
    digits = text.replace("_", "")
    if len(digits) > DIGITS or digits[:1] not in FIRST:
        return text
    if WHOLE.fullmatch(digits):
        number = _whole(digits)
        return number if abs(number) < 2**64 else float(number)
    return float(digits) if REAL.fullmatch(digits) else text


def _whole(digits: str) -> int:
    body = digits.lstrip("+-").lower()
    octal = len(body) > 1 and body[0] == "0" and body[1].isdigit()
    number = int(body, 8) if octal else int(body, 0)
    return -number if digits[0] == "-" else number
