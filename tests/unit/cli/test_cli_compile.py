"""lateen compile, and the commands that need no mesh."""

import json
import subprocess
import sys

import pytest
import yaml

OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec:
  selector: {app: reviews}
  ports: [{name: http, port: 9080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews-v1}
spec:
  selector: {matchLabels: {app: reviews}}
  template:
    metadata: {labels: {app: reviews}}
    spec: {containers: [{name: reviews, command: [reviews], ports: [{containerPort: 9080}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - timeout: 3s
    route: [{destination: {host: reviews}}]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "objects.yaml"
    path.write_text(OBJECTS)
    return str(path)


def names(resources):
    return [one.get("name") or one["cluster_name"] for one in resources]


def timeout(found):
    (routes,) = (one for one in found["routes"] if one["name"] == "9080")
    return routes["virtual_hosts"][0]["routes"][0]["route"]["timeout"]


def test_by_flags(run, file):
    found = run("compile", "-f", file, "--namespace", "default", "--labels", "app=x", "--ip", "10.9.9.9")
    assert (found.exit_code, found.stderr) == (0, "")
    sections = json.loads(found.stdout)
    assert list(sections) == ["listeners", "routes", "clusters", "endpoints", "secrets", "extensions"]
    assert timeout(sections) == "3s"
    assert "outbound|9080||reviews.default.svc.cluster.local" in names(sections["endpoints"])


def test_by_workload_of_the_files(run, file):
    found = yaml.safe_load(run("compile", "-f", file, "--proxy", "reviews-v1", "-o", "yaml").stdout)
    assert timeout(found) == "3s"
    assert "inbound|9080||" in names(found["clusters"])


def test_by_node(run, file, tmp_path):
    node = {
        "id": "sidecar~10.1.1.1~app.default~default.svc.cluster.local",
        "metadata": {"NAMESPACE": "default"},
    }
    (tmp_path / "node.json").write_text(json.dumps(node))
    found = json.loads(
        run("compile", "-f", file, "--proxy", str(tmp_path / "node.json"), "--only", "routes").stdout
    )
    assert list(found) == ["routes"]
    assert timeout(found) == "3s"


def test_a_wrong_node_or_workload_is_named(run, file, tmp_path):
    (tmp_path / "node.json").write_text("{}")
    found = run("compile", "-f", file, "--proxy", str(tmp_path / "node.json"))
    assert (found.exit_code, found.stdout) == (1, "")
    assert "is not of the form type~address~name.namespace~domain" in found.stderr
    assert "there are: default/reviews-v1" in run("compile", "-f", file, "--proxy", "nobody").stderr


def test_an_object_with_an_error_costs_only_itself(run, tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text(OBJECTS.replace("timeout: 3s", "timeot: 3s"))
    found = run("compile", "-f", str(path), "--only", "clusters")
    assert found.exit_code == 1
    assert f"VirtualService default/reviews ({path}:24): unknown field timeot" in found.stderr
    assert "outbound|9080||reviews.default.svc.cluster.local" in names(json.loads(found.stdout)["clusters"])


def test_an_object_without_a_name_is_told(run, file, tmp_path):
    nameless = tmp_path / "nameless.yaml"
    nameless.write_text("apiVersion: v1\nkind: Service\nmetadata: {namespace: default}\n")
    found = run("compile", "-f", file, "-f", str(nameless), "--namespace", "default")
    assert "Service default/ (" in found.stderr
    assert "needs a name" in found.stderr


def test_mesh_config(run, file, tmp_path):
    path = tmp_path / "mesh.yaml"
    path.write_text("accessLogFile: /dev/stdout\n")
    assert (
        "/dev/stdout" in run("compile", "-f", file, "--mesh-config", str(path), "--only", "listeners").stdout
    )
    assert "/dev/stdout" not in run("compile", "-f", file, "--only", "listeners").stdout
    assert (
        run("compile", "-f", file, "--mesh-config", "/nowhere").stderr
        == "error: /nowhere: no such file or directory\n"
    )


def test_version_and_help_import_nothing_heavy():
    script = (
        "import sys; from lateen.cli.__main__ import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "heavy = {'google.protobuf', 'grpc', 'yaml', 'uvicorn', 'starlette', 'lateen.api.registry', 'asyncio'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("lateen ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run, shell):
    assert "_LATEEN_COMPLETE" in run("completion", shell).stdout
