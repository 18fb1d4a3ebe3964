"""The form of golden cases: what is not understood is an error with file and line."""

from pathlib import Path

import pytest

from support.golden_format import FormatError, Place, read
from support.golden_lines import expectation, lines
from support.golden_paths import MISSING, mismatches, pick

FENCE = "```"


def cases(tmp_path: Path, text: str, base: str = "") -> list[object]:
    (tmp_path / "_base.md").write_text(base)
    file = tmp_path / "a.md"
    file.write_text(text.replace("'''", FENCE))
    return read(file, tmp_path)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("## A\n'''yaml confg\n'''\n", "a.md:3: unknown block 'yaml confg'"),
        ("## A\n'''yaml route name=x\n'''\n", "a.md:3: route needs proxy="),
        ("## A\n'''yaml route proxy=x path=y\n'''\n", "a.md:3: path=… needs name="),
        ("## A\n'''http\n'''\n", "a.md:3: http needs either from=… or at=…"),
        ("## A\n'''http from=x as=y\n'''\n", "a.md:3: http has no as=…"),
        ("## A\n'''yaml config\n", "a.md:2: the block is not closed"),
        ("## A\n## A\n", "a.md:1: a second case is called 'A'"),
    ],
)
def test_a_bad_block_is_placed(tmp_path: Path, text: str, wanted: str) -> None:
    with pytest.raises(FormatError, match=wanted.replace("(", r"\(")):
        cases(tmp_path, text)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("GET http://a/", "expected REQUEST → EXPECTATION"),
        ("GET a/  →  404", "expected METHOD"),
        ("GET http://a/  →  nonsense", "not an expectation: 'nonsense'"),
        ("GET http://a/  what  →  404", "'what' is neither"),
    ],
)
def test_a_bad_line_is_placed(tmp_path: Path, line: str, wanted: str) -> None:
    (case,) = cases(tmp_path, f"## A\n'''http from=x\n\n{line}\n'''\n")
    with pytest.raises(FormatError, match=f"a.md:4: .*{wanted}"):
        lines(case.blocks[0])  # type: ignore[attr-defined]


def test_a_case_may_refuse_its_base(tmp_path: Path) -> None:
    base = f"{FENCE}yaml config\n{FENCE}\n"
    (with_base,) = cases(tmp_path, "## A\n", base)
    (without,) = cases(tmp_path, "## A\n'''options\nbase: none\n'''\n", base)
    assert [len(one.of("config")) for one in (with_base, without)] == [1, 0]  # type: ignore[attr-defined]


def test_skipping_needs_a_reason(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"a\.md:3: skip .* needs one of"):
        cases(tmp_path, "## A\n'''options\nskip: {envoy: ''}\n'''\n")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("outbound|80||a.b 20", ("cluster", "outbound|80||a.b", 20, "")),
        ("503 NC", ("status", "", 503, "nc")),
        ('200 "a, b"', ("status", "a, b", 200, "")),
        ("redirect 301 https://a/b", ("redirect", "https://a/b", 301, "")),
        ('response header a: "b, c"', ("response header", "b, c", None, "a")),
        ("abort grpc 14 5%", ("abort", "grpc 14", 5, "")),
        ("no header a", ("no header", "", None, "a")),
    ],
)
def test_expectations(text: str, wanted: tuple[object, ...]) -> None:
    one = expectation(text, Place("f", 1))
    assert (one.kind, one.value, one.number, one.name) == wanted


VALUE = {"hosts": [{"name": "a.b:80", "n": 1}, {"name": "c", "n": 2, "t": "2s"}], "map": {"x.y": 3}}


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("hosts[a.b:80].n", 1),
        ("hosts[-1].n", 2),
        ("hosts[n=2].name", "c"),
        ("map[x.y]", 3),
        ("hosts[9]", MISSING),
        ("", VALUE),
    ],
)
def test_paths(path: str, wanted: object) -> None:
    assert pick(VALUE, path) == wanted


@pytest.mark.parametrize(
    ("expected", "right"),
    [
        ({"map": {"x.y": 3}}, True), ({"map": {"x.y": 4}}, False), ({"other": "absent"}, True), ({"map": "absent"}, False),
        ({"map": "any"}, True), ({"other": "any"}, False), ({"other": False}, True), ({"other": 0, "more": []}, True),
        ({"hosts": [{"n": 1}, {"t": "2.0s"}]}, True), ({"hosts": [{"n": 1}]}, False), ({"map": {"x.y": "3"}}, True),
    ],
)  # fmt: skip
def test_mismatches(expected: object, right: bool) -> None:  # noqa: FBT001
    assert (not list(mismatches(expected, VALUE))) is right
