"""`run` and what a pod is called: names that are refused, two of one name, a start that is interrupted."""

import signal

import pytest
from running import RunningMesh, client, deployment, service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

SAME = """
apiVersion: v1
kind: Pod
metadata: {name: same, namespace: NAMESPACE}
spec: {containers: [{name: app, command: [sleep, "1000"]}]}
"""
# The proxy of a workload named `stuck` takes nothing, so it never gets ready.
STUCK = """
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: stuck}
spec:
  workloadSelector: {labels: {app: stuck}}
  configPatches:
  - applyTo: BOOTSTRAP
    patch: {operation: MERGE, value: {admin: {address: {pipe: {path: /nonexistent/admin}}}}}
"""


@pytest.fixture(scope="module")
def mesh(unprivileged):
    files = {"mesh.yaml": client() + service("web") + deployment("web-v1", "web", "v1")}
    with RunningMesh("up", unprivileged=unprivileged, files=files) as running:
        yield running


@pytest.mark.parametrize("name", ["../../../../tmp/evil", "@mesh", "", "a b", "Upper"])
def test_run_refuses_what_cannot_name_a_pod(mesh, name):
    done = mesh.lateen("run", "--name", name, "--", "true", timeout=20)
    assert done.returncode == 1, done.stderr
    assert "name" in done.stderr
    assert not list((mesh.home / "s").glob("**/evil"))


def test_run_refuses_labels_and_namespaces_that_apply_would_refuse(mesh):
    labels = mesh.lateen("run", "--name", "x", "-l", "app=x y", "--", "true", timeout=20)
    assert (labels.returncode, "metadata.labels" in labels.stderr) == (1, True), labels.stderr
    namespace = mesh.lateen("run", "--name", "x", "-n", "a/../b", "--", "true", timeout=20)
    assert (namespace.returncode, "namespace" in namespace.stderr) == (1, True), namespace.stderr


def test_pods_of_one_name_in_two_namespaces_live_apart(mesh):
    for namespace in ("default", "team"):
        mesh.ok("apply", "-f", "-", text=SAME.replace("NAMESPACE", namespace))
    mesh.until(lambda: mesh.lateen("exec", "same", "-n", "team", "--", "true").returncode == 0, 15)
    mesh.until(lambda: mesh.lateen("exec", "same", "--", "true").returncode == 0, 15)
    addresses = {mesh.ok("exec", "same", "-n", n, "--", "cat", "/etc/hosts") for n in ("default", "team")}
    assert len(addresses) == 2
    mesh.ok("delete", "pod", "same", "-n", "team")
    mesh.until(lambda: "team" not in mesh.ok("get", "pods", "-A"), 15)
    assert mesh.ok("exec", "same", "--", "hostname") == "same\n"


def test_a_run_that_waits_for_its_proxy_can_be_interrupted(mesh):
    mesh.ok("apply", "-f", "-", text=STUCK)
    started = mesh.start(["run", "--name", "stuck", "-l", "app=stuck", "--", "sleep", "1000"])
    mesh.until(lambda: "stuck" in mesh.ok("get", "pods"), 10)
    started.send_signal(signal.SIGINT)
    assert started.wait(10) == 130
    mesh.until(lambda: "stuck" not in mesh.ok("get", "pods"), 10)
