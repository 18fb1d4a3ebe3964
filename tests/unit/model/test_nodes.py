"""Nodes as Istio's proxies announce themselves: id, metadata, locality."""

import json

import pytest
import yaml

import lateen
from lateen.mesh import proxy_of_node
from lateen.model.families import instance_addresses
from lateen.simulate.explain_request import service_named
from lateen.sources.memory import from_text

ID = "sidecar~10.1.1.1~app-7d9-x.default~default.svc.cluster.local"
SIDECAR = """
id: sidecar~10.1.1.1~app-7d9-x.shop~shop.svc.cluster.local
cluster: app.shop
locality: {region: r1, zone: z1, sub_zone: s1}
metadata:
  NAME: app-7d9-x
  NAMESPACE: shop
  OWNER: kubernetes://apis/apps/v1/namespaces/shop/deployments/app
  WORKLOAD_NAME: app
  SERVICE_ACCOUNT: app
  LABELS: {app: app, version: v1, pod-template-hash: 7d9}
  ANNOTATIONS: {a: b}
  INSTANCE_IPS: 10.1.1.1,fe80::1
  INTERCEPTION_MODE: REDIRECT
  ISTIO_VERSION: 1.30.0
  ISTIO_PROXY_SHA: abc
  MESH_ID: cluster.local
  CLUSTER_ID: Kubernetes
  NETWORK: network1
  NODE_NAME: machine
  APP_CONTAINERS: app
  POD_PORTS: '[{"name":"http","containerPort":8080,"protocol":"TCP"}]'
  PILOT_SAN: [istiod.istio-system.svc]
  PROXY_CONFIG: {concurrency: 2, statusPort: 15020, holdApplicationUntilProxyStarts: true}
  DNS_CAPTURE: "true"
  DNS_AUTO_ALLOCATE: "true"
  UNPRIVILEGED_POD: "true"
  IDLE_TIMEOUT: 33s
  HTTP_PROXY_PORT: "15080"
  ENVOY_STATUS_PORT: 15021
  ENVOY_PROMETHEUS_PORT: 15090
  ENABLE_HBONE: "true"
"""


@pytest.mark.parametrize("write", [yaml.safe_dump, json.dumps])
def test_a_full_node_is_read_from_yaml_and_json(write):
    proxy = proxy_of_node(yaml.safe_load(write(yaml.safe_load(SIDECAR))))
    assert (proxy.type, proxy.address, proxy.name, proxy.namespace) == (
        "sidecar",
        "10.1.1.1",
        "app-7d9-x",
        "shop",
    )
    assert proxy.locality == "r1/z1/s1"
    assert dict(proxy.labels)["version"] == "v1"
    made = lateen.load([]).resources(proxy)
    names = [one["name"] for one in made.listeners]
    assert names == ["127.0.0.1_15080", "virtualInbound", "virtualOutbound"]
    assert "33s" in json.dumps(made.listeners)


@pytest.mark.parametrize(
    ("labels", "node", "locality"),
    [
        ({}, {"region": "r1", "zone": "z1"}, "r1/z1"),
        ({"istio-locality": "r2.z2"}, {"region": "r1"}, "r2/z2"),
        ({"istio-locality": "r.2/z2"}, {}, "r.2/z2"),
        ({"istio-locality": "r2", "topology.istio.io/locality": "r3.z3.s3"}, {}, "r3/z3/s3"),
        (
            {"topology.kubernetes.io/region": "r4", "topology.istio.io/subzone": "s4"},
            {"region": "r1"},
            "r4//s4",
        ),
        ({"topology.kubernetes.io/zone": "z5", "istio-locality": "r2"}, {}, "/z5"),
    ],
)
def test_labels_say_the_locality_before_the_node_does(labels, node, locality):
    found = proxy_of_node({"id": ID, "metadata": {"LABELS": labels}, "locality": node})
    assert found.locality == locality


@pytest.mark.parametrize(
    ("announced", "addresses"),
    [
        ("", ("10.9.9.9",)),
        ("10.1.1.1", ("10.1.1.1",)),
        ("10.1.1.1,2001:db8::1", ("10.1.1.1", "2001:db8::1")),
        ('["10.1.1.1", "2001:db8::1"]', ("10.1.1.1", "2001:db8::1")),
        ("nonsense", ("10.9.9.9",)),
    ],
)
def test_the_addresses_that_a_node_announces(announced, addresses):
    assert instance_addresses(announced, "10.9.9.9") == addresses


