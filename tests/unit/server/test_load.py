"""The public Python API."""

import gc
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

import lateen

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "a"},
    "spec": {"ports": [{"name": "http", "port": 80}]},
}
RULE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a]
  http: [{timeout: 3s, route: [{destination: {host: a}}]}]
"""
PROXY = lateen.Proxy(type="sidecar", address="10.1.1.1", name="app", namespace="default", labels={"app": "x"})


def timeout(mesh, proxy=PROXY):
    return mesh.resources(proxy).routes[0]["virtual_hosts"][0]["routes"][0]["route"]["timeout"]


def test_texts_objects_and_files_are_one_mesh(tmp_path):
    (tmp_path / "rule.yaml").write_text(RULE)
    assert timeout(lateen.load([SERVICE, RULE])) == "3s"
    assert timeout(lateen.load([SERVICE, tmp_path])) == "3s"
    assert timeout(lateen.load([SERVICE, str(tmp_path / "rule.yaml")])) == "3s"
    decoded = lateen.load([SERVICE, RULE]).objects("VirtualService")
    assert timeout(lateen.load([SERVICE, *decoded])) == "3s"


def test_a_node_is_as_good_as_a_proxy():
    node = {
        "id": "sidecar~10.1.1.1~app.default~default.svc.cluster.local",
        "metadata": {"LABELS": {"app": "x"}},
    }
    mesh = lateen.load([SERVICE, RULE])
    assert mesh.resources(node).everything() == mesh.resources(PROXY).everything()
    with pytest.raises(ValueError, match="is not of the form"):
        mesh.resources({})


def test_a_mesh_that_nobody_holds_is_gone_at_once():
    mesh = lateen.load([SERVICE, RULE])
    assert timeout(mesh) == "3s"
    assert mesh.findings == ()
    gone = weakref.ref(mesh.db)
    gc.collect()
    del mesh
    assert gone() is None


def test_findings_have_positions_and_the_rest_works():
    mesh = lateen.load([SERVICE, RULE.replace("route:", "rout:")])
    found = mesh.findings
    assert [(one.level, one.path, one.where.line) for one in found] == [
        (lateen.Level.ERROR, "spec.http[0].rout", 7)
    ]
    assert timeout(mesh) == "0s"


def test_a_missing_file_is_a_finding():
    assert [one.message for one in lateen.load("/nowhere.yaml").findings] == [
        "/nowhere.yaml: no such file or directory"
    ]


@pytest.mark.parametrize("settings", [{"accessLogFile": "/dev/stdout"}, "accessLogFile: /dev/stdout\n"])
def test_mesh_config(settings):
    mesh = lateen.load([SERVICE], mesh_config=settings)
    assert "/dev/stdout" in str(mesh.resources(PROXY).listeners)
    assert "/dev/stdout" not in str(lateen.load([SERVICE]).resources(PROXY).listeners)


def test_a_dump_names_what_envoy_would_ask_for():
    dump = lateen.load([SERVICE, RULE]).resources(PROXY)
    assert [one["name"] for one in dump.routes] == ["80"]
    assert [one["cluster_name"] for one in dump.endpoints] == ["outbound|80||a.default.svc.cluster.local"]
    assert dump.secrets == []


def test_importing_lateen_costs_nothing():
    script = "import sys, lateen; assert not {'msgspec', 'yaml', 'google.protobuf'} & sys.modules.keys(); lateen.load"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        lateen.nothing  # noqa: B018


def test_the_documentation_s_example_prints_what_it_says(capsys):
    page = (Path(__file__).parents[3] / "docs" / "reference" / "python-api.md").read_text()
    code, output = (page.split(f"```{kind}\n")[1].split("```")[0] for kind in ("python", "text"))
    exec(code, {})
    assert capsys.readouterr().out == output


def test_private_keys_do_not_show():
    text = """
apiVersion: v1
kind: Secret
metadata: {name: cert}
stringData: {tls.crt: THE-CERTIFICATE, tls.key: THE-KEY}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: g}
spec:
  selector: {app: gw}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [a.example.com]
    tls: {mode: SIMPLE, credentialName: cert}
"""
    proxy = lateen.Proxy(
        type="router", address="10.1.1.1", name="gw", namespace="default", labels={"app": "gw"}
    )
    (secret,) = lateen.load(text).resources(proxy).secrets
    assert secret["name"] == "kubernetes://cert"
    assert secret["tls_certificate"]["private_key"] == {"inline_string": "[redacted]"}
    assert "certificate_chain" in secret["tls_certificate"]
    assert "THE-KEY" not in str(secret)
    assert "VEhFLUtFWQ" not in str(secret)
