"""Everything that is promised has a proof."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import checklist  # noqa: E402


def test_every_promised_item_has_its_proof():
    assert checklist.gaps(checklist.proofs()) == []


def test_the_page_is_up_to_date():
    page = (ROOT / "docs" / "reference" / "checklist.md").read_text()
    assert page == checklist.page(checklist.proofs()), (
        "run tools/checklist.py --write docs/reference/checklist.md"
    )


def test_a_heading_s_numbers_and_a_mark_s_are_read(tmp_path):
    (tmp_path / "tests" / "golden").mkdir(parents=True)
    (tmp_path / "tests" / "golden" / "a.md").write_text("# A\n\n## 44, 45. Both\n\n## 7 apples\n")
    (tmp_path / "tests" / "test_a.py").write_text("# items 44, 46\n@mark\ndef test_a():\n    ...\n")
    assert checklist.golden(tmp_path) == {44: ["golden/a.md: Both"], 45: ["golden/a.md: Both"]}
    assert checklist.marks(tmp_path) == {44: ["test_a.py::test_a"], 46: ["test_a.py::test_a"]}


def test_a_required_item_without_proof_is_a_gap():
    item = checklist.Item(44, "Core", "text", "section")
    assert checklist.gaps([(item, checklist.Proof([], []))])
    assert not checklist.gaps([(item, checklist.Proof(["case"], []))])
    live = item._replace(number=142)
    assert checklist.gaps([(live, checklist.Proof(["case"], []))])