INGRESS = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: own}
spec: {ingress: [{port: {number: 80, protocol: HTTP, name: a}, defaultEndpoint: "0.0.0.0:8080"}]}
"""


def test_the_own_address_is_known_without_a_pod():
    made = lateen.load(INGRESS).resources({"id": ID, "metadata": {"INSTANCE_IPS": "10.7.7.7"}})
    assert "10.7.7.7" in json.dumps(next(one for one in made.clusters if one["name"] == "inbound|80||"))


POD = """
apiVersion: v1
kind: Pod
metadata: {{name: app, annotations: {annotations}}}
spec: {{nodeName: machine, containers: [{{name: a, image: a}}]}}
"""


@pytest.mark.parametrize(
    ("annotations", "mesh", "mode"),
    [
        ("{}", {}, ""),
        ("{}", {"defaultConfig": {"interceptionMode": "TPROXY"}}, "TPROXY"),
        (
            "{sidecar.istio.io/interceptionMode: NONE}",
            {"defaultConfig": {"interceptionMode": "TPROXY"}},
            "NONE",
        ),
        ("{proxy.istio.io/config: 'interceptionMode: NONE'}", {}, "NONE"),
    ],
)
def test_the_proxy_of_a_pod_says_what_an_injected_one_would(annotations, mesh, mode):
    proxy = lateen.load(POD.format(annotations=annotations), mesh_config=mesh).proxy("app")
    assert (proxy.meta("INTERCEPTION_MODE"), proxy.meta("NODE_NAME")) == (mode, "machine")


NAMED = """
apiVersion: v1
kind: Service
metadata: {name: app}
spec: {selector: {app: app}, ports: [{name: http, port: 80, targetPort: web}]}
"""


def test_what_is_no_address_is_none():
    node = {"id": "sidecar~nonsense~app.default~default.svc.cluster.local"}
    made = lateen.load(INGRESS.replace("ingress: [{", "ingress: [{captureMode: NONE, ")).resources(node)
    assert "nonsense" not in json.dumps([*made.listeners, *made.clusters])


@pytest.mark.parametrize(
    ("ports", "clusters"),
    [
        ('[{"name": "web", "containerPort": 8080, "protocol": "TCP"}]', {"inbound|8080||"}),
        ([{"name": "web", "containerPort": 8081}], {"inbound|8081||"}),
        ('[{"name": "web", "containerPort": 8080, "protocol": "UDP"}]', set()),
        ("nonsense", set()),
        ("", set()),
    ],
)
def test_a_named_port_is_found_among_those_that_the_node_announces(ports, clusters):
    metadata = {"LABELS": {"app": "app"}, "POD_PORTS": ports}
    made = lateen.load(NAMED).resources({"id": ID, "metadata": metadata})
    assert {one["name"] for one in made.clusters if one["name"].startswith("inbound|")} == clusters


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"id": ID, "metadata": {"GENERATOR": "grpc"}}, "gRPC application"),
        ({"id": "sidecar~10.1.1.1~app"}, "is not of the form"),
        ({"id": "waypoint~10.1.1.1~a.b~b.svc.cluster.local"}, "is not of the form"),
        ({}, "is not of the form"),
        ({"id": ID, "metadata": [1]}, "metadata of the node is no mapping"),
        ({"id": ID, "metadata": {"LABELS": "x"}}, "LABELS of the node is no mapping"),
        ({"id": ID, "locality": "r1/z1"}, "locality of the node is no mapping"),
        (5, "a node is a mapping"),
    ],
)
def test_a_node_that_is_no_envoy_of_a_sidecar_or_gateway_is_refused(node, words):
    with pytest.raises(ValueError, match=words):
        lateen.load([]).resources(node)


def test_the_zone_below_is_spelt_in_both_ways():
    spelt = [{"region": "r", "zone": "z", key: "s"} for key in ("sub_zone", "subZone")]
    assert [proxy_of_node({"id": ID, "locality": one}).locality for one in spelt] == ["r/z/s"] * 2


def settings(**metadata):
    """Return what of the listeners depends on a node's metadata: ports of the HTTP proxy, and one idle timeout."""
    made = lateen.load(NAMED).resources({"id": ID, "metadata": metadata})
    ports = [one["name"] for one in made.listeners if one["name"].startswith("127.0.0.1_")]
    text = json.dumps(made.listeners)
    return ports, "33s" in text, "append_x_forwarded_port" in text


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ({"HTTP_PROXY_PORT": "15080"}, (["127.0.0.1_15080"], False, False)),
        ({"HTTP_PROXY_PORT": 15080}, (["127.0.0.1_15080"], False, False)),
        ({"HTTP_PROXY_PORT": "99999999"}, ([], False, False)),
        ({"IDLE_TIMEOUT": "33s"}, ([], True, False)),
        ({"IDLE_TIMEOUT": "-33s"}, ([], False, False)),
        ({"PROXY_CONFIG": {"proxyHeaders": {"xForwardedPort": {"enabled": True}}}}, ([], False, True)),
        (
            {"PROXY_CONFIG": {"later": 1, "proxyHeaders": {"xForwardedPort": {"enabled": True}}}},
            ([], False, True),
        ),
        (
            {"PROXY_CONFIG": {"concurrency": "x", "proxyHeaders": {"xForwardedPort": {"enabled": True}}}},
            ([], False, False),
        ),
        (
            {
                "PROXY_CONFIG": {
                    "connectionSettings": {"http2InitialStreamWindowSize": 5},
                    "proxyHeaders": {"xForwardedPort": {"enabled": True}},
                }
            },
            ([], False, False),
        ),
        ({"PROXY_CONFIG": 5}, ([], False, False)),
    ],
)
def test_metadata_that_nobody_can_read_counts_for_nothing(metadata, found):
    assert settings(**metadata) == found


