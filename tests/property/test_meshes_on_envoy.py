"""Random meshes in Istio's words: Envoy accepts all that is compiled, and does with requests what the simulator says.

`LATEEN_MESHES=1000 pytest tests/property/test_meshes_on_envoy.py` runs long and prints how much it compared;
`--hypothesis-seed=N` says where chance begins.
"""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from strategies import PROXIES, Json, meshes
from strategies.calls import Call, calls
from strategies.known import known
from strategies.memory import read

from lateen.api import facts
from lateen.engine import Database
from lateen.model.view import Proxy
from lateen.simulate.configuration import Configuration
from lateen.simulate.simulation import simulate
from lateen.twin.comparison import differences
from lateen.twin.envoy import LiveEnvoy, Loaded
from lateen.twin.trial import asked
from support.golden_mesh import compiled

pytestmark = [pytest.mark.envoy, pytest.mark.slow]

FEW = 25
COUNT = int(os.environ.get("LATEEN_MESHES", str(FEW)))
PHASES = [Phase.generate] if COUNT > FEW else [Phase.generate, Phase.shrink]
CALLS = 20


@pytest.fixture(scope="module")
def counted(request: pytest.FixtureRequest) -> Any:
    numbers = {"meshes": 0, "requests": 0}
    yield numbers
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n{numbers['requests']} requests in {numbers['meshes']} meshes: no difference")


@pytest.mark.timeout(0)
@settings(
    max_examples=COUNT, phases=PHASES, deadline=None, derandomize=COUNT <= FEW, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
@given(mesh=meshes(), data=st.data())
def test_meshes(
    live_envoy: LiveEnvoy, counted: dict[str, int], mesh: list[Json], data: st.DataObject
) -> None:
    db = Database()
    facts.update(db, read(mesh))
    for proxy in PROXIES:
        resources = compiled(db, proxy)
        loaded, configuration = live_envoy.load(resources), Configuration(resources)
        near = calls(proxy, known(configuration, proxy))
        for call in data.draw(st.lists(near, min_size=CALLS, max_size=CALLS)):
            assert_same(configuration, loaded, proxy, call)
            counted["requests"] += 1
    counted["meshes"] += 1


def assert_same(configuration: Configuration, loaded: Loaded, proxy: Proxy, call: Call) -> None:
    trace = simulate(configuration, call.connection, call.request)
    answer = asked(loaded, trace, call.connection, call.request)
    wrong = differences(trace, answer, loaded)
    assert not wrong, "\n".join(
        [*wrong, str(proxy), str(call.connection), str(call.request), *(str(step) for step in trace.steps)]
    )
