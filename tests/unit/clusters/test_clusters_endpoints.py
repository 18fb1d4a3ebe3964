"""EDS: which endpoints, in which groups, how healthy, how preferred."""

import pytest
import yaml
from cluster_meshes import Mesh, pod

NAME = "outbound|80||a.example"
SERVICE = "svc.default.svc.cluster.local"
OUTLIERS = {"outlierDetection": {"interval": "1s"}}


def entry(*endpoints, **more):
    spec = {
        "hosts": ["a.example"],
        "resolution": "STATIC",
        "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
        "endpoints": [yaml.safe_load(one) if isinstance(one, str) else one for one in endpoints],
        **more,
    }
    return {"kind": "ServiceEntry", "metadata": {"name": "e"}, "spec": spec}


def rule(policy=None, subsets=(), host="a.example"):
    spec = {"host": host, "subsets": list(subsets)}
    if policy:
        spec["trafficPolicy"] = policy
    return {"kind": "DestinationRule", "metadata": {"name": "r"}, "spec": spec}


def balanced(outliers=OUTLIERS, **setting):
    return rule({"loadBalancer": {"localityLbSetting": setting}, **outliers})


def test_unready_endpoints_are_sent_as_unhealthy(mesh):
    [group] = mesh.endpoints("outbound|9080||reviews.default.svc.cluster.local")["endpoints"]
    assert [one["health_status"] for one in group["lb_endpoints"]] == ["HEALTHY", "UNHEALTHY"]
    assert group["load_balancing_weight"] == 2


def test_unready_endpoints_are_not_sent_where_panic_would_use_them(mesh):
    name = "outbound|9080||reviews.default.svc.cluster.local"
    mesh.add(rule({"outlierDetection": {"minHealthPercent": 1}}, host="reviews"))
    assert [one[3] for one in mesh.groups(name)] == [["10.1.0.11:9080"]]
    mesh.add(rule({"outlierDetection": {"minHealthPercent": 0}}, host="reviews"))
    assert len(mesh.groups(name)[0][3]) == 2


def test_a_subset_takes_its_labels(mesh):
    host = "reviews.default.svc.cluster.local"
    subsets = [
        {"name": "v1", "labels": {"version": "v1"}},
        {"name": "none", "labels": {"version": "x"}},
        {"name": "all"},
    ]
    mesh.add(rule(subsets=subsets, host="reviews"))
    assert mesh.groups(f"outbound|9080|v1|{host}") == [("", 0, 1, ["10.1.0.11:9080"])]
    assert mesh.groups(f"outbound|9080|none|{host}") == []
    assert len(mesh.groups(f"outbound|9080|all|{host}")[0][3]) == 2


def test_a_subset_may_be_a_place():
    mesh = Mesh(
        entry("{address: 10.0.0.1, locality: r1/z1}", "{address: 10.0.0.2, locality: r2/z1}"),
        rule(subsets=[{"name": "r2", "labels": {"topology.kubernetes.io/region": "r2"}}]),
    )
    assert [one[3] for one in mesh.groups("outbound|80|r2|a.example")] == [["10.0.0.2:80"]]


def test_no_endpoint_is_an_answer(mesh):
    name = "outbound|80||unknown.example"
    assert mesh.endpoints(name) == {"cluster_name": name}
    assert mesh.endpoints("inbound|80||") is None
    assert mesh.endpoints("PassthroughCluster") is None


def test_localities_are_grouped_and_weights_add_up():
    mesh = Mesh(entry(
        "{address: 10.0.0.3, locality: r2/z1/s1}",
        "{address: 10.0.0.1, locality: r1/z1, weight: 5}",
        "{address: 10.0.0.2, locality: r1/z1, weight: 2}",
    ))  # fmt: skip
    assert mesh.groups(NAME) == [
        ("r1/z1", 0, 7, ["10.0.0.1:80", "10.0.0.2:80"]),
        ("r2/z1/s1", 0, 1, ["10.0.0.3:80"]),
    ]


