"""The simulator against the real Envoy on random route configurations and requests: no difference.

`LATEEN_CONFIGURATIONS=2000 pytest tests/property/test_simulator.py` runs long and prints how much it compared.
"""

import os
from typing import Any

import pytest
from envoy_strategies import managers, requests, route_configurations
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lateen.simulate.configuration import Configuration
from lateen.simulate.request import Connection, Request
from lateen.simulate.simulation import simulate
from lateen.twin.comparison import differences
from lateen.twin.envoy import LiveEnvoy
from support import handmade as made

pytestmark = [pytest.mark.envoy, pytest.mark.slow]

COUNT = int(os.environ.get("LATEEN_CONFIGURATIONS", "40"))
PHASES = (
    [Phase.generate] if COUNT > 40 else [Phase.generate, Phase.shrink]
)  # shrinking costs minutes of Envoy
PER_CONFIGURATION = 40
CONNECTION = Connection(address="10.9.9.9", port=80)
CLUSTERS = [made.static_cluster(name, "10.0.0.1:80", "10.0.0.2:80") for name in ("one", "two", "three")]


class Counter:
    """How much was compared in a run."""

    def __init__(self) -> None:
        self.configurations = self.requests = 0


@pytest.fixture(scope="module")
def counter(request: pytest.FixtureRequest) -> Any:
    counted = Counter()
    yield counted
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(
            f"\n{counted.requests} requests in {counted.configurations} route configurations: no difference"
        )


@pytest.mark.timeout(0)
@settings(
    max_examples=COUNT, phases=PHASES, deadline=None, derandomize=COUNT <= 40, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
@given(
    routes=route_configurations(),
    manager=managers(),
    asked=st.lists(requests(), min_size=PER_CONFIGURATION, max_size=PER_CONFIGURATION),
)
def test_routes(
    live_envoy: LiveEnvoy, counter: Counter, routes: Any, manager: Any, asked: list[Request]
) -> None:
    resources = made.resources(
        clusters=[*CLUSTERS, made.static_cluster("empty")],
        listeners=[made.listener("in", "0.0.0.0", 80, {"filters": [made.manager(**manager)]})],
        routes=[routes],
    )
    loaded, configuration = live_envoy.load(resources), Configuration(resources)
    for request in asked:
        trace = simulate(configuration, CONNECTION, request)
        wrong = differences(trace, loaded.ask(CONNECTION, request), loaded)
        assert not wrong, "\n".join(
            [
                *wrong,
                str(request),
                *(str(step) for step in trace.steps),
                str([one for one in routes["virtual_hosts"] if one["name"] == trace.outcome.virtual_host]),
            ]
        )
    counter.configurations += 1
    counter.requests += len(asked)
