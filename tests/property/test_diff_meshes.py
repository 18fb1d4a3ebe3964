"""`lateen diff` is complete and true on random meshes of the whole traffic API: gateways, delegates, TLS and TCP routes, Sidecars.

A mesh is edited at random. Whatever the simulator then does differently with a random call must be of a reported class,
and every reported example must be treated differently. `LATEEN_PAIRS=2000 pytest -s tests/property/test_diff_meshes.py` runs
long and prints how much it compared.
"""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from strategies import PROXIES, Json, meshes, objects
from strategies.calls import Call, calls
from strategies.known import known
from strategies.memory import read
from test_diff import assert_true

from lateen.api import facts
from lateen.engine import Database
from lateen.model.view import Proxy
from lateen.simulate.algebra.change import Change, decision, outcomes
from lateen.simulate.algebra.compare import Resources, compare
from lateen.simulate.configuration import Configuration
from lateen.simulate.simulation import simulate
from support.golden_mesh import compiled

pytestmark = pytest.mark.slow

FEW = 12
COUNT = int(os.environ.get("LATEEN_PAIRS", str(FEW)))
PHASES = [Phase.generate] if COUNT > FEW else [Phase.generate, Phase.shrink]
CALLS = 20
CAPTURES = (15001, 15006, None)


class Counted:
    """How much a run compared."""

    requests = different = reported = 0


@pytest.fixture(scope="module")
def counted() -> Any:
    numbers = Counted()
    yield numbers
    print(
        f"\n{numbers.requests} calls, {numbers.different} treated differently, {numbers.reported} classes reported"
    )
    assert numbers.different > numbers.requests // 100, "the edits change too little"


@pytest.mark.timeout(0)
@settings(
    max_examples=COUNT, phases=PHASES, deadline=None, derandomize=COUNT <= FEW, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
@given(
    mesh=meshes(most=10),
    edits=st.lists(st.tuples(objects(), st.integers(0, 60)), min_size=1, max_size=4),
    data=st.data(),
)
def test_diff_of_meshes(
    counted: Counted, mesh: list[Json], edits: list[tuple[Json, int]], data: st.DataObject
) -> None:
    sides = received(mesh), received(edited(mesh, edits))
    for place, proxy in enumerate(PROXIES):
        old, new = (side[place] for side in sides)
        pair = Configuration(old), Configuration(new)
        changes = {captured: compare(old, new, captured) for captured in captures(proxy)}
        for one in changes.values():
            for change in one:
                assert_true(change, *pair, proxy.name)
        near = st.one_of(*(calls(proxy, known(side, proxy)) for side in pair))
        for call in data.draw(st.lists(near, min_size=CALLS, max_size=CALLS)):
            counted.different += check_covered(changes.get(call.connection.captured_by, []), pair, call)
        counted.requests += CALLS
        counted.reported += sum(map(len, changes.values()))


def captures(proxy: Proxy) -> tuple[int | None, ...]:
    explicit = proxy.type == "router" or proxy.meta("INTERCEPTION_MODE") == "NONE"
    return (None,) if explicit else CAPTURES


def edited(mesh: list[Json], edits: list[tuple[Json, int]]) -> list[Json]:
    """Add objects, give the spec of one to another of its kind, or delete one; the number chooses."""
    found = list(mesh)
    for edit, number in edits:
        peers = [place for place, one in enumerate(found) if one["kind"] == edit["kind"] and "spec" in edit]
        if number % 5 == 0:
            del found[number % len(found)]
        elif number % 5 == 1 or not peers:
            found.append(edit)
        else:
            place = peers[number % len(peers)]
            found[place] = found[place] | {"spec": edit["spec"]}
    return found


def received(mesh: list[Json]) -> list[Resources]:
    db = Database()
    facts.update(db, read(mesh))
    return [compiled(db, proxy) for proxy in PROXIES]


def check_covered(changes: list[Change], pair: tuple[Configuration, Configuration], call: Call) -> bool:
    before, after = (simulate(side, call.connection, call.request) for side in pair)
    if outcomes(before) == outcomes(after):
        return False
    covering = [one for one in changes if one.covers(decision(before), decision(after))]
    assert covering, (call, decision(before), decision(after), outcomes(before), outcomes(after))
    return True
