"""Traffic features on a real mesh: shifting under load, load balancing, faults, timeouts, retries, circuit breaking."""

import itertools
import json
import threading
from collections import Counter

import pytest
from running import RunningMesh, client, deployment, service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

MESH = "".join(
    [
        client(),
        service("reviews"),
        deployment("reviews-v1", "reviews", "v1"),
        deployment("reviews-v2", "reviews", "v2"),
        deployment("reviews-v3", "reviews", "v3"),
        deployment("reviews-v3b", "reviews", "v3"),
        service("ratings"),
        deployment("ratings-v1", "ratings", "v1"),
    ]
)
SUBSETS = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  trafficPolicy: {loadBalancer: {simple: RANDOM}}
  subsets:
  - {name: v1, labels: {version: v1}}
  - name: v2
    labels: {version: v2}
  - name: v3
    labels: {version: v3}
    trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}
"""


def split(**weights: int) -> str:
    """A VirtualService that sends reviews to subsets by weight."""
    routes = [
        {"destination": {"host": "reviews", "subset": subset}, "weight": weight}
        for subset, weight in weights.items()
    ]
    spec = {"hosts": ["reviews"], "http": [{"route": routes}]}
    return virtual_service("reviews", spec)


def virtual_service(name: str, spec: dict) -> str:
    return json.dumps(
        {
            "apiVersion": "networking.istio.io/v1alpha3",
            "kind": "VirtualService",
            "metadata": {"name": name},
            "spec": spec,
        }
    )


@pytest.fixture(scope="module")
def mesh(unprivileged):
    with RunningMesh(
        "up", unprivileged=unprivileged, files={"mesh.yaml": MESH, "rules.yaml": SUBSETS}
    ) as running:
        yield running


@pytest.fixture(autouse=True)
def clean(mesh):
    yield
    mesh.ok("delete", "virtualservice", "--all")


URL = "http://reviews:8080/"


# item 67
def test_all_to_v1_then_half_then_all_to_v3_without_one_failed_request(mesh):
    mesh.ok("apply", "-f", "-", text=split(v1=100))
    assert set(mesh.names("client", URL, "-n", "50")) == {"reviews-v1"}
    load: list[Counter] = []
    under_load = threading.Thread(
        target=lambda: load.append(mesh.names("client", URL, "-n", "1500", "-c", "4"))
    )
    under_load.start()
    for weights in ({"v1": 50, "v3": 50}, {"v3": 100}, {"v1": 100}, {"v1": 50, "v3": 50}):
        mesh.ok("apply", "-f", "-", text=split(**weights))
    under_load.join()
    assert load[0].total() == 1500
    assert set(load[0]) <= {"reviews-v1", "reviews-v3", "reviews-v3b"}, load
    found = mesh.names("client", URL, "-n", "1000", "-c", "4")
    assert 430 <= found["reviews-v1"] <= 570, found
    mesh.ok("apply", "-f", "-", text=split(v3=100))
    found = mesh.names("client", URL, "-n", "1000", "-c", "4")
    assert set(found) == {"reviews-v3", "reviews-v3b"}, found


# item 123
def test_round_robin_in_turn_and_random_not(mesh):
    mesh.ok("apply", "-f", "-", text=split(v3=100))
    turns = [json.loads(a["body"])["name"] for a in mesh.request("client", URL, "-n", "40")]
    assert all(one != other for one, other in itertools.pairwise(turns)), turns


# items 48, 65, 66
def test_header_routes_only_jason(mesh):
    spec = {
        "hosts": ["reviews"],
        "http": [
            {
                "match": [{"headers": {"end-user": {"exact": "jason"}}}],
                "route": [{"destination": {"host": "reviews", "subset": "v2"}}],
            },
            {"match": [{"uri": {"prefix": "/ratings"}}], "route": [{"destination": {"host": "ratings"}}]},
            {"route": [{"destination": {"host": "reviews", "subset": "v1"}}]},
        ],
    }
    mesh.ok("apply", "-f", "-", text=virtual_service("reviews", spec))
    assert mesh.names("client", URL, "-n", "20", "-H", "end-user: jason") == {"reviews-v2": 20}
    assert mesh.names("client", URL, "-n", "20") == {"reviews-v1": 20}
    assert mesh.names("client", URL + "ratings/0", "-n", "5") == {"ratings-v1": 5}


# items 87, 89
def test_delay_and_abort_for_one_user(mesh):
    jason = [{"headers": {"end-user": {"exact": "jason"}}}]
    plain = [{"destination": {"host": "ratings"}}]
    delay = {"delay": {"percentage": {"value": 100}, "fixedDelay": "1s"}}
    abort = {"abort": {"percentage": {"value": 100}, "httpStatus": 500}}
    url = "http://ratings:8080/"
    for fault, check in (
        (delay, lambda a: a["status"] == 200 and a["seconds"] >= 1),
        (abort, lambda a: a["status"] == 500),
    ):
        spec = {
            "hosts": ["ratings"],
            "http": [{"match": jason, "fault": fault, "route": plain}, {"route": plain}],
        }
        mesh.ok("apply", "-f", "-", text=virtual_service("ratings", spec))
        assert all(map(check, mesh.request("client", url, "-H", "end-user: jason")))
        assert all(a["status"] == 200 and a["seconds"] < 0.9 for a in mesh.request("client", url))


# item 85
def test_timeout_is_504(mesh):
    spec = {
        "hosts": ["reviews"],
        "http": [{"route": [{"destination": {"host": "reviews", "subset": "v1"}}], "timeout": "0.5s"}],
    }
    mesh.ok("apply", "-f", "-", text=virtual_service("reviews", spec))
    (answer,) = mesh.request("client", URL + "delay/2")
    assert answer["status"] == 504
    assert 0.4 <= answer["seconds"] < 1.5


# item 98
def test_retries_are_seen_upstream(mesh):
    route = [{"destination": {"host": "reviews", "subset": "v2"}}]
    spec = {"hosts": ["reviews"], "http": [{"route": route, "retries": {"attempts": 3, "retryOn": "5xx"}}]}
    mesh.ok("apply", "-f", "-", text=virtual_service("reviews", spec))
    (answer,) = mesh.request("client", URL + "status/503?retries")
    assert answer["status"] == 503
    log = mesh.ok("logs", "reviews-v2")
    attempts = [line.split("attempt=")[1] for line in log.splitlines() if "status/503?retries" in line]
    assert attempts == ["1", "2", "3", "4"]


# items 131, 132
def test_circuit_breaker_rejects_the_overflow(mesh):
    rule = json.dumps(
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "DestinationRule",
            "metadata": {"name": "ratings"},
            "spec": {
                "host": "ratings",
                "trafficPolicy": {
                    "connectionPool": {
                        "tcp": {"maxConnections": 1},
                        "http": {"http1MaxPendingRequests": 1, "maxRequestsPerConnection": 1},
                    }
                },
            },
        }
    )
    mesh.ok("apply", "-f", "-", text=rule)
    answers = mesh.request("client", "http://ratings:8080/delay/0.3", "-n", "6", "-c", "3")
    found = Counter(a["status"] for a in answers)
    assert found[200] >= 2
    assert found[503] >= 1
    overflow = next(a for a in answers if a["status"] == 503)
    assert overflow["headers"].get("x-envoy-overloaded") == "true"
    mesh.ok("delete", "destinationrule", "ratings")
    assert {
        a["status"] for a in mesh.request("client", "http://ratings:8080/delay/0.1", "-n", "6", "-c", "3")
    } == {200}


def test_a_broken_edit_is_reported_and_the_last_good_state_serves(mesh):
    mesh.write("rules.yaml", SUBSETS.replace("ROUND_ROBIN", "ROUND_ROBBIN"))
    mesh.wait_output("ROUND_ROBBIN")
    assert "rules.yaml:14" in mesh.text()
    mesh.ok("apply", "-f", "-", text=split(v2=100))
    assert mesh.names("client", URL, "-n", "5") == {"reviews-v2": 5}
    mesh.write("rules.yaml", SUBSETS)


# items 34, 35
def test_unknown_destinations_pass_through(mesh):
    (answer,) = mesh.request("client", "http://nobody.example:8080/", "--timeout", "5")
    assert answer["status"] in (0, 502, 503)
    rows = mesh.ok("get", "pods", "-o", "wide")
    address = next(line.split() for line in rows.splitlines() if line.startswith("ratings-v1"))
    found = next(word for word in address if word.startswith("10.244."))
    assert mesh.names("client", f"http://{found}:8080/") == {"ratings-v1": 1}
