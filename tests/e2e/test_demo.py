"""`lateen demo` as a newcomer meets it, and the first case of request routing on it."""

import http.client
import re
import subprocess
import sys
import urllib.parse

import pytest
from running import RunningMesh

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

RULES = """
apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts:
  - reviews
  http:
  - match:
    - headers:
        end-user:
          exact: jason
    route:
    - destination:
        host: reviews
        subset: v2
  - match:
    - uri:
        prefix: /reviews
    route:
    - destination:
        host: reviews
  - match:
    - uri:
        prefix: /ratings
    route:
    - destination:
        host: ratings
  - route:
    - destination:
        host: reviews
        subset: v3
"""


@pytest.fixture(scope="module")
def mesh(unprivileged):
    with RunningMesh("demo", "--publish", "80=18085", unprivileged=unprivileged) as running:
        yield running


def port_of(mesh: RunningMesh) -> int:
    found = re.search(r"http://127\.0\.0\.1:(\d+)", mesh.text())
    assert found, mesh.text()
    return int(found[1])


def page(mesh: RunningMesh, cookie: str = "") -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(mesh), timeout=10)
    connection.request("GET", "/productpage", headers={"Cookie": cookie} if cookie else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200, text
    return text


def sign_in(mesh: RunningMesh, user: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(mesh), timeout=10)
    body = urllib.parse.urlencode({"username": user, "passwd": "any"})
    connection.request("POST", "/login", body, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return (answer.headers["Set-Cookie"] or "").split(";")[0]


def shown(text: str) -> str:
    """Which reviews the page shows."""
    assert "Error fetching" not in text, text
    found = re.search(r"reviews-v[123]", text)
    assert found, text
    return found[0]


def test_jason_sees_black_stars_and_others_red(mesh):
    cookie = sign_in(mesh, "jason")
    assert {shown(page(mesh)) for _ in range(5)} == {"reviews-v3"}
    assert {shown(page(mesh, cookie)) for _ in range(5)} == {"reviews-v2"}


EXPECTED = """
expectations:
- name: the front page leads on
  request: GET http://127.0.0.1/
  expect: {status: 302, route: [{destination: {host: productpage}}]}
- name: the page
  request: GET http://127.0.0.1/productpage
  expect: {status: 0, route: [{destination: {host: productpage, port: {number: 9080}}}]}
- name: jason sees version 2
  from: productpage
  headers: {end-user: jason}
  request: GET http://reviews:9080/reviews/0
  expect: {route: [{destination: {host: reviews, subset: v2}}], path: /reviews/0}
- name: jason sees version 1
  from: productpage
  headers: {end-user: jason}
  request: GET http://reviews:9080/reviews/0
  expect: {route: [{destination: {host: reviews, subset: v1}}], timeout: 0s}
"""


def test_expectations_asked_of_the_running_mesh(mesh):
    done = mesh.lateen("test", "--engine", "live", "-", text=EXPECTED)
    assert done.returncode == 1, done.stderr
    assert "2 passed, 2 failed" in done.stdout, done.stdout
    assert "FAILED [live] the front page leads on (stdin:3)" in done.stdout
    assert "nobody (302)" in done.stdout
    assert "FAILED [live] jason sees version 1 (stdin:14)" in done.stdout
    assert "3 of 3 requests went to reviews.default.svc.cluster.local:9080 v2" in done.stdout
    assert "NOT JUDGED [live] jason sees version 1 (stdin:14): timeout" in done.stdout


def test_what_is_printed_can_be_typed(mesh):
    assert f"open http://127.0.0.1:{port_of(mesh)}/productpage" in mesh.text()


def test_the_issue_s_virtual_service_as_written(mesh):
    mesh.ok("apply", "-f", "-", text=RULES)
    cookie = sign_in(mesh, "jason")
    assert {shown(page(mesh, cookie)) for _ in range(6)} == {"reviews-v2"}
    assert len({shown(page(mesh)) for _ in range(30)}) > 1  # /reviews goes to all versions, as written
    out = mesh.ok("exec", "productpage", "--", "curl", "-s", "http://reviews:9080/ratings/0")
    assert '"ratings"' in out


def test_without_the_destination_rule_the_missing_subsets_are_named(mesh):
    mesh.ok("delete", "destinationrule", "reviews")
    try:
        done = mesh.lateen("apply", "-f", "-", text=RULES)
        said = done.stderr
        assert "IST0101" in said
        assert "subset v2" in said
        assert "subset v3" in said
        assert "<stdin>:17" in said or "stdin:17" in said, said
        assert "version: v2" in said
    finally:
        rule = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
  - {name: v3, labels: {version: v3}}
"""
        mesh.ok("apply", "-f", "-", text=rule)
    assert {shown(page(mesh, sign_in(mesh, "jason"))) for _ in range(4)} == {"reviews-v2"}


def test_exec_goes_through_both_sidecars(mesh):
    out = mesh.ok("exec", "productpage", "--", "curl", "-s", "http://reviews:9080/reviews/0")
    assert '"reviews"' in out
    mesh.until(lambda: "outbound|9080|" in mesh.ok("logs", "productpage", "--proxy"))
    mesh.until(
        lambda: any("inbound|9080||" in mesh.ok("logs", f"reviews-v{n}", "--proxy") for n in (1, 2, 3))
    )


def test_run_adds_a_version(mesh):
    labels = "app=reviews,version=v4"
    argv = ["run", "--name", "reviews-v4", "--labels", labels, "--port", "9080", "--"]

    process = subprocess.Popen(
        mesh._argv(*argv, sys.executable, "-I", "-m", "lateen.demo.reviews"),
        env={**mesh.environment(), "SERVICE_VERSION": "v4", "ENABLE_RATINGS": "false"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        mesh.until(lambda: "reviews-v4" in mesh.ok("get", "pods"), 10)
        mesh.ok("apply", "-f", "-", text=RULES)
        mesh.until(lambda: any("reviews-v4" in page(mesh) for _ in range(8)), 15)
    finally:
        process.terminate()
        out, _ = process.communicate(timeout=10)
    assert "reviews-v4 runs at 10.244." in out
    mesh.until(lambda: "reviews-v4" not in mesh.ok("get", "pods"), 10)