def test_names_are_not_for_eds_and_sockets_are():
    mesh = Mesh(entry("{address: b.example}", "{address: 'unix:///tmp/s'}"))
    assert [one[3] for one in mesh.groups(NAME)] == [["/tmp/s"]]


def test_ports_of_endpoints_and_of_the_entry():
    ports = [{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 8080}]
    mesh = Mesh(entry("{address: 10.0.0.1, ports: {http: 9}}", "{address: 10.0.0.2}", ports=ports))
    assert mesh.groups(NAME)[0][3] == ["10.0.0.1:9", "10.0.0.2:8080"]


def test_an_endpoint_tells_its_workload():
    labels = {"app": "reviews", "version": "v1"}
    service = {
        "kind": "Service",
        "metadata": {"name": "svc"},
        "spec": {"selector": {"app": "reviews"}, "ports": [{"name": "http", "port": 80}]},
    }
    mesh = Mesh(service, pod("reviews-v1-x", "10.0.0.1", labels=labels))
    [group] = mesh.endpoints(f"outbound|80||{SERVICE}")["endpoints"]
    assert group["lb_endpoints"][0]["metadata"]["filter_metadata"] == {
        "istio": {"workload": "reviews-v1-x;default;reviews;v1;Kubernetes"}
    }


def test_local_traffic_stays_on_the_machine():
    service = {
        "kind": "Service",
        "metadata": {"name": "svc"},
        "spec": {
            "selector": {"app": "a"},
            "internalTrafficPolicy": "Local",
            "ports": [{"name": "http", "port": 80}],
        },
    }
    mesh = Mesh(
        service, pod("a", "10.0.0.1", node="n1"), pod("b", "10.0.0.2", node="n2", labels={"app": "a"})
    )
    view = mesh.view(metadata={"NODE_NAME": "n2"})
    assert mesh.groups(f"outbound|80||{SERVICE}", view)[0][3] == ["10.0.0.2:80"]


PLACES = (
    "{address: 10.0.0.1, locality: r1/z1/s1}",
    "{address: 10.0.0.2, locality: r1/z1/s2}",
    "{address: 10.0.0.3, locality: r1/z2/s1}",
    "{address: 10.0.0.4, locality: r2/z1/s1}",
    "{address: 10.0.0.5, locality: r3/z1/s1}",
)


def priorities(mesh, name=NAME, **view):
    groups = mesh.groups(name, mesh.view(**{"locality": "r1/z1/s1", **view}))
    return {members[0].split(":")[0][-1]: priority for _, priority, _, members in groups if members}


def test_without_outlier_detection_nothing_is_preferred():
    assert set(priorities(Mesh(entry(*PLACES))).values()) == {0}
    assert set(
        priorities(Mesh(entry(*PLACES), balanced({}, failover=[{"from": "r1", "to": "r3"}]))).values()
    ) == {0}


def test_outlier_detection_alone_prefers_the_nearest():
    assert priorities(Mesh(entry(*PLACES), rule(OUTLIERS))) == {"1": 0, "2": 1, "3": 2, "4": 3, "5": 3}


def test_the_meshs_default_outlier_detection_is_not_known_to_endpoints():
    mesh = Mesh(entry(*PLACES)).config("defaultTrafficPolicy: {outlierDetection: {interval: 1s}}")
    assert set(priorities(mesh).values()) == {0}


def test_priorities_have_no_gaps():
    assert priorities(Mesh(entry(PLACES[0], PLACES[4]), rule(OUTLIERS))) == {"1": 0, "5": 1}
    assert priorities(Mesh(entry(PLACES[3], PLACES[4]), rule(OUTLIERS))) == {"4": 0, "5": 0}


def test_failover_names_the_next_region():
    mesh = Mesh(entry(*PLACES), balanced(failover=[{"from": "r1", "to": "r3"}]))
    assert priorities(mesh) == {"1": 0, "2": 1, "3": 2, "5": 3, "4": 4}
    found = mesh.cluster(NAME)
    assert found["common_lb_config"]["locality_weighted_lb_config"] == {}


