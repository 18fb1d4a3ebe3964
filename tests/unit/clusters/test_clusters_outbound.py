"""Outbound clusters: which there are, and what each says."""

import pytest
import yaml
from cluster_meshes import Mesh, pod

REVIEWS = "outbound|9080||reviews.default.svc.cluster.local"
V1 = "outbound|9080|v1|reviews.default.svc.cluster.local"


def rule(text, host="reviews"):
    return {
        "kind": "DestinationRule",
        "metadata": {"name": "r"},
        "spec": {"host": host, **yaml.safe_load(text)},
    }


def entry(text, **annotations):
    spec = {
        "hosts": ["a.example"],
        "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
        **yaml.safe_load(text),
    }
    return {"kind": "ServiceEntry", "metadata": {"name": "e", "annotations": annotations}, "spec": spec}


def service(port, *, name="svc", **more):
    spec = {"clusterIP": "10.96.0.9", "ports": [{"port": 80, **port}], **more}
    return {"kind": "Service", "metadata": {"name": name}, "spec": spec}


def test_each_service_port_and_subset_has_a_cluster(mesh):
    mesh.add(rule("subsets: [{name: v1, labels: {version: v1}}, {name: v2}]"))
    outbound = [name for name in mesh.clusters() if name.startswith("outbound")]
    assert outbound == [V1, V1.replace("v1", "v2"), REVIEWS]


