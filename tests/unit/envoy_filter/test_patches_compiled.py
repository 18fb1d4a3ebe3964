"""Patches over compiled resources: what runs again, what stays shared, what is told."""

import pytest

import lateen
from lateen.api import facts
from lateen.compile import patches, types
from lateen.compile.patches import Group
from lateen.compile.resources import resources
from lateen.model.view import view_of
from lateen.sources.memory import from_text

BASE = """
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: default}
spec: {clusterIP: 10.96.0.1, selector: {app: reviews}, ports: [{name: http, port: 9080}]}
---
apiVersion: v1
kind: Service
metadata: {name: ratings, namespace: default}
spec: {clusterIP: 10.96.0.2, selector: {app: ratings}, ports: [{name: http, port: 9081}]}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews, namespace: default, labels: {app: reviews}}
spec: {containers: [{name: app, image: app}]}
status: {phase: Running, podIP: 10.1.0.1, conditions: [{type: Ready, status: "True"}]}
"""
PROXY = lateen.Proxy(
    type="sidecar", address="10.1.0.1", name="reviews", namespace="default", labels=(("app", "reviews"),)
)


def envoy_filter(config_patches, **meta):
    name, namespace = meta.get("name", "f"), meta.get("namespace", "default")
    return f"""
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{configPatches: [{config_patches}]}}
"""


CLUSTER = "{applyTo: CLUSTER, match: {cluster: {service: %s.default.svc.cluster.local}}, patch: {operation: MERGE, value: {alt_stat_name: %s}}}"


def put(mesh, text):
    for one in from_text(text).objects:
        facts.put(mesh.db, one)


def bodies(mesh, kind=types.CLUSTER):
    return {one.name: one.body for one in resources(mesh.db, kind, view_of(mesh.db, PROXY), None)}


def runs(db, words):
    """Count how often queries of a module have run."""
    return sum(
        cell.runs
        for cell in db
        if cell.fn is not None and words in f"{cell.fn.__module__}.{cell.fn.__name__}"
    )


def test_without_patches_nothing_is_patched():
    mesh = lateen.load(BASE)
    bodies(mesh)
    bodies(mesh, types.LISTENER)
    assert not patches.patches(mesh.db, view_of(mesh.db, PROXY), Group.CLUSTERS)
    assert runs(mesh.db, "compile.patches._") == 0


def test_an_edit_of_a_patch_runs_only_what_it_touches():
    mesh = lateen.load(BASE + envoy_filter(CLUSTER % ("reviews", "a")))
    before, unpatched = bodies(mesh), runs(mesh.db, "compile.clusters.host_clusters")
    put(mesh, envoy_filter(CLUSTER % ("reviews", "b")))
    after = bodies(mesh)
    assert [name for name in after if after[name] != before[name]] == [
        "inbound|9080||", "outbound|9080||reviews.default.svc.cluster.local",
    ]  # fmt: skip
    assert runs(mesh.db, "compile.clusters.host_clusters") == unpatched


def test_a_patch_that_comes_and_goes_leaves_nothing():
    mesh = lateen.load(BASE)
    before = bodies(mesh)
    put(mesh, envoy_filter(CLUSTER % ("reviews", "a")))
    assert bodies(mesh) != before
    facts.delete(mesh.db, facts.refs(mesh.db, "EnvoyFilter")[0])
    assert bodies(mesh) == before


def test_of_two_with_one_name_the_first_stays():
    add = "{applyTo: CLUSTER, patch: {operation: ADD, value: {name: %s, type: STATIC, alt_stat_name: %s}}}"
    mesh = lateen.load(
        BASE
        + envoy_filter(f"{add % ('BlackHoleCluster', 'x')}, {add % ('new', 'one')}, {add % ('new', 'two')}")
    )
    found = {one["name"]: one for one in mesh.resources(PROXY).clusters}
    assert found["BlackHoleCluster"]["connect_timeout"] == "10s"
    assert found["new"]["alt_stat_name"] == "one"


@pytest.mark.parametrize(
    ("patch", "code", "words"),
    [
        ("{applyTo: CLUSTER, patch: {operation: REPLACE, value: {name: x}}}", "IST0152", "REPLACE does nothing to a CLUSTER"),
        ("{applyTo: EXTENSION_CONFIG, patch: {operation: MERGE, value: {name: x}}}", "LAT0152", "these do: ADD"),
        ("{applyTo: HTTP_FILTER, patch: {operation: REMOVE}}", "LAT0152", "naming a subFilter"),
        ("{applyTo: LISTENER_FILTER, patch: {operation: REMOVE}}", "LAT0152", "naming a listenerFilter"),
        (
            "{applyTo: NETWORK_FILTER, match: {listener: {filterChain: {filter: {name: envoy.tcp_proxy}}}}, patch: {operation: REMOVE}}",
            "LAT0152", "write envoy.filters.network.tcp_proxy",
        ),
        ("{applyTo: HTTP_FILTER, patch: {operation: INSERT_FIRST, value: {name: x}}}", "LAT0151", "x has no typed_config"),
        ("{applyTo: LISTENER, patch: {operation: MERGE, value: {address: wrong}}}", "LAT0150", "the value is no"),
    ],
)  # fmt: skip
def test_what_is_told(patch, code, words):
    found = [one for one in lateen.load(BASE + envoy_filter(patch)).findings if one.code == code]
    assert [
        one for one in found if words in one.message and one.path.startswith("spec.configPatches[0].patch")
    ], found


def test_a_good_patch_is_not_told():
    found = lateen.load(BASE + envoy_filter(CLUSTER % ("reviews", "a"))).findings
    assert not [one for one in found if one.code.startswith("LAT015")]
