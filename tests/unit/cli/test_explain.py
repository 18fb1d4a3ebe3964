"""`lateen explain` and `mesh.explain`: the whole text once, then each kind of step, and what cannot be explained."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from running_mesh import Running

import lateen as package
from lateen.cli import explain_log
from lateen.cli.__main__ import lateen
from lateen.cli.errors import Failure
from lateen.server.state import state_of
from lateen.sources.documents import Texts

RULES = """\
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  clusterIP: 10.96.0.10
  selector: {app: shop}
  ports:
  - {name: http, port: 80, targetPort: 8080}
  - {name: tcp-db, port: 3306}
---
apiVersion: v1
kind: Pod
metadata: {name: shop-v1, labels: {app: shop, version: v1}}
spec: {containers: [{name: shop, image: shop}]}
status: {podIP: 10.244.0.1, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client, labels: {app: client}}
spec: {containers: [{name: client, image: client}]}
status: {podIP: 10.244.0.2, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: shop
spec:
  hosts: [shop]
  http:
  - match:
    - uri: {prefix: /api}
      headers:
        end-user: {exact: jason}
    route:
    - destination: {host: shop, subset: v9}
  - match:
    - uri: {prefix: /api}
    timeout: 3s
    route:
    - destination: {host: shop, subset: v1}
  - match:
    - uri: {exact: /old}
    redirect: {uri: /new}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: shop
spec:
  host: shop
  trafficPolicy:
    loadBalancer: {simple: RANDOM}
  subsets:
  - name: v1
    labels: {version: v1}
    trafficPolicy:
      connectionPool:
        tcp: {maxConnections: 7}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [shop.example]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: outside}
spec:
  hosts: [shop.example]
  gateways: [edge]
  http:
  - route: [{destination: {host: shop, port: {number: 80}}}]
"""
WHOLE = """\
GET http://shop/api/1
from client.default

client.default  the client's sidecar
  address           shop: shop.default.svc.cluster.local is 10.96.0.10  ← Service default/shop (rules.yaml:1)
  listener          0.0.0.0_80: original destination 10.96.0.10:80, handed on by virtualOutbound  ← Service default/shop spec.ports[0] (rules.yaml:8)
  first bytes       plain text, protocol http/1.1: what the first bytes say
  filter chain      (only one): matches on transport protocol, application protocol
  protocol          read as HTTP: port 80, named http, is HTTP  ← Service default/shop spec.ports[0] (rules.yaml:8)
  routes            80
  virtual host      shop.default.svc.cluster.local:80: has the domain shop  ← VirtualService default/shop spec.hosts (rules.yaml:28)
  route 1           no: header: wants end-user exact 'jason', got none  ← VirtualService default/shop spec.http[0].match[0].headers[end-user] (rules.yaml:33)
  route 2           taken  ← VirtualService default/shop spec.http[1].match[0] (rules.yaml:37)
  cluster           outbound|80|v1|shop.default.svc.cluster.local  ← DestinationRule default/shop spec.subsets[0] (rules.yaml:54)
