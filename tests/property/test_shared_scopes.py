"""Namespaces that share their services see what each would have seen by itself."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import Json, objects
from test_incremental import read
from test_sharing import FILES, GOLDEN

from lateen.api import facts
from lateen.engine import Database
from lateen.model import audience, scope
from lateen.model.scope import EVERYBODY, Scope, without_sidecar
from lateen.model.service import all_services
from support.golden_format import read as read_cases
from support.golden_mesh import Mesh

EXPORTS = st.sampled_from(["", "*", ".", "a", "b", "a,c", "~"])
SPACES = ("a", "b", "c", "nowhere")


def spaces(db: Database) -> set[str]:
    return {one.namespace for one in all_services(db)} | {"default", "nowhere"}


def assert_shared_is_own(db: Database) -> list[Scope]:
    """Compare the services of every namespace, all and by port; return the scopes that share them."""
    scopes = [
        without_sidecar(db, space, gateway=gateway) for space in spaces(db) for gateway in (False, True)
    ]
    shared = [one for one in scopes if one.common]
    for one in shared:
        own = Scope(one.namespace, gateway=one.gateway)
        assert scope.services(db, one) == scope.services(db, own)
        assert scope.imported(db, one.seen, 0) == scope.imported(db, own, 0)
        assert scope.ports(db, one.seen, 0) == scope.ports(db, own, 0)
    return shared


def assert_namespaces_apart_are_all(db: Database) -> None:
    """Compare what is collected by namespace, in an order of its own, with the whole."""
    for space in spaces(db):
        for some in (("c", "a"), ("default", "b"), tuple(spaces(db))):
            every = audience.visible_services(db, space)
            assert audience.visible_of(db, some, space) == tuple(s for s in every if s.namespace in some)


@st.composite
def declarations(draw: st.DrawFn) -> Json:
    """Draw a ServiceEntry or Service of few names, seen by few, so that several are of one host."""
    space, export, port = draw(st.sampled_from(SPACES[:3])), draw(EXPORTS), draw(st.sampled_from((80, 81)))
    if draw(st.booleans()):
        meta = {"name": draw(st.sampled_from("st")), "namespace": space}
        noted = {"annotations": {"networking.istio.io/exportTo": export}} if export else {}
        ports = [{"name": "http", "port": port}, {"name": "tcp", "port": 82}]
        return {"apiVersion": "v1", "kind": "Service", "metadata": meta | noted, "spec": {"ports": ports}}
    host = draw(st.sampled_from(("x.example", "s.a.svc.cluster.local", "s.b.svc.cluster.local")))
    spec = {
        "hosts": [host],
        "resolution": "DNS",
        "ports": [{"number": port, "name": "h", "protocol": "HTTP"}],
    }
    exported = {"exportTo": export.split(",")} if export else {}
    meta = {"name": draw(st.sampled_from("uvw")), "namespace": space}
    api = "networking.istio.io/v1"
    return {"apiVersion": api, "kind": "ServiceEntry", "metadata": meta, "spec": spec | exported}


@settings(
    max_examples=150, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(st.lists(declarations(), min_size=1, max_size=8))
def test_random_services(values: list[Json]) -> None:
    db = Database()
    facts.update(db, {one.ref: one for one in read(values)}.values())
    assert_shared_is_own(db)
    assert_namespaces_apart_are_all(db)


@settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)  # fmt: skip
@given(st.lists(objects(), min_size=3, max_size=12))
@pytest.mark.slow
def test_random_meshes(values: list[Json]) -> None:
    db = Database()
    facts.update(db, {one.ref: one for one in read(values)}.values())
    assert_shared_is_own(db)
    assert_namespaces_apart_are_all(db)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(GOLDEN)))
def test_golden_cases(path: Path) -> None:
    for case in read_cases(path, GOLDEN):
        assert_shared_is_own(Mesh(case).db)


def test_most_is_shared() -> None:
    db = Mesh(read_cases(GOLDEN / "destination_rule" / "policy.md", GOLDEN)[0]).db
    assert len(assert_shared_is_own(db)) == 2 * len(spaces(db))
    assert scope.services(db, EVERYBODY)
