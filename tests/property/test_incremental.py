"""Whatever the edits, what is compiled step by step equals what is compiled from scratch; for every view and type.

`LATEEN_MESHES=3000 pytest tests/property/test_incremental.py` runs long.
"""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import GATEWAY_LABELS, Json, objects

from lateen.api import facts
from lateen.api.meta import Object, Ref
from lateen.engine import Database
from lateen.model.view import Proxy
from lateen.sources.memory import from_values
from support.golden_mesh import compiled

COUNT = int(os.environ.get("LATEEN_MESHES", "60"))


def proxy(kind: str, name: str, namespace: str, labels: dict[str, str], address: str) -> Proxy:
    node = f"{kind}~{address}~{name}.{namespace}~{namespace}.svc.cluster.local"
    return Proxy.from_node(node, {"NAMESPACE": namespace, "LABELS": labels})


PROXIES = (
    proxy("sidecar", "p1", "default", {"app": "a", "version": "v1"}, "10.1.0.1"),
    proxy("sidecar", "p2", "default", {"app": "b", "version": "v2"}, "10.1.0.2"),
    proxy("sidecar", "client", "other", {"app": "client"}, "10.1.0.9"),
    proxy("router", "edge", "default", GATEWAY_LABELS, "10.1.0.20"),
)


def read(values: list[Json]) -> list[Object[Any]]:
    load = from_values(values)
    errors = [one for one in load.findings if one.level == "Error" and "already" not in one.message]
    assert not errors, errors  # the strategies make valid objects only
    return list(load.objects)


def outputs(db: Database) -> list[Any]:
    return [compiled(db, one) for one in PROXIES]


@settings(
    max_examples=COUNT, deadline=None, derandomize=COUNT <= 60, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
@given(
    first=st.lists(objects(), min_size=3, max_size=12),
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