→ sent to outbound|80|v1|shop.default.svc.cluster.local as shop/api/1
  timeout           3s  ← VirtualService default/shop spec.http[1].timeout (rules.yaml:38)
  retries           2            (Istio's default, not yours)
  retry on          connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes (Istio's default, not yours)
  load balancing    RANDOM  ← DestinationRule default/shop spec.trafficPolicy.loadBalancer (rules.yaml:52)
  connect timeout   10s          (Istio's default, not yours)
  connections       7  ← DestinationRule default/shop spec.subsets[0].trafficPolicy.connectionPool (rules.yaml:57)
  pending requests  no limit     (Istio's default, not yours)
  requests          no limit     (Istio's default, not yours)
  outlier detection off          (Envoy's default, not yours)
  TLS               none         (Istio's default, not yours)
  endpoint          10.244.0.1:8080 shop-v1.default

shop-v1.default  the server's sidecar
  address           10.244.0.1:8080: the endpoint
  listener          virtualInbound: captured on port 15006
  first bytes       plain text: what the first bytes say
  filter chain      0.0.0.0_8080: matches on destination port, transport protocol
  protocol          read as HTTP
  routes            inbound|8080||
  virtual host      inbound|http|80: takes every host that no other has
  route 1 (default) taken
  cluster           inbound|8080||: the original destination
→ sent to inbound|8080|| as shop/api/1
  endpoint          10.244.0.1:8080 shop-v1.default
"""
PODS = """\
apiVersion: v1
kind: Pod
metadata: {name: productpage, labels: {app: productpage, version: v1}}
spec: {containers: [{name: productpage, image: productpage}]}
"""
LINE = (
    '[2026-01-01T00:00:00.000Z] "GET /api/1 HTTP/1.1" 200 - via_upstream - "-" 0 10 3 2 "-" "curl/8" "id-1" "shop" '
    '"10.244.0.1:8080" outbound|80|v1|shop.default.svc.cluster.local 10.244.0.2:41000 10.96.0.10:80 10.244.0.2:40000 - default'
)


@pytest.fixture
def explain(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rules.yaml").write_text(RULES, "utf-8")

    def call(*arguments):
        result = CliRunner().invoke(
            lateen, ["explain", *arguments, "-f", "rules.yaml"], standalone_mode=False
        )
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return call


@pytest.fixture(scope="module")
def mesh():
    return package.load(RULES)


@pytest.fixture(name="mesh_that_runs")
def running_mesh(home):
    state = state_of("default")
    state.directory.mkdir(parents=True)
    running = Running(state)
    running.start()
    yield running
    running.close()


def test_the_whole_way(explain):
    assert explain("GET", "http://shop/api/1", "--from", "client") == WHOLE


def test_json_has_the_same_and_is_what_python_gives(explain):
    found = json.loads(explain("GET", "http://shop/api/1", "--from", "client", "-o", "json"))
    assert [hop["side"] for hop in found["hops"]] == ["sidecar", "server"]
    assert found["hops"][0]["steps"][7]["cause"] == {
        "kind": "VirtualService",
        "namespace": "default",
        "name": "shop",
        "path": "spec.http[0].match[0].headers[end-user]",
        "file": "rules.yaml",
        "line": 33,
    }
    assert found["hops"][0]["results"][0]["settings"][0]["owner"] == "rule"


def result(mesh, request, source="client"):
    return mesh.explain(request, source).result


def test_a_subset_that_is_missing_is_named(mesh):
    found = mesh.explain(package.Request("GET", "http://shop/api", {"end-user": "jason"}), "client")
    assert (found.result.status, found.result.flag) == (503, "NC")
    [step] = [one for one in found.hops[0].steps if one.step == "cluster"]
    assert "no DestinationRule that this proxy follows has a subset v9" in step.reason
    assert step.cause.path == "spec.http[0].route[0].destination"


def test_no_route_is_said_with_every_condition_that_failed(mesh):
    found = mesh.explain(package.Request("GET", "http://shop/other"), "client")
    assert (found.result.status, found.result.flag) == (404, "NR")
    tried = [(one.reason, one.cause.path) for one in found.hops[0].steps if one.step == "route"]
    assert tried == [
        ("path: wants prefix '/api', got '/other'", "spec.http[0].match[0].uri"),
        ("path: wants prefix '/api', got '/other'", "spec.http[1].match[0].uri"),
        ("path: wants exact '/old', got '/other'", "spec.http[2].match[0].uri"),
    ]


def test_a_redirect_is_answered(mesh):
    found = result(mesh, package.Request("GET", "http://shop/old"))
    assert (found.kind, found.status, found.location) == ("redirect", 301, "http://shop/new")


def test_a_gateway_that_every_mesh_has_needs_no_deployment(mesh):
    found = mesh.explain(package.Request("GET", "http://shop.example/"))
    assert found.source == "istio-ingressgateway.istio-system"
    assert found.result.cluster == "outbound|80||shop.default.svc.cluster.local"
    assert found.hops[1].proxy == "shop-v1.default"


def test_a_host_that_the_gateway_does_not_have(mesh):
    assert result(mesh, package.Request("GET", "http://other.example/"), "gateway").status == 404


def test_bytes_on_an_opaque_port(mesh):
    found = mesh.explain(package.Request(url="tcp://shop:3306"), "client")
    assert found.result.cluster == "outbound|3306||shop.default.svc.cluster.local"
    [step] = [one for one in found.hops[0].steps if one.step == "protocol"]
    assert (step.subject, step.reason) == ("forwarded as bytes", "port 3306, named tcp-db, is TCP")
    assert any(
        "its http rules are for HTTP" in one.subject for one in found.hops[0].steps if one.step == "note"
    )


def test_tls_of_the_application_is_seen_by_its_server_name_only(mesh):
    found = mesh.explain(package.Request(url="https://outside.example/", sni="other.example"), "client")
    assert found.result.cluster == "PassthroughCluster"


def test_a_rule_that_is_not_followed_is_noted():
    elsewhere = RULES.replace(
        "metadata:\n  name: shop\nspec:\n  host: shop\n",
        "metadata:\n  name: shop\n  namespace: other\nspec:\n  host: shop.default.svc.cluster.local\n",
    )
    found = package.load(elsewhere).explain(package.Request("GET", "http://shop/api"), "client")
    notes = [one.subject for one in found.hops[0].steps if one.step == "note"]
    assert notes == [
        "DestinationRule other/shop is not followed: clients in default look in default, then where the service is, then in istio-system"
    ]


def test_a_sidecar_that_hides_the_service_is_noted():
    scope = "---\napiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: default}\nspec:\n  egress: [{hosts: [istio-system/*]}]\n"
    found = package.load(RULES + scope).explain(package.Request("GET", "http://shop/api"), "client")
    assert found.result.cluster == "PassthroughCluster"
    assert next(one.subject for one in found.hops[0].steps if one.step == "note").startswith(
        "Sidecar default/default does not import shop"
    )


def test_a_line_of_the_access_log(explain):
    out = explain("--log-line", LINE, "--from", "client")
    assert out.startswith(
        "GET http://shop:80/api/1 -H 'host: shop' -H 'user-agent: curl/8' -H 'x-request-id: id-1'\n"
    )
    assert out.endswith("the rules of now lead there, too\n")


def test_a_line_of_a_json_log():
    fields = {
        "method": "POST",
        "path": "/x",
        "authority": "shop:80",
        "downstream_local_address": "10.96.0.10:80",
    }
    found = explain_log.parsed(
        json.dumps(fields | {"upstream_cluster": "-", "response_code": 503, "response_flags": "NC"})
    )
    assert (found.method, found.url, found.status, found.flags) == ("POST", "http://shop:80/x", 503, "NC")


def test_another_line_is_refused():
    with pytest.raises(Failure, match="not a line of an access log"):
        explain_log.parsed("hello")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ("GET", "http://shop/", "--from", "nobody"),
            1,
            "no workload 'nobody'; there are: default/client, default/shop-v1",
        ),
        (("GET", "http://shop/"), 2, "--from"),
        (("GET", "ftp://shop/", "--from", "client"), 2, "the scheme is one of"),
        (("GET", "http://:80/", "--from", "client"), 2, "has no host"),
        (("GET", "http://shop:99999/", "--from", "client"), 2, "is not a URL"),
        (("tcp://shop", "--from", "client"), 2, "has no port"),
        (("G E T", "http://shop/", "--from", "client"), 2, "is not a method"),
        (("a", "b", "c", "--from", "client"), 2, "too many words"),
        (("GET", "http://shop/", "-H", "novalue", "--from", "client"), 2, "write NAME: VALUE"),
        ((), 2, "say METHOD URL"),
    ],
)
def test_what_cannot_be_explained(explain, arguments, code, words):
    with pytest.raises(Failure) as caught:
        explain(*arguments)
    assert (caught.value.exit_code, words in caught.value.message) == (code, True)


def test_the_rules_of_a_running_mesh(mesh_that_runs, run):
    mesh_that_runs.plane.apply(Texts().load([("pods.yaml", PODS)]))
    out = run("explain", "GET", "http://reviews:9080/", "--from", "productpage").stdout
    assert "from productpage.default" in out
    assert "VirtualService default/reviews spec.http" in out


def test_a_request_id_that_no_log_has(mesh_that_runs, run):
    found = run("explain", "--request-id", "no-such-id")
    assert (found.exit_code, "no access log" in found.stderr) == (1, True)


def test_a_request_id_is_found_in_the_logs(mesh_that_runs, run):
    mesh_that_runs.plane.apply(Texts().load([("pods.yaml", PODS)]))
    directory = mesh_that_runs.state.workload("productpage-v1-a-b")
    directory.mkdir(parents=True)
    line = (
        LINE.replace("|80|v1|shop", "|9080|v3|reviews")
        .replace("10.96.0.10:80 ", "10.96.0.10:9080 ")
        .replace('"shop"', '"reviews"')
    )
    (directory / "proxy.log").write_text(f"starting\n{line}\n", "utf-8")
    found = run("explain", "--request-id", "id-1")
    assert "from productpage-v1-a-b.default\n" in found.stdout
    assert (
        "the log says: 200 outbound|9080|v3|reviews.default.svc.cluster.local 10.244.0.1:8080\n"
        in found.stdout
    )
