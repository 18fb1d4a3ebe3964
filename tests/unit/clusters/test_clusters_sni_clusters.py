"""Clusters of gateways that pass the mesh's TLS on by its SNI."""

from cluster_meshes import Mesh, pod

from lateen.model.endpoint import Endpoint
from lateen.model.locality import Group, Member
from lateen.model.sni_clusters import mtls_only

OBJECTS = """
kind: Service
metadata: {name: svc}
spec: {clusterIP: 10.96.0.9, selector: {app: svc}, ports: [{name: http, port: 80}]}
---
kind: ServiceEntry
metadata: {name: outside}
spec:
  hosts: [outside.example]
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
---
kind: DestinationRule
metadata: {name: svc}
spec: {host: svc, trafficPolicy: {tls: {mode: SIMPLE}}, subsets: [{name: v1}]}
---
kind: Gateway
metadata: {name: east-west, namespace: istio-system}
spec:
  selector: {istio: eastwest}
  servers:
  - {port: {number: 15443, name: tls, protocol: TLS}, tls: {mode: AUTO_PASSTHROUGH}, hosts: ["*.local"]}
"""


def sni(mesh, **labels):
    found = mesh.clusters(mesh.gateway(labels=labels))
    return {name: one for name, one in found.items() if name.startswith("outbound_.")}


def test_a_gateway_that_passes_tls_by_name_has_a_cluster_for_each_name():
    mesh = Mesh(OBJECTS, pod("svc-1", "10.0.0.1", labels={"app": "svc"}))
    found = sni(mesh, istio="eastwest")
    assert list(found) == [
        "outbound_.80_._.svc.default.svc.cluster.local",
        "outbound_.80_.v1_.svc.default.svc.cluster.local",
    ]
    first = found["outbound_.80_._.svc.default.svc.cluster.local"]
    assert "transport_socket" not in first
    assert first["eds_cluster_config"]["service_name"] == first["name"]
    assert first["alt_stat_name"] == first["name"] + ";"
    assert sni(mesh, istio="other") == {}


def test_plain_endpoints_are_not_behind_it():
    mesh = Mesh(OBJECTS, pod("svc-1", "10.0.0.1", labels={"app": "svc"}))
    view = mesh.gateway(labels={"istio": "eastwest"})
    name = "outbound_.80_.v1_.svc.default.svc.cluster.local"
    assert mesh.endpoints(name, view) == {"cluster_name": name}


def test_what_speaks_mutual_tls_stays():
    secure = Member(Endpoint(address="10.0.0.1", port=80), 2, mtls=True)
    plain = Member(Endpoint(address="10.0.0.2", port=80), 3)
    groups = (Group("r1", (secure, plain), 5), Group("r2", (plain,), 3))
    assert mtls_only(groups) == (Group("r1", (secure,), 2),)
