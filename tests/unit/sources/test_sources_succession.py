"""A mesh that nobody holds any more serves the next one, which is not to notice."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import lateen
from lateen.engine.counters import reset, runs
from lateen.sources import succession
from support.golden_format import BASE, Case
from support.golden_format import read as read_cases
from support.golden_mesh import Mesh, _text

GOLDEN = Path(__file__).parents[2] / "golden"
FILES = sorted(path for path in GOLDEN.rglob("*.md") if path.name not in (BASE, "README.md"))
PROXY = lateen.Proxy(name="app", namespace="default", labels=(("app", "app"),))
SERVICE = """apiVersion: v1
kind: Service
metadata: {{name: {0}}}
spec: {{selector: {{app: {0}}}, ports: [{{name: http, port: 80}}]}}
"""
ROUTE = """apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: a}}
spec: {{hosts: [a], http: [{{timeout: {0}s, route: [{{destination: {{host: a}}}}]}}]}}
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: a}}
spec:
  replicas: {0}
  selector: {{matchLabels: {{app: a}}}}
  template: {{metadata: {{labels: {{app: a}}}}, spec: {{containers: [{{name: app}}]}}}}
"""
SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: hunter2}\n"
FILTER = """apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {{name: a}}
spec:
  configPatches:
  - applyTo: CLUSTER
    patch: {{operation: MERGE, value: {{metadata: {{filter_metadata: {{a: {{b: {0}}}}}}}}}}}
"""
SERVICES = [SERVICE.format(name) for name in "abcd"]


@pytest.fixture(autouse=True)
def nobody_waits() -> Iterator[None]:
    succession._waiting.clear()
    yield
    succession._waiting.clear()


def seen(mesh: lateen.Mesh, proxy: lateen.Proxy = PROXY) -> object:
    """Everything that a mesh says, as one value."""
    return repr(mesh.findings), mesh.resources(proxy).everything()


def test_a_mesh_that_is_like_the_last_one_is_computed_as_an_edit_of_it() -> None:
    first = lateen.load([*SERVICES, ROUTE.format(1)])
    seen(first)
    db = first.db
    whole = runs(db)
    reset(db)
    del first, db
    second = lateen.load([*SERVICES, ROUTE.format(2)])
    found = seen(second)
    assert 0 < runs(second.db) < whole / 4
    assert found == seen(lateen.load([*SERVICES, ROUTE.format(2)])), "while the second is held"


def test_nothing_is_taken_from_a_mesh_that_is_looked_at_still() -> None:
    dump = lateen.load([*SERVICES, ROUTE.format(1)]).resources(PROXY)
    lateen.load([*SERVICES, ROUTE.format(2)]).resources(PROXY)
    assert "1s" in str(dump.routes)
    assert "2s" not in str(dump.routes)


def test_a_mesh_that_is_unlike_the_last_one_starts_anew() -> None:
    seen(lateen.load(SERVICES))
    assert succession._waiting
    assert runs(lateen.load([ROUTE.format(1), *SERVICES[:1], DEPLOYMENT.format(1)]).db) == 0


@pytest.mark.parametrize("text", [SECRET, FILTER.format(1)])
def test_some_meshes_have_no_successor(text: str) -> None:
    seen(lateen.load([*SERVICES, text]))
    assert not succession._waiting


def test_a_secret_that_is_refused_is_not_held_either() -> None:
    mesh = lateen.load([*SERVICES, SECRET.replace("stringData", "data")])
    assert [finding.ref and finding.ref.kind for finding in mesh.validation] == ["Secret"]
    del mesh
    [waiting] = succession._waiting
    held = [cell.value for cell in waiting if cell.fn is None and cell.value is not None]
    assert {getattr(one, "kind", "names") for one in held} == {"Service", "names"}, (
        "no texts, no refused objects"
    )


def test_large_meshes_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(succession, "LIMIT", 20)
    seen(lateen.load(SERVICES))
    assert not succession._waiting


def test_what_was_made_of_an_object_that_is_another_now_is_gone() -> None:
    seen(lateen.load([*SERVICES, DEPLOYMENT.format(3)]))
    fewer = lateen.load([*SERVICES, DEPLOYMENT.format(1)])
    assert len(fewer.objects("Pod")) == 1
    del fewer
    none = lateen.load(SERVICES)
    assert none.objects("Pod") == none.objects("Deployment") == ()


def test_findings_about_foreign_kinds_do_not_stay() -> None:
    policy = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}\nspec: {selector: {matchLabels: {app: none}}}\n"
    assert "AuthorizationPolicy" in repr(lateen.load([*SERVICES, policy]).findings)
    assert "AuthorizationPolicy" not in repr(lateen.load(SERVICES).findings)


def test_equal_is_not_the_same_in_an_envoy_filter() -> None:
    shown = [
        str(lateen.load([*SERVICES, FILTER.format(one)]).resources(PROXY).clusters) for one in ("1", "true")
    ]
    assert shown[0] != shown[1]


def test_a_mesh_that_is_held_to_the_end_makes_no_noise() -> None:
    program = (
        f"import lateen; kept = lateen.load({SERVICES!r}); kept.findings; lateen.load({SERVICES!r}).findings"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden_cases_one_after_the_other_are_what_they_are_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> list[object]:
        return [seen(*_loaded(case)) for case in read_cases(path, GOLDEN)]

    in_turn = told()
    monkeypatch.setattr(succession, "LIMIT", -1)
    succession._waiting.clear()
    assert in_turn == told()


def _loaded(case: Case) -> tuple[lateen.Mesh, lateen.Proxy]:
    mesh = Mesh(case)
    config = case.of("mesh")
    loaded = lateen.load([_text(case), *mesh._pods()], mesh_config=config[-1].yaml() if config else None)
    return loaded, mesh.proxies()[0]