HOSTS = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: named}
spec:
  hosts: [foo.default.example.org, bar.other.example.org, x.y.z.example.org, default.example.org, plain.com]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
---
apiVersion: v1
kind: Service
metadata: {name: reviews}
spec: {clusterIP: 10.0.0.9, ports: [{name: http, port: 80}]}
"""
FULL = {
    "foo.default.example.org": [],
    "bar.other.example.org": [],
    "x.y.z.example.org": [],
    "default.example.org": [],
    "plain.com": [],
    "reviews.default.svc.cluster.local": [],
}
REVIEWS = "reviews.default.svc.cluster.local"


@pytest.mark.parametrize(
    ("domain", "short"),
    [
        ("default.svc.cluster.local", {REVIEWS: ["reviews", "reviews.default.svc", "reviews.default"]}),
        ("other.svc.cluster.local", {REVIEWS: ["reviews.default", "reviews.default.svc"]}),
        ("default.svc.example.org", {}),
        ("default.svc", {}),
        ("cluster.local", {REVIEWS: ["reviews.default.svc"]}),
        ("local", {REVIEWS: ["reviews.default.svc.cluster"]}),
        (
            "default.example.org",
            {
                "foo.default.example.org": ["foo"],
                "bar.other.example.org": ["bar.other", "bar.other.example"],
                "x.y.z.example.org": ["x.y.z"],
            },
        ),
        (
            "org",
            {
                "foo.default.example.org": ["foo.default.example"],
                "bar.other.example.org": ["bar.other.example"],
                "x.y.z.example.org": ["x.y.z.example"],
                "default.example.org": ["default.example"],
            },
        ),
    ],
)
def test_names_are_cut_by_the_dns_domain_of_the_node(domain, short):
    node = f"sidecar~10.1.1.1~app.default~{domain}"
    proxy = proxy_of_node({"id": node, "metadata": {"NAMESPACE": "default"}})
    assert proxy.id == node
    routes = lateen.load([from_text(HOSTS, "named.yaml")]).resources(proxy).routes
    hosts = next(one for one in routes if one["name"] == "80")["virtual_hosts"]
    found = {one["domains"][0]: one["domains"][2:] for one in hosts if one["domains"][0] in FULL}
    without_addresses = {
        host: [name for name in names if name != "10.0.0.9"] for host, names in found.items()
    }
    assert without_addresses == FULL | short


def test_explain_completes_a_name_by_the_dns_domain_of_the_node():
    mesh = lateen.load([from_text(HOSTS, "named.yaml")])
    proxy = proxy_of_node({"id": "sidecar~10.1.1.1~app.default~default.example.org"})
    found = service_named(mesh.db, "foo", proxy)
    assert found is not None
    assert found.host == "foo.default.example.org"
