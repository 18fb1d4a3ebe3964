"""What is computed once for proxies that see a host alike is what each of them would have got by itself."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import Json, objects
from strategies.proxies import proxy as made_proxy
from test_incremental import PROXIES, read

from lateen.api import facts
from lateen.compile.clusters import host_clusters, host_sni_clusters
from lateen.compile.endpoints import host_endpoints
from lateen.compile.routes import _catch_all, _representative, _routes, route_names, sidecar_routes
from lateen.engine import Database
from lateen.model import scope
from lateen.model.cluster_view import cluster_view
from lateen.model.routing_sidecar import (
    VirtualHost,
    by_itself,
    distinguishes_ports,
    listener_of,
    twin,
    virtual_hosts,
)
from lateen.model.routing_view import proxy_headers, routing_view
from lateen.model.view import Proxy, View, view_of
from lateen.translate import virtual_host as write
from lateen.translate.route_configuration import Pieces, route_configuration
from support.golden_format import BASE
from support.golden_format import read as read_cases
from support.golden_mesh import Mesh

GOLDEN = Path(__file__).parents[1] / "golden"
STRANGER = made_proxy("sidecar", "stranger.nowhere", "10.1.0.77", {"app": "a", "version": "v1"})
FILES = sorted(path for path in GOLDEN.rglob("*.md") if path.name not in (BASE, "README.md"))


def assert_shared_is_own(db: Database, proxy: Proxy) -> int:
    """Compare every outbound cluster of a proxy; return how many are shared with other namespaces."""
    view, shared = view_of(db, proxy), 0
    for service in scope.services(db, scope.scope_of(db, view)):
        host = service.host
        reduced = cluster_view(db, view, host)
        shared += (reduced.namespace == "") * len(host_clusters(db, view, host))
        for make in (
            host_clusters,
            host_sni_clusters,
            lambda *key: host_endpoints(*key, False),
            lambda *key: host_endpoints(*key, True),
        ):
            assert make(db, reduced, host) == make(db, view, host), f"{host} of {proxy.id}"
    return shared


def assert_routes_are_own(db: Database, proxy: Proxy) -> int:
    """Compare every route configuration of a sidecar; return how many were made from anyone's."""
    if proxy.type == "router":
        return 0
    view, shared = routing_view(db, view_of(db, proxy)), 0
    for name in (*route_names(db, view_of(db, proxy)), "80", "9080", "8080"):
        listener = listener_of(name)
        assert listener is not None
        if listener.sniffed_host is None:
            found = by_itself(db, view, listener)
            bodies = (*(_alone(db, view, one) for one in found), _catch_all(db, view))
            ignored = not distinguishes_ports(db, view, listener)
            expected = b"".join(route_configuration(name, bodies, ignore_port=ignored))
            assert sidecar_routes(db, _representative(db, view, name), name).body == expected, (
                f"{name} of {proxy.id}"
            )
            shared += twin(db, view, listener) is not None
        for one in virtual_hosts(db, view, listener):
            for source in one.sources if one.made_for is not None else ():
                assert _routes(db, one.made_for, source) == _routes(db, view, source), f"{source} {proxy.id}"
    return shared


def _alone(db: Database, view: View, one: VirtualHost) -> Pieces:
    head = write.head(one, attempt_count=proxy_headers(db, view).attempt_count)
    return write.in_order(head, (_routes(db, view, source) for source in one.sources))


@settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
@given(st.lists(objects(), min_size=3, max_size=12))
@pytest.mark.slow
def test_random_meshes(values: list[Json]) -> None:
    db = Database()
    facts.update(db, {one.ref: one for one in read(values)}.values())
    for proxy in (*PROXIES, STRANGER):
        assert_shared_is_own(db, proxy)
        assert_routes_are_own(db, proxy)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(GOLDEN)))
def test_golden_cases(path: Path) -> None:
    for case in read_cases(path, GOLDEN):
        mesh = Mesh(case)
        for proxy in (*mesh.proxies(), STRANGER):
            assert_shared_is_own(mesh.db, proxy)
            assert_routes_are_own(mesh.db, proxy)


def test_most_is_shared() -> None:
    mesh = Mesh(read_cases(GOLDEN / "destination_rule" / "policy.md", GOLDEN)[0])
    assert all(assert_shared_is_own(mesh.db, proxy) for proxy in mesh.proxies())
    assert assert_routes_are_own(mesh.db, STRANGER)
