"""Whatever the edits, what is compiled step by step equals what is compiled from scratch; for every view and type.

`LATEEN_MESHES=3000 pytest tests/property/test_incremental.py` runs long.
"""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import PROXIES, Json, meshes, objects
from strategies.memory import read

from lateen.api import facts
from lateen.api.meta import Object, Ref
from lateen.engine import Database
from support.golden_mesh import compiled

COUNT = int(os.environ.get("LATEEN_MESHES", "60"))


def outputs(db: Database) -> list[Any]:
    return [compiled(db, one) for one in PROXIES]


@settings(
    max_examples=COUNT, deadline=None, derandomize=COUNT <= 60, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
@given(
    first=meshes(most=8),
    edits=st.lists(objects() | st.integers(0, 30), min_size=1, max_size=6),
)
@pytest.mark.slow
def test_incremental_equals_scratch(first: list[Json], edits: list[Json | int]) -> None:
    live: dict[Ref, Object[Any]] = {one.ref: one for one in read(first)}
    db = Database()
    facts.update(db, live.values())
    outputs(db)
    for edit in edits:
        if isinstance(edit, int):  # delete one
            ref = sorted(live)[edit % len(live)] if live else None
            if ref is not None:
                del live[ref]
                facts.delete(db, ref)
        else:
            for one in read([edit]):
                live[one.ref] = one
                facts.put(db, one)
        scratch = Database()
        facts.update(scratch, live.values())
        expected, found = outputs(scratch), outputs(db)
        for one, left, right in zip(PROXIES, expected, found, strict=True):
            for kind in left:
                assert left[kind] == right[kind], f"{one.name} {kind} after {edit}"
