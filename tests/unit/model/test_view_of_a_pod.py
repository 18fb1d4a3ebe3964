"""Where the mesh knows a proxy's pod, the pod says what its labels are and where it runs (pilot/pkg/model/context.go)."""

import pytest

import lateen

MESH = """
apiVersion: v1
kind: Pod
metadata: {name: app, labels: {app: app, version: v2, istio-locality: r1.z1}}
spec: {containers: [{name: app, image: app}]}
status: {phase: Running, podIP: 10.1.0.5, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - name: own
    match: [{sourceLabels: {version: v2}}]
    directResponse: {status: 200}
  - name: others
    directResponse: {status: 404}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: vm}
spec: {host: vm.example, trafficPolicy: {outlierDetection: {interval: 5s}}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: vm}
spec:
  hosts: [vm.example]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [{address: 10.3.0.1, locality: r1/z1}, {address: 10.3.0.2, locality: r2/z1}]
"""


def first_route(**said):
    found = lateen.load(MESH).resources(lateen.Proxy(address="10.1.0.5", **said))
    hosts = {host["name"]: host for one in found.routes for host in one["virtual_hosts"]}
    return hosts["reviews.default.svc.cluster.local:80"]["routes"][0]["name"]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"name": "app"}, "own"),
        ({"name": "app", "labels": {"version": "v1"}}, "own"),
        ({"name": "app", "namespace": "other", "labels": {"version": "v1"}}, "others"),
        ({"name": "else"}, "others"),
        ({"name": "else", "labels": {"version": "v2"}}, "own"),
    ],
)
def test_labels_are_those_of_the_pod(said, name):
    assert first_route(**said) == name


@pytest.mark.parametrize(
    ("said", "nearest"),
    [
        ({"name": "app"}, "r1"),
        ({"name": "app", "locality": "r2/z1"}, "r1"),
        ({"name": "else", "locality": "r2/z1"}, "r2"),
    ],
)
def test_locality_is_that_of_the_pod(said, nearest):
    found = lateen.load(MESH).resources(lateen.Proxy(address="10.1.0.5", **said))
    groups = next(one for one in found.endpoints if "vm.example" in one["cluster_name"])["endpoints"]
    assert [one["locality"]["region"] for one in groups if not one.get("priority")] == [nearest]
