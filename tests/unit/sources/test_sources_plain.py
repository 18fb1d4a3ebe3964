"""The fast way through YAML makes what the thorough way makes, or leaves the document to it."""

import random
import re
from pathlib import Path
from typing import Any

import pytest

from lateen.sources.nodes import DEPTH, Values, compose
from lateen.sources.plain import UnusualError, value_of

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
        found = value_of(text)
    except UnusualError:
        assert text in ("a: b: c", "a: *b")  # no YAML
        return
    assert typed(found) == typed(thorough(text))


@pytest.mark.parametrize(
    "text",
    ["a: &x 1\nb: *x", "a: !!str 1", "a: {<<: {b: c}}", "a: 1\na: 2", "a: .nan", "[a]: b", "a: [", "[" * DEPTH + "]" * DEPTH],
)  # fmt: skip
def test_what_is_unusual_or_wrong_is_left_alone(text: str) -> None:
    with pytest.raises(UnusualError):
        value_of(text)


def test_documents_that_chance_has_spoilt_are_read_alike() -> None:
    chance = random.Random(0)
    texts = [text for file in sorted(GOLDEN.glob("*/*.md")) for text in blocks(file.read_text())]
    taken = 0
    for _ in range(3000):
        text = spoilt(chance, chance.choice(texts))
        try:
            found = value_of(text)
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
