"""The fast ways through YAML make what the thorough way makes, or leave the document to it."""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lateen.sources import plain, usual
from lateen.sources.nodes import DEPTH, Values, compose
from lateen.sources.scalars import UnusualError

WAYS = [plain.value_of, usual.value_of]
NAMES = ["plain", "usual"]
GOLDEN = Path(__file__).resolve().parents[2] / "golden"
SIGNS = "[]{}-:?,*&!<>|\"'#% \t\n012y~.nNtTfFeE+_`@\\xo="


def thorough(text: str) -> Any:
    node, values = compose(text), Values(10**6)
    value = None if node is None else values.of(node)
    assert not values.duplicates
    return value


def typed(value: Any) -> Any:
    """Tell 1, 1.0 and True apart, and the order of keys."""
    if isinstance(value, dict):
        return [(key, typed(part)) for key, part in value.items()]
    return list(map(typed, value)) if isinstance(value, list) else (type(value), value)


@pytest.mark.parametrize(
    "text",
    [
        "", "# nothing", "a: 1", "a: '1'", 'a: "yes"', "a: yes", "'yes': yes", "yes: no", "1: 2", "1.5: x", "~: x",
        "a: 010\nb: 0x1f\nc: 1_000\nd: 1e3\ne: .5\nf: 2001-01-01\ng: 12:30:45", "a: |\n  1\nb: >-\n  2",
        "- 1\n- [a, {b: c}]\n- - d", "a: b: c", "? a\n: b", "hosts: ['*', \"*.example\"]", "a: *b", "a: {b, c: }",
        "a: true\nb: True\nc: tRue", "a:\nb: ''", 'a: "\\u00e9\\n"', "--- # x\na: 1", "%YAML 1.1\n---\na: 1",
    ],
)  # fmt: skip
def test_the_value_is_that_of_the_thorough_way(text: str) -> None:
    try:
        found = plain.value_of(text)
    except UnusualError:
        assert text in ("a: b: c", "a: *b")  # no YAML
        return
    assert typed(found) == typed(thorough(text))


USUAL = [
    "a: 1", "a: '1'", 'a: "yes"', "a: yes", "yes: no", "n: 1", "---\na: 1\n", "a: 1\n\n# b\n  # c\nb: 2 # d\n\n", "a:\nb: ''",
    "a: 010\nb: 0x1f\nc: 1_000\nd: 1e3\ne: .5\nf: 2001-01-01\ng: 12:30:45\nh: -1\ni: -a\nj: 18446744073709551616",
    "- 1\n- [a, {b: c}]\n- d: e\n  f: g\n-   h:\n    - i\n    -  j\n", "a:\n- b\n- c\nd:\n  - e\nf: g", "a:\n  b:\n    c: d\n  e: f\ng: h",
    "hosts: ['*', \"*.example\"]", "a: {}\nb: []\nc: [[], {}, [a,], {b: c,}]", "a: {b: {c: [d, {e: f}]}, g: h}", "a: http://b:80/c?d=e",
    "a: b c  # d", "a: it's", "a: b, c [d] {e}", "a: true\nb: True\nc: tRue\nd: null", "app.kubernetes.io/name: a",
    "a: {true: 1, 2: b, 'c': d, no: e, .5: f, -1: g}", "a: [y, n, 1, 1.5, -1, -a, ., .., a b, a/b@c]", "- 'a b'",
]  # fmt: skip


@pytest.mark.parametrize("text", USUAL)
def test_what_is_usual_is_taken_by_the_fastest_way(text: str) -> None:
    assert typed(usual.value_of(text)) == typed(thorough(text))


@pytest.mark.parametrize(
    "text",
    ["", "# a", "a", "a: |\n  b", "a: >-\n  b", "a: b\n  c", "a: 'b\n  c'", "a: [b,\n  c]", 'a: "\\n"', "a: 'b''c'", "a: *b", "a: &b c", "a: !b c",
     "a: b: c", "a:b", "a:\tb", "a: b\t", "a: 1\n\t", " a: b", "a: b\n c: d", "a:\n  b: c\n d: e", "a: b\n- c", "- a\nb: c", "-", "- - a", "- a\n  b: c",
     "? a\n: b", "a: é", "a: 'b\rc'", "a: {b}", "a: {b: }", "a: {b:c}", "a: [b: c]", "a: [b]c", "a: [b]]", "a: [b", "a: [-]", "a: [- b]", "a: [,]", "a: {b: c}} ",
     "a: ~", "a: .inf", ".nan: a", "a: {.inf: b}", "yes: 1\n'true': 2", "yes: 1\ntrue: 2", "a: {yes: 1, true: 2}", "a: 1\na: 2", "a: a#b", "a: {b: 1, b: 2}",
     "%YAML 1.1\n---\na: 1", "--- # x\na: 1", "a: 1\n---\nb: 2", "a: 1\n...\n", "a: @b", "a: `b", "a: 'b' c", "a: # b\n  'c'", "<<: {a: b}", "a: {<<: {b: c}}"],
)  # fmt: skip
def test_what_is_not_usual_is_left_alone_by_the_fastest_way(text: str) -> None:
    with pytest.raises(UnusualError):
        usual.value_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(" " * depth + "a:" for depth in range(DEPTH)),
        "a: " + "[" * DEPTH + "]" * DEPTH,
        "a: " + "{a: " * DEPTH + "b" + "}" * DEPTH,
        "a: [" + "b" * 1100 + "]",
    ],
    ids=["block", "lists", "mappings", "line"],
)
def test_what_is_too_deep_or_too_long_is_left_alone_by_the_fastest_way(text: str) -> None:
    with pytest.raises(UnusualError):
        usual.value_of(text)


def test_the_deepest_document_of_the_fastest_way_is_none_too_deep() -> None:
    steps = [f"{' ' * column}{'- ' if column else ''}a:" for column in range(0, usual.COLUMNS + 1, 2)]
    text = "\n".join(steps) + " " + "[" * usual.NESTED + "]" * usual.NESTED
    assert typed(usual.value_of(text)) == typed(thorough(text))


@pytest.mark.parametrize(
    "text",
    ["a: &x 1\nb: *x", "a: !!str 1", "a: {<<: {b: c}}", "a: 1\na: 2", "a: .nan", "[a]: b", "a: [", "[" * DEPTH + "]" * DEPTH],
)  # fmt: skip
def test_what_is_unusual_or_wrong_is_left_alone(text: str) -> None:
    with pytest.raises(UnusualError):
        plain.value_of(text)


@pytest.mark.parametrize("way", WAYS, ids=NAMES)
def test_documents_that_chance_has_spoilt_are_read_alike(way: Callable[[str], Any]) -> None:
    chance = random.Random(0)
    texts = [text for file in sorted(GOLDEN.glob("*/*.md")) for text in blocks(file.read_text())]
    taken = 0
    for _ in range(3000):
        text = spoilt(chance, chance.choice(texts))
        try:
            found = way(text)
        except UnusualError:
            continue
        taken += 1
        assert typed(found) == typed(thorough(text)), text
    assert taken > 500


def blocks(page: str) -> list[str]:
    found = re.findall(r"```yaml config\n(.*?)```", page, re.DOTALL)
    return [part for block in found for part in block.split("---\n") if part.strip()]


def spoilt(chance: random.Random, text: str) -> str:
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chance.choice(("", chance.choice(SIGNS))) + text[at + chance.randrange(3) :]
    return text
