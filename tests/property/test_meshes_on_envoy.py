"""Random meshes in Istio's words: Envoy accepts all that is compiled, and does with requests what the simulator says.

`LATEEN_MESHES=1000 pytest tests/property/test_meshes_on_envoy.py` runs long and prints how much it compared.
"""

import os
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from strategies import HOSTS, Json, objects
from test_incremental import PROXIES, read

from lateen.api import facts
from lateen.engine import Database
from lateen.model.view import Proxy
from lateen.simulate.configuration import Configuration
from lateen.simulate.request import ClientHello, Connection, Request
from lateen.simulate.simulation import simulate
from lateen.twin.comparison import differences
from lateen.twin.envoy import LiveEnvoy
from support.golden_mesh import compiled

pytestmark = [pytest.mark.envoy, pytest.mark.slow]

COUNT = int(os.environ.get("LATEEN_MESHES", "30"))
PHASES = [Phase.generate] if COUNT > 30 else [Phase.generate, Phase.shrink]
ADDRESSES = ("10.96.0.1", "10.96.0.2", "10.96.0.3", "10.97.0.1", "192.0.2.1", "10.1.0.1")
PORTS = (9080, 9080, 80, 3306, 443)


class Call:
    """A connection to make and what to send on it."""

    def __init__(self, connection: Connection, request: Request | None) -> None:
        self.connection, self.request = connection, request


def requests() -> SearchStrategy[Request]:
    headers = st.lists(
        st.sampled_from((("end-user", "jason"), ("end-user", "/x"), ("x-no", "/x"), ("origin", "http://o"))),
        max_size=2, unique=True,
    )  # fmt: skip
    return st.builds(
        Request,
        method=st.sampled_from(("GET", "GET", "POST", "OPTIONS")),
        authority=st.sampled_from(
            (*HOSTS, "a:9080", "a.default", "b.default.svc.cluster.local:9080", "10.96.0.1")
        ),
        path=st.sampled_from(("/", "/x", "/xy", "/x/y?q=/x", "/abc?q=/", "/1")),
        headers=headers.map(tuple),
    )


def calls(proxy: Proxy) -> SearchStrategy[Call]:
    if proxy.type == "router":
        connections = st.builds(Connection, address=st.just(proxy.address), port=st.sampled_from((80, 8080)))
        return st.builds(Call, connections, requests())
    out = st.builds(
        Connection, address=st.sampled_from(ADDRESSES), port=st.sampled_from(PORTS), captured_by=st.just(15001),
        source_address=st.just(proxy.address),
    )  # fmt: skip
    arriving = st.builds(
        Connection,
        address=st.just(proxy.address),
        port=st.sampled_from((8080, 9080, 3306)),
        captured_by=st.just(15006),
    )
    plain = st.builds(Call, out | arriving, requests())
    raw = st.builds(Call, _varied(out | arriving, payload="bytes"), st.none())
    hello = ClientHello(sni="ext.example.com", alpn=("http/1.1",))
    secret = st.builds(Call, _varied(out, payload="bytes", tls=hello), st.none())
    return st.one_of(plain, plain, plain, raw, secret)


def _varied(found: SearchStrategy[Connection], **more: Any) -> SearchStrategy[Connection]:
    return found.map(lambda one: msgspec.structs.replace(one, **more))


@pytest.fixture(scope="module")
def counted(request: pytest.FixtureRequest) -> Any:
    numbers = {"meshes": 0, "requests": 0}
    yield numbers
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n{numbers['requests']} requests in {numbers['meshes']} meshes: no difference")


@pytest.mark.timeout(0)
@settings(
    max_examples=COUNT, phases=PHASES, deadline=None, derandomize=COUNT <= 30, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
@given(
    mesh=st.lists(objects(), min_size=4, max_size=16),
    asked=st.tuples(*(st.lists(calls(proxy), min_size=12, max_size=12) for proxy in PROXIES)),
)
def test_meshes(live_envoy: LiveEnvoy, counted: dict[str, int], mesh: list[Json], asked: Any) -> None:
    db = Database()
    facts.update(db, read(mesh))
    for proxy, wanted in zip(PROXIES, asked, strict=True):
        resources = compiled(db, proxy)
        loaded, configuration = live_envoy.load(resources), Configuration(resources)
        for call in wanted:
            trace = simulate(configuration, call.connection, call.request)
            if call.request is None:
                answer = loaded.exchange_bytes(call.connection)
            else:
                answer = loaded.ask(call.connection, call.request)
            wrong = differences(trace, answer, loaded)
            assert not wrong, "\n".join(
                [*wrong, str(proxy), str(call.connection), str(call.request), *(str(s) for s in trace.steps)]
            )
            counted["requests"] += 1
    counted["meshes"] += 1