def test_failover_may_be_switched_off():
    mesh = Mesh(entry(*PLACES), balanced(enabled=False))
    assert set(priorities(mesh).values()) == {0}
    everywhere = Mesh(entry(*PLACES), rule(OUTLIERS)).config("localityLbSetting: {enabled: false}")
    assert set(priorities(everywhere).values()) == {0}
    here = Mesh(entry(*PLACES), balanced(enabled=True)).config("localityLbSetting: {enabled: false}")
    assert priorities(here)["5"] == 3


LABELLED = (
    "{address: 10.0.0.1, labels: {a: x, b: y}}",
    "{address: 10.0.0.2, labels: {a: x, b: n}}",
    "{address: 10.0.0.3, labels: {a: n, b: y}}",
)


def test_labels_decide_in_their_order():
    mesh = Mesh(entry(*LABELLED), balanced(failoverPriority=["a", "b"]))
    assert priorities(mesh, labels={"a": "x", "b": "y"}) == {"1": 0, "2": 1, "3": 2}
    groups = mesh.groups(NAME, mesh.view(labels={"a": "x", "b": "y"}))
    assert [weight for _, _, weight, _ in groups] == [1, 1, 1]


def test_a_labels_value_may_be_given():
    mesh = Mesh(entry(*LABELLED), balanced(failoverPriority=["a=n"]))
    assert priorities(mesh, labels={"a": "x"})["3"] == 0
    assert priorities(mesh, labels={"a": "x"})["1"] == 1


def test_labels_may_be_places():
    mesh = Mesh(
        entry(*PLACES),
        balanced(failoverPriority=["topology.kubernetes.io/region", "topology.kubernetes.io/zone"]),
    )
    assert priorities(mesh) == {"1": 0, "2": 0, "3": 1, "4": 2, "5": 2}


def test_another_network_comes_after_all_else():
    networks = (
        "{address: 10.0.0.1, network: n1, labels: {a: x}}",
        "{address: 10.0.0.2, network: n1, labels: {a: n}}",
        "{address: 10.0.0.3, network: n2, labels: {a: x}}",
        "{address: 10.0.0.4, network: n2, labels: {a: n}}",
    )
    mesh = Mesh(entry(*networks), balanced(failoverPriority=["topology.istio.io/network", "a"]))
    found = priorities(mesh, labels={"a": "x"}, metadata={"NETWORK": "n1"})
    assert found == {"1": 0, "2": 1, "3": 2, "4": 3}


def test_labels_and_regions_combine():
    endpoints = (
        "{address: 10.0.0.1, locality: r1, labels: {a: x}}",
        "{address: 10.0.0.2, locality: r2, labels: {a: x}}",
        "{address: 10.0.0.3, locality: r1, labels: {a: n}}",
    )
    setting = {"failoverPriority": ["a"], "failover": [{"from": "r1", "to": "r2"}]}
    mesh = Mesh(entry(*endpoints), balanced(**setting))
    assert priorities(mesh, locality="r1", labels={"a": "x"}) == {"1": 0, "2": 1, "3": 2}


def test_distribute_weighs_localities_and_empties_the_others():
    distribute = [{"from": "r1/*", "to": {"r1/z1/*": 80, "r2/*": 20}}]
    mesh = Mesh(entry(*PLACES), balanced({}, distribute=distribute))
    groups = mesh.groups(NAME, mesh.view(locality="r1/z1/s1"))
    assert [(place, weight, len(members)) for place, _, weight, members in groups] == [
        ("r1/z1/s1", 40, 1),
        ("r1/z1/s2", 40, 1),
        ("r1/z2/s1", 1, 0),
        ("r2/z1/s1", 20, 1),
        ("r3/z1/s1", 1, 0),
    ]
    assert mesh.cluster(NAME)["common_lb_config"]["locality_weighted_lb_config"] == {}
    elsewhere = mesh.groups(NAME, mesh.view(locality="r9"))
    assert [len(members) for _, _, _, members in elsewhere] == [1, 1, 1, 1, 1]