def test_a_cluster_of_a_service_is_eds_with_least_request(mesh):
    found = mesh.cluster(REVIEWS)
    assert found == {
        "name": REVIEWS,
        "alt_stat_name": REVIEWS + ";",
        "type": "EDS",
        "lb_policy": "LEAST_REQUEST",
        "connect_timeout": "10s",
        "eds_cluster_config": {
            "service_name": REVIEWS,
            "eds_config": {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"},
        },
        "common_lb_config": {"healthy_panic_threshold": {}},
        "circuit_breakers": {
            "thresholds": [dict.fromkeys(
                ("max_connections", "max_pending_requests", "max_requests", "max_retries"), 4294967295
            )]
        },
        "metadata": {
            "filter_metadata": {
                "istio": {
                    "services": [
                        {"host": "reviews.default.svc.cluster.local", "name": "reviews", "namespace": "default"}
                    ]
                }
            }
        },
    }  # fmt: skip


def test_metadata_names_the_rule_and_the_subset(mesh):
    mesh.add(rule("subsets: [{name: v1}]"))
    istio = mesh.cluster(V1)["metadata"]["filter_metadata"]["istio"]
    assert istio["config"] == "/apis/networking.istio.io/v1/namespaces/default/destination-rule/r"
    assert istio["subset"] == "v1"


def test_udp_and_external_names_have_no_cluster():
    mesh = Mesh(
        service({"name": "dns", "protocol": "UDP"}),
        service({"name": "http"}, name="alias", type="ExternalName", externalName="a.example"),
    )
    assert [name for name in mesh.clusters() if name.startswith("outbound")] == []


def test_a_sidecars_scope_decides_which_clusters_there_are(mesh):
    sidecar = {"kind": "Sidecar", "metadata": {"name": "s"}, "spec": {"egress": [{"hosts": ["other/*"]}]}}
    mesh.add(sidecar)
    assert REVIEWS not in mesh.clusters()
    assert REVIEWS in mesh.clusters(mesh.view(namespace="other"))


def test_a_private_service_has_a_cluster_at_home_only():
    hidden = service({"name": "http"})
    hidden["metadata"]["annotations"] = {"networking.istio.io/exportTo": "."}
    mesh = Mesh(hidden)
    assert "outbound|80||svc.default.svc.cluster.local" in mesh.clusters()
    assert "outbound|80||svc.default.svc.cluster.local" not in mesh.clusters(mesh.view(namespace="other"))


@pytest.mark.parametrize(
    ("resolution", "sidecar", "gateway"),
    [
        ("STATIC", "EDS", "EDS"),
        ("DNS", "STRICT_DNS", "STRICT_DNS"),
        ("DNS_ROUND_ROBIN", "LOGICAL_DNS", "LOGICAL_DNS"),
        ("NONE", "ORIGINAL_DST", "EDS"),
    ],
)
def test_resolution_decides_the_type(resolution, sidecar, gateway):
    mesh = Mesh(entry(f"resolution: {resolution}"))
    assert mesh.cluster("outbound|80||a.example")["type"] == sidecar
    assert mesh.cluster("outbound|80||a.example", mesh.gateway())["type"] == gateway


def test_a_headless_service_goes_where_the_client_meant():
    mesh = Mesh(service({"name": "tcp"}, clusterIP="None"))
    found = mesh.cluster("outbound|80||svc.default.svc.cluster.local")
    assert (found["type"], found["lb_policy"]) == ("ORIGINAL_DST", "CLUSTER_PROVIDED")
    assert "eds_cluster_config" not in found


def test_none_may_override_the_port():
    mesh = Mesh(entry("{resolution: NONE, ports: [{number: 80, name: http, targetPort: 8080}]}"))
    assert mesh.cluster("outbound|80||a.example")["original_dst_lb_config"] == {
        "upstream_port_override": 8080
    }


def test_passthrough_replaces_the_type_and_drops_endpoints():
    mesh = Mesh(
        entry("resolution: DNS"), rule("trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}", "a.example")
    )
    found = mesh.cluster("outbound|80||a.example")
    assert (found["type"], found["lb_policy"]) == ("ORIGINAL_DST", "CLUSTER_PROVIDED")
    assert "load_assignment" not in found


def test_names_are_resolved_by_envoy():
    mesh = Mesh(entry("resolution: DNS")).config("dnsRefreshRate: 30s")
    found = mesh.cluster("outbound|80||a.example")
    assert found["dns_refresh_rate"] == "30s"
    assert found["respect_dns_ttl"] is True
    assert found["dns_jitter"] == "0.100s"
    assert found["dns_lookup_family"] == "V4_ONLY"
    assert found["typed_dns_resolver_config"]["typed_config"]["udp_max_queries"] == 100
    assert "eds_cluster_config" not in found
    [group] = found["load_assignment"]["endpoints"]
    assert group["lb_endpoints"][0]["endpoint"]["address"]["socket_address"] == {
        "address": "a.example",
        "port_value": 80,
    }


def test_names_to_resolve_without_endpoints_have_no_cluster():
    mesh = Mesh(entry("{resolution: DNS, workloadSelector: {labels: {app: none}}}"))
    assert "outbound|80||a.example" not in mesh.clusters()


def test_a_subset_of_names_keeps_those_with_its_labels():
    mesh = Mesh(
        entry("{resolution: DNS, endpoints: [{address: b.example, labels: {v: b}}, {address: c.example}]}"),
        rule("subsets: [{name: b, labels: {v: b}}, {name: none, labels: {v: x}}]", "a.example"),
    )
    [group] = mesh.cluster("outbound|80|b|a.example")["load_assignment"]["endpoints"]
    assert [one["endpoint"]["address"]["socket_address"]["address"] for one in group["lb_endpoints"]] == [
        "b.example"
    ]
    assert "outbound|80|none|a.example" not in mesh.clusters()


def test_logical_dns_has_one_endpoint():
    mesh = Mesh(
        entry("{resolution: DNS_ROUND_ROBIN, endpoints: [{address: b.example}, {address: c.example}]}")
    )
    [group] = mesh.cluster("outbound|80||a.example")["load_assignment"]["endpoints"]
    assert len(group["lb_endpoints"]) == 1


def test_racing_connections_resolve_both_families():
    mesh = Mesh(entry("resolution: DNS", **{"istio.io/connect-strategy": "RACE_FIRST_TCP_CONNECT"}))
    found = mesh.cluster("outbound|80||a.example")
    assert (found["type"], found["dns_lookup_family"]) == ("LOGICAL_DNS", "ALL")


def test_external_services_are_marked_but_not_their_subsets():
    mesh = Mesh(entry("resolution: DNS"), rule("subsets: [{name: s}]", "a.example"))
    assert mesh.cluster("outbound|80||a.example")["metadata"]["filter_metadata"]["istio"]["external"] is True
    assert "external" not in mesh.cluster("outbound|80|s|a.example")["metadata"]["filter_metadata"]["istio"]
    inside = Mesh(entry("{resolution: DNS, location: MESH_INTERNAL}"))
    assert "external" not in inside.cluster("outbound|80||a.example")["metadata"]["filter_metadata"]["istio"]


def test_dynamic_names_are_of_four_protocols_and_have_no_subsets():
    ports = [
        {"number": 80 + i, "name": p.lower(), "protocol": p}
        for i, p in enumerate(("HTTP", "GRPC", "TCP", "TLS"))
    ]
    mesh = Mesh(
        entry(yaml.safe_dump({"resolution": "DYNAMIC_DNS", "hosts": ["*.d.example"], "ports": ports})),
        rule("subsets: [{name: s}]", "*.d.example"),
    )
    assert [name for name in mesh.clusters() if "d.example" in name] == [
        "outbound|80||*.d.example", "outbound|81||*.d.example", "outbound|83||*.d.example",
    ]  # fmt: skip
    found = mesh.cluster("outbound|80||*.d.example")
    assert found["cluster_type"]["name"] == "envoy.clusters.dynamic_forward_proxy"
    assert found["cluster_type"]["typed_config"]["dns_cache_config"]["name"] == "*.d.example_dfp_dns_cache"
    assert found["lb_policy"] == "CLUSTER_PROVIDED"


def test_the_template_names_statistics(mesh):
    mesh.config("outboundClusterStatName: '%SERVICE%_%SERVICE_PORT_NAME%_%SERVICE_PORT%_%SUBSET_NAME%'")
    mesh.add(rule("subsets: [{name: v1}]"), entry("resolution: DNS"))
    assert mesh.cluster(V1)["alt_stat_name"] == "reviews.default_http_9080_v1;"
    assert mesh.cluster("outbound|80||a.example")["alt_stat_name"] == "a.example_http_80_;"


def ran(mesh, view):
    """Return the queries that an edit of one pod makes run again, by name."""
    before = {cell.key: cell.changed_at for cell in mesh.db}
    mesh.clusters(view)
    mesh.endpoints(REVIEWS, view)
    after = {cell.key for cell in mesh.db if cell.changed_at != before.get(cell.key)}
    return {key[0].__name__ for key in after if isinstance(key, tuple) and callable(key[0])}


def test_a_changed_endpoint_changes_no_cluster(mesh):
    view = mesh.view()
    mesh.endpoints(REVIEWS, view)
    mesh.clusters(view)
    mesh.add(pod("reviews-v1", "10.1.0.99", labels={"app": "reviews", "version": "v1"}))
    changed = ran(mesh, view)
    assert "host_endpoints" in changed
    assert not changed & {"clusters", "outbound_blocks", "_outbound_block", "host_clusters", "fixed"}


def test_an_edited_rule_runs_its_own_clusters_again():
    mesh = Mesh(*(service({"name": "http"}, name=f"s{i}") for i in range(10)))
    for i in range(10):
        mesh.add({"kind": "DestinationRule", "metadata": {"name": f"s{i}"}, "spec": {"host": f"s{i}"}})
    view = mesh.view()
    mesh.clusters(view)
    policy = {"loadBalancer": {"simple": "RANDOM"}}
    mesh.add(
        {
            "kind": "DestinationRule",
            "metadata": {"name": "s3"},
            "spec": {"host": "s3", "trafficPolicy": policy},
        }
    )
    before = {cell.key: cell.changed_at for cell in mesh.db}
    mesh.clusters(view)
    cells = [cell.key for cell in mesh.db if cell.changed_at != before.get(cell.key)]
    names = [key[0].__name__ for key in cells if isinstance(key, tuple) and callable(key[0])]
    assert names.count("host_clusters") == 1
    assert names.count("merged") == 1
