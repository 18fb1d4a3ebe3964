"""Every code has a page, whose example brings the finding about as the page prints it, and whose fix does not."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

import lateen
from lateen.analyze.catalogue import CATALOGUE
from lateen.cli import check_rows, check_text
from lateen.sources.memory import from_text

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs/reference/findings"
BOOKINFO = ROOT / "src/lateen/demo/config/bookinfo.yaml"
BLOCK = re.compile(r"^```(yaml|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WITHOUT_EXAMPLE = {"LAT0006", "LAT0007", "LAT0009", "LAT0010", "LAT0151"}
"""Codes that need a running mesh, a file that cannot be read, or a field that is unsupported at the moment."""

FOREIGN = {"LAT0002", "LAT0003"}
"""Told of every object of a kind that only analysis reads."""


class Page(NamedTuple):
    head: str
    example: str
    told: str
    fixed: str


def page(code: str) -> Page:
    text = (PAGES / f"{code}.md").read_text("utf-8")
    before, _, after = text.partition("## Fix")
    blocks = dict(BLOCK.findall(before))
    fixed = dict(BLOCK.findall(after)).get("yaml", "")
    return Page(text.partition("\n## ")[0], blocks.get("yaml", ""), blocks.get("text", ""), fixed)


def rows(text: str) -> list[dict[str, object]]:
    bookinfo = from_text(BOOKINFO.read_text("utf-8"), "bookinfo.yaml")
    mesh = lateen.load([bookinfo, from_text(text, "example.yaml")])
    return [check_rows._row(mesh.db, one) for one in mesh.findings]


def test_every_code_has_a_page_and_every_page_a_code():
    assert {path.stem for path in PAGES.glob("*.md")} == {*map(str, CATALOGUE), "README"}


def test_the_index_lists_every_code():
    index = (PAGES / "README.md").read_text("utf-8")
    assert [
        code for code in CATALOGUE if f"[{code!s}]({code!s}.md) | {CATALOGUE[code].level}" not in index
    ] == []


@pytest.mark.parametrize("code", sorted(map(str, CATALOGUE)))
def test_the_head_is_that_of_the_catalogue(code):
    entry = CATALOGUE[code]
    assert page(code).head.startswith(f"# {code} {entry.name}\n\n{entry.level}. {entry.title}\n")


@pytest.mark.parametrize("code", sorted(set(map(str, CATALOGUE)) - WITHOUT_EXAMPLE))
def test_the_example_brings_the_finding_about(code):
    shown = page(code)
    told = "\n".join(check_text.text(row) for row in rows(shown.example) if row["code"] == code)
    assert f"{told}\n" == shown.told


@pytest.mark.parametrize("code", sorted(set(map(str, CATALOGUE)) - WITHOUT_EXAMPLE))
def test_the_fix_leaves_nothing_to_tell(code):
    shown = page(code)
    assert shown.fixed
    left = [row for row in rows(shown.fixed) if row["level"] != "Info" or row["code"] == code]
    assert [row["message"] for row in left if row["code"] not in FOREIGN - {code}] == []
