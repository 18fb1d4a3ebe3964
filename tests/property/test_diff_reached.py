"""What `diff` finds by the clusters that are named is what it finds by all of them."""

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import PROXIES, Json, meshes, objects
from strategies.memory import read
from test_diff_meshes import edited

from lateen.api import facts
from lateen.compile import types
from lateen.compile.resource import Resource
from lateen.differences import reached as module
from lateen.differences.comparison import report
from lateen.differences.reached import Hosts, led_to, named_hosts, reached, together
from lateen.engine import Database
from lateen.model.view import Proxy, view_of
from lateen.simulate.algebra.compare import compare
from lateen.sources.memory import from_text
from lateen.translate import names
from support.golden_mesh import compiled

LONG = "s" * 60 + "." + "n" * 60
Resources = Mapping[str, tuple[Resource, ...]]


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never ask for everything only because most is named."""
    monkeypatch.setattr(module, "_MANY", 2)


class Side:
    """What a proxy receives for its way out, whole and without what neither side leads to."""

    def __init__(self, mesh: list[Json], proxy: Proxy) -> None:
        self.db = Database()
        facts.update(self.db, read(mesh))
        self.view = view_of(self.db, proxy)
        self.whole = {kind: tuple(found) for kind, found in compiled(self.db, proxy).items()}
        self.led = led_to(self.db, self.view, (*self.whole[types.LISTENER], *self.whole[types.ROUTE]))

    def narrow(self, other: Hosts) -> Resources:
        own = [one for one in self.whole[types.CLUSTER] if one.name.startswith("inbound|")]
        found = (*own, *reached(self.db, self.view, together(self.led, other)))
        kept = {one.name for one in found}
        endpoints = tuple(one for one in self.whole[types.ENDPOINT] if one.name in kept)
        assert kept <= {one.name for one in self.whole[types.CLUSTER]}
        return {**self.whole, types.CLUSTER: found, types.ENDPOINT: endpoints}


@settings(
    max_examples=40, deadline=None, derandomize=True, database=None,
    suppress_health_check=[
        HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)  # fmt: skip
@given(mesh=meshes(most=10), edits=st.lists(st.tuples(objects(), st.integers(0, 60)), min_size=1, max_size=4))
@pytest.mark.slow
def test_the_rest_changes_no_request(mesh: list[Json], edits: list[tuple[Json, int]]) -> None:
    for proxy in PROXIES:
        captured = None if proxy.type == "router" or proxy.meta("INTERCEPTION_MODE") == "NONE" else 15001
        old, new = Side(mesh, proxy), Side(edited(mesh, edits), proxy)
        narrow = compare(old.narrow(new.led), new.narrow(old.led), captured)
        assert compare(old.whole, new.whole, captured) == narrow, proxy.id


@pytest.mark.parametrize("subset", ["", "v1", LONG])
@pytest.mark.parametrize("host", ["a.default.svc.cluster.local", "*.wild.example.com", LONG])
def test_names_are_read_by_their_length(host: str, subset: str) -> None:
    from envoy.config.route.v3.route_components_pb2 import Route, RouteAction, WeightedCluster

    name = names.outbound_cluster(host, 80, subset)
    for action in (
        RouteAction(cluster=name, prefix_rewrite="/outbound|"),
        RouteAction(weighted_clusters=WeightedCluster(clusters=[{"name": name, "weight": {"value": 1}}])),
    ):
        assert list(named_hosts(Route(route=action).SerializeToString())) == [host]


def test_a_message_may_begin_with_anything() -> None:
    assert list(named_hosts(b"outbound|80||a")) == []
    assert list(named_hosts(b"\x0eoutbound|80||a")) == ["a"]


def test_what_patches_add_is_there() -> None:
    value = {"name": "added", "type": "STATIC", "connect_timeout": "1s"}
    patch = {"applyTo": "CLUSTER", "patch": {"operation": "ADD", "value": value}}
    adding = {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": "adding", "namespace": PROXIES[0].namespace},
        "spec": {"configPatches": [patch]},
    }
    db = Database()
    facts.update(db, read([adding]))
    view = view_of(db, PROXIES[0])
    assert "added" in {one.name for one in reached(db, view, led_to(db, view, ()))}


SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {{name: {0}}}\nspec: {{ports: [{{name: http, port: 80}}]}}\n---\n"
EDGE = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge}
spec: {hosts: ['*'], gateways: [edge], http: [{route: [{destination: {host: HOST}}]}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: b}
spec: {host: b, trafficPolicy: {connectionPool: {http: {maxRetries: RETRIES}}}}
"""


@pytest.mark.parametrize(("host", "retries"), [("b", 1), ("b", 2), ("a", 2)])
def test_a_host_that_one_side_leads_to_is_there_on_both(
    monkeypatch: pytest.MonkeyPatch, host: str, retries: int
) -> None:
    mesh = "".join(map(SERVICE.format, "abcdefgh")) + EDGE
    old = from_text(mesh.replace("HOST", "a").replace("RETRIES", "1"))
    new = from_text(mesh.replace("HOST", host).replace("RETRIES", str(retries)))
    told = report(old, new)
    monkeypatch.setattr(module, "_MANY", 0)
    assert told == report(old, new)
    assert told.seen
