"""docs/reference/support.md: every field is proved, explained or refused, and the page is up to date."""

import importlib.util
import sys
from pathlib import Path

import pytest

from lateen.api.check import not_yet
from lateen.api.unsupported import IGNORED, UNSUPPORTED, WITHOUT_EFFECT

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def table():
    spec = importlib.util.spec_from_file_location("support_table", ROOT / "tools" / "support_table.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["support_table"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["support_table"]


def test_every_field_has_a_proof_or_a_reason(table):
    missing = [f"{row.field.kind} {row.field.paths[0]}" for row in table.rows() if not row.status]
    assert missing == [], (
        "write a golden case, or name a test in tests/support_proofs.txt, or a reason in api/unsupported.py"
    )


def test_what_counts_as_supported_is_read_by_somebody(table):
    assert table.unread() == ()


def test_the_page_is_fresh(table):
    assert table.PAGE.read_text() == table.page(), "run tools/support_table.py --write"


def test_proofs_name_fields_and_tests_that_exist(table):
    known = {(field.kind, path) for field in table.all_fields() for path in field.paths}
    for (kind, path), test in table.elsewhere().items():
        assert (ROOT / test).is_file(), test
        above = path.removesuffix(".**")
        assert above == "spec" or any(
            one == kind and (where == above or where.startswith((f"{above}.", f"{above}[")))
            for one, where in known
        ), path


@pytest.mark.parametrize(
    "tables", [UNSUPPORTED, IGNORED, WITHOUT_EFFECT], ids=["unsupported", "ignored", "without effect"]
)
def test_tables_name_fields_that_exist(table, tables):
    known = {(field.kind, path) for field in table.all_fields() for path in field.paths}
    for kind in tables:
        for path in not_yet.patterns(tables, kind):
            assert path == "*" or (kind, path) in known or (kind, path.removesuffix("[]")) in known, (
                kind,
                path,
            )
