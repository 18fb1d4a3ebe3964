"""The policy of a cluster: rule, port entry, subset, the subset's port entry, mesh."""

import yaml
from cluster_meshes import Mesh

from lateen.model.destination_rules import rule_for
from lateen.model.traffic_policy import declared, hash_policy, policy

HOST = "reviews.default.svc.cluster.local"
SERVICE = """
kind: Service
metadata: {name: reviews}
spec: {clusterIP: 10.96.0.11, ports: [{name: http, port: 80}, {name: http-b, port: 81}]}
"""


def mesh_of(text):
    spec = {"host": "reviews", **yaml.safe_load(text)}
    return Mesh(SERVICE, {"kind": "DestinationRule", "metadata": {"name": "r"}, "spec": spec})


def blocks(mesh, port=80, subset="", *, with_default=True):
    rule = rule_for(mesh.db, mesh.view(), HOST)
    own = rule.subset(subset) if rule and subset else None
    found = policy(mesh.db, rule, port, own) if with_default else declared(rule, port, own)
    return {name: value for name in found.__struct_fields__ if (value := getattr(found, name)) is not None}


def test_without_a_rule_there_is_no_policy():
    assert blocks(Mesh(SERVICE)) == {}


def test_a_port_entry_replaces_every_block_and_omitted_ones_are_default():
    mesh = mesh_of("""
trafficPolicy:
  loadBalancer: {simple: RANDOM}
  connectionPool: {tcp: {maxConnections: 1}}
  tls: {mode: SIMPLE}
  proxyProtocol: {version: V2}
  portLevelSettings: [{port: {number: 81}, loadBalancer: {simple: ROUND_ROBIN}}]
""")
    assert set(blocks(mesh)) == {"load_balancer", "connection_pool", "tls", "proxy_protocol"}
    assert set(blocks(mesh, 81)) == {"load_balancer"}
    assert blocks(mesh, 81)["load_balancer"].simple == "ROUND_ROBIN"


def test_a_subset_overrides_block_by_block():
    mesh = mesh_of("""
trafficPolicy: {loadBalancer: {simple: RANDOM}, connectionPool: {tcp: {maxConnections: 1}}}
subsets:
- {name: v1, trafficPolicy: {connectionPool: {tcp: {maxConnections: 9}}}}
- {name: v2}
""")
    assert blocks(mesh, subset="v1")["connection_pool"].tcp.max_connections == 9
    assert blocks(mesh, subset="v1")["load_balancer"].simple == "RANDOM"
    assert blocks(mesh, subset="v2") == blocks(mesh)
    assert blocks(mesh, subset="unknown") == blocks(mesh)


def test_a_subsets_port_entry_replaces_the_four_blocks_wholesale():
    mesh = mesh_of("""
trafficPolicy: {loadBalancer: {simple: RANDOM}, retryBudget: {percent: 10}, tls: {mode: SIMPLE}}
subsets:
- name: v1
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    portLevelSettings: [{port: {number: 81}, connectionPool: {tcp: {maxConnections: 3}}}]
""")
    assert blocks(mesh, 80, "v1")["load_balancer"].simple == "ROUND_ROBIN"
    assert set(blocks(mesh, 81, "v1")) == {"connection_pool", "retry_budget"}


def test_a_subset_starts_from_the_rules_port_entry():
    mesh = mesh_of("""
trafficPolicy:
  connectionPool: {tcp: {maxConnections: 1}}
  portLevelSettings: [{port: {number: 81}, loadBalancer: {simple: RANDOM}}]
subsets: [{name: v1, trafficPolicy: {outlierDetection: {interval: 1s}}}]
""")
    assert set(blocks(mesh, 81, "v1")) == {"load_balancer", "outlier_detection"}


DEFAULT = (
    "defaultTrafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}, outlierDetection: {interval: 9s}}"
)


def test_the_meshs_default_fills_whole_blocks():
    assert set(blocks(Mesh(SERVICE).config(DEFAULT))) == {"connection_pool", "outlier_detection"}
    mesh = mesh_of("trafficPolicy: {connectionPool: {http: {maxRetries: 1}}}").config(DEFAULT)
    assert blocks(mesh)["connection_pool"].tcp is None
    assert blocks(mesh)["outlier_detection"].interval.seconds == 9


def test_the_meshs_default_fills_what_a_port_entry_omits_but_not_what_a_subsets_does():
    mesh = mesh_of("""
trafficPolicy: {portLevelSettings: [{port: {number: 81}, loadBalancer: {simple: RANDOM}}]}
subsets:
- name: v1
  trafficPolicy: {portLevelSettings: [{port: {number: 81}, loadBalancer: {simple: RANDOM}}]}
""").config(DEFAULT)
    assert set(blocks(mesh, 81)) == {"load_balancer", "connection_pool", "outlier_detection"}
    assert set(blocks(mesh, 81, "v1")) == {"load_balancer"}


def test_endpoints_do_not_know_the_meshs_default():
    assert blocks(Mesh(SERVICE).config(DEFAULT), with_default=False) == {}


def header(text):
    return {"loadBalancer": {"consistentHash": {"httpHeaderName": text}}}


def hashes(mesh, port, subset=""):
    found = hash_policy(rule_for(mesh.db, mesh.view(), HOST), port, subset)
    return found.http_header_name if found else None


def test_a_hash_comes_from_the_closest_place():
    entry = [{"port": {"number": 81}, **header("port")}]
    spec = {
        "host": "reviews",
        "trafficPolicy": {**header("rule"), "portLevelSettings": entry},
        "subsets": [
            {"name": "v1", "trafficPolicy": header("subset")},
            {
                "name": "v2",
                "trafficPolicy": {"portLevelSettings": [{"port": {"number": 81}, **header("both")}]},
            },
            {"name": "v3"},
        ],
    }
    mesh = Mesh(SERVICE, {"kind": "DestinationRule", "metadata": {"name": "r"}, "spec": spec})
    assert hashes(mesh, None) == "rule"
    assert hashes(mesh, 80) == "rule"
    assert hashes(mesh, 81) == "port"
    assert hashes(mesh, 81, "v1") == "subset"
    assert hashes(mesh, 81, "v2") == "both"
    assert hashes(mesh, None, "v2") == "rule"
    assert hashes(mesh, 81, "v3") == "port"


def test_without_a_rule_there_is_no_hash():
    assert hashes(Mesh(SERVICE), 80) is None
