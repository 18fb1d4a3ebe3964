"""Whatever mesh was loaded before, one is what it is alone: findings and resources of every proxy.

`LATEEN_MESHES=1000 pytest tests/property/test_succession.py` runs long.
"""

import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import PROXIES, Json, meshes, objects
from strategies.mesh_settings import KIND

import lateen
from lateen.sources import succession

COUNT = int(os.environ.get("LATEEN_MESHES", "25"))


def told(values: list[Json]) -> list[object]:
    """What a mesh says; it is gone when this returns."""
    mesh = lateen.load([one for one in values if one["kind"] != KIND])
    return [repr(mesh.findings), *(mesh.resources(one).everything() for one in PROXIES)]


@settings(
    max_examples=COUNT, deadline=None, derandomize=COUNT <= 25, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
@given(mesh=meshes(most=8), others=st.lists(objects(), min_size=1, max_size=4), seed=st.integers(0, 99))
@pytest.mark.slow
def test_a_mesh_is_what_it_is_alone(mesh: list[Json], others: list[Json], seed: int) -> None:
    draw, several = random.Random(seed), [mesh]
    for one in others:  # put in, or in the place of another, some of the rest left out
        before = several[-1]
        several.append([*draw.sample(before, k=len(before) - draw.randrange(3)), one])
    succession._waiting.clear()
    in_turn = [told(one) for one in several]
    for values, found in zip(several, in_turn, strict=True):
        succession._waiting.clear()
        assert found == told(values)