def distributed(value, **metadata):
    service = {
        "kind": "Service",
        "metadata": {"name": "svc", **metadata},
        "spec": {
            "selector": {"app": "a"},
            "ports": [{"name": "http", "port": 80}],
            "trafficDistribution": value,
        },
    }
    zone = "topology.kubernetes.io/zone"
    region = "topology.kubernetes.io/region"
    pods = [
        pod(
            f"p{i}",
            f"10.0.0.{i}",
            labels={"app": "a", region: "r1", zone: f"z{z}"},
            node=f"n{i}",
            ready=ready,
        )
        for i, z, ready in ((1, 1, True), (2, 1, False), (3, 2, True))
    ]
    return Mesh({k: v for k, v in service.items() if v}, *pods)


@pytest.mark.parametrize("value", ["PreferClose", "PreferSameZone"])
def test_traffic_distribution_prefers_the_zone_without_outlier_detection(value):
    mesh = distributed(value)
    found = priorities(mesh, f"outbound|80||{SERVICE}", locality="r1/z1")
    assert found == {"1": 0, "3": 1}
    assert "locality_weighted_lb_config" in mesh.cluster(f"outbound|80||{SERVICE}")["common_lb_config"]


def test_traffic_distribution_keeps_unready_endpoints_whatever_the_rule_says():
    mesh = distributed("PreferClose")
    mesh.add(rule({"outlierDetection": {"minHealthPercent": 50}}, host="svc"))
    assert sum(len(members) for *_, members in mesh.groups(f"outbound|80||{SERVICE}")) == 3
    assert mesh.cluster(f"outbound|80||{SERVICE}")["common_lb_config"]["healthy_panic_threshold"] == {}


def test_the_same_machine_may_be_preferred():
    mesh = distributed("PreferSameNode")
    found = priorities(mesh, f"outbound|80||{SERVICE}", locality="r1/z1", metadata={"NODE_NAME": "n1"})
    assert found == {"1": 0, "2": 1, "3": 2}


def test_a_rule_beats_traffic_distribution():
    mesh = distributed("PreferClose")
    mesh.add(rule({"loadBalancer": {"localityLbSetting": {"enabled": False}}}, host="svc"))
    assert set(priorities(mesh, f"outbound|80||{SERVICE}", locality="r1/z1").values()) == {0}


def zone_aware(**setting):
    return rule({"loadBalancer": {"zoneAwareLbSetting": setting}})


def test_zone_awareness_keeps_the_region_together():
    mesh = Mesh(entry(*PLACES), zone_aware(failover=[{"from": "r1", "to": "r3"}], minClusterSize=3))
    assert priorities(mesh) == {"1": 0, "2": 0, "3": 0, "5": 1, "4": 2}
    assert mesh.cluster(NAME)["common_lb_config"]["zone_aware_lb_config"] == {"min_cluster_size": "3"}


def test_zone_awareness_may_be_switched_off():
    mesh = Mesh(entry(*PLACES), zone_aware(enabled=False))
    assert set(priorities(mesh).values()) == {0}
    assert mesh.cluster(NAME)["common_lb_config"]["zone_aware_lb_config"] == {"routing_enabled": {}}


def test_the_mesh_may_be_zone_aware():
    mesh = Mesh(entry(*PLACES)).config("zoneAwareLbSetting: {}")
    assert priorities(mesh) == {"1": 0, "2": 0, "3": 0, "4": 1, "5": 1}


def test_another_networks_endpoints_need_a_gateway_and_mutual_tls():
    gateway = {
        "kind": "Service",
        "metadata": {"name": "eastwest", "labels": {"topology.istio.io/network": "n2"}},
        "spec": {"externalIPs": ["198.51.100.1"], "ports": [{"name": "tls", "port": 15443}]},
    }
    endpoints = ("{address: 10.0.0.1, network: n1}", "{address: 10.0.0.2, network: n2}")
    view = {"metadata": {"NETWORK": "n1"}}
    apart = Mesh(entry(*endpoints), gateway)
    assert [one[3] for one in apart.groups(NAME, apart.view(**view))] == [["10.0.0.1:80"]]
    flat = Mesh(entry(*endpoints))
    assert [one[3] for one in flat.groups(NAME, flat.view(**view))] == [["10.0.0.1:80", "10.0.0.2:80"]]
