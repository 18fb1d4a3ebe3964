"""Inbound and fixed clusters."""

import pytest
import yaml
from cluster_meshes import HTTP_OPTIONS, Mesh

SOURCE = {"source_address": {"address": "127.0.0.6", "port_value": 0}}
MARK = {
    "description": "tell calls to the application from its own",
    "level": "1",
    "name": "36",
    "int_value": "1338",
}  # STATE_PREBIND is the enum's zero


def service(name="app"):
    return {
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {
            "clusterIP": "10.96.0.1",
            "selector": {"app": "app"},
            "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
        },
    }


def view(mesh, **metadata):
    return mesh.view("app", ip="10.0.0.1", metadata=metadata)


def sidecar(text, **spec):
    ingress = [{"port": {"number": 9080, "protocol": "HTTP", "name": "http"}, **yaml.safe_load(text)}]
    return {
        "kind": "Sidecar",
        "metadata": {"name": "s"},
        "spec": {"ingress": ingress, "egress": [{"hosts": ["*/*"]}], **spec},
    }


def rule(policy):
    spec = {"host": "app", "trafficPolicy": yaml.safe_load(policy)}
    return {"kind": "DestinationRule", "metadata": {"name": "r"}, "spec": spec}


def inbound(mesh, *, port=8080, **metadata):
    return mesh.cluster(f"inbound|{port}||", view(mesh, **metadata))


def names(mesh, **metadata):
    return [name for name in mesh.clusters(view(mesh, **metadata)) if name.startswith("inbound")]


def test_an_inbound_cluster_goes_where_the_client_meant():
    found = inbound(Mesh(service()))
    assert found["type"] == "ORIGINAL_DST"
    assert found["lb_policy"] == "CLUSTER_PROVIDED"
    assert found["upstream_bind_config"] == SOURCE
    assert found["cleanup_interval"] == "9223372035s"
    assert found["alt_stat_name"] == "inbound|8080||;"
    assert found["common_lb_config"] == {}
    assert found["metadata"]["filter_metadata"]["istio"]["services"] == [
        {"host": "app.default.svc.cluster.local", "name": "app", "namespace": "default"}
    ]


def test_only_services_that_select_the_workload_and_only_sidecars():
    other = service("other")
    other["spec"]["selector"] = {"app": "other"}
    mesh = Mesh(service(), other)
    assert names(mesh) == ["inbound|8080||"]
    assert [name for name in mesh.clusters(mesh.gateway()) if name.startswith("inbound")] == []


def test_the_oldest_service_of_a_port_decides_its_protocol():
    old, young = service("z"), service("a")
    old["spec"]["ports"][0]["name"] = "grpc"
    old["metadata"]["creationTimestamp"] = "2024-01-01T00:00:00Z"
    young["metadata"]["creationTimestamp"] = "2024-02-01T00:00:00Z"
    found = inbound(Mesh(old, young))
    assert (
        "http2_protocol_options"
        in found["typed_extension_protocol_options"][HTTP_OPTIONS]["explicit_http_config"]
    )
    hosts = [one["name"] for one in found["metadata"]["filter_metadata"]["istio"]["services"]]
    assert hosts == ["z", "a"]


def test_localhost_needs_no_source():
    found = inbound(Mesh(service()).config("inboundTrafficPolicy: {mode: LOCALHOST}"))
    assert found["type"] == "STATIC"
    [group] = found["load_assignment"]["endpoints"]
    address = group["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
    assert address == {"address": "127.0.0.1", "port_value": 8080}
    assert "upstream_bind_config" not in found


def test_where_capture_goes_by_marks_calls_carry_one():
    mesh = Mesh(service())
    marked = {"socket_options": [MARK], **SOURCE}
    assert inbound(mesh, LATEEN_CAPTURE="mark")["upstream_bind_config"] == marked
    found = mesh.cluster("InboundPassthroughCluster", view(mesh, LATEEN_CAPTURE="mark"))
    assert found["upstream_bind_config"] == marked
    assert "upstream_bind_config" not in mesh.cluster("PassthroughCluster", view(mesh, LATEEN_CAPTURE="mark"))
    local = Mesh(service()).config("inboundTrafficPolicy: {mode: LOCALHOST}")
    assert inbound(local, LATEEN_CAPTURE="mark")["upstream_bind_config"] == {"socket_options": [MARK]}


def test_the_pool_of_the_rule_counts_and_nothing_else_of_it():
    found = inbound(Mesh(service(), rule("""
loadBalancer: {simple: RANDOM}
outlierDetection: {interval: 1s}
connectionPool: {tcp: {maxConnections: 3, connectTimeout: 2s}, http: {h2UpgradePolicy: UPGRADE}}
tls: {mode: SIMPLE}
retryBudget: {percent: 5}
""")))  # fmt: skip
    [limits] = found["circuit_breakers"]["thresholds"]
    assert limits["max_connections"] == 3
    assert limits["retry_budget"]["budget_percent"] == {"value": 5.0}
    assert found["connect_timeout"] == "2s"
    assert not {"outlier_detection", "transport_socket", "typed_extension_protocol_options"} & set(found)
    config = found["metadata"]["filter_metadata"]["istio"]["config"]
    assert config == "/apis/networking.istio.io/v1/namespaces/default/destination-rule/r"


def test_the_sidecars_pool_replaces_the_rules():
    mesh = Mesh(
        service(),
        rule("connectionPool: {tcp: {maxConnections: 3}}"),
        {
            "kind": "Sidecar",
            "metadata": {"name": "s"},
            "spec": {
                "inboundConnectionPool": {"http": {"http2MaxRequests": 7}},
                "egress": [{"hosts": ["*/*"]}],
            },
        },
    )
    [limits] = inbound(mesh)["circuit_breakers"]["thresholds"]
    assert (limits["max_requests"], limits["max_connections"]) == (7, 4294967295)


def test_the_meshs_pool_is_the_last_resort():
    mesh = Mesh(service()).config("defaultTrafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}}")
    assert inbound(mesh)["circuit_breakers"]["thresholds"][0]["max_connections"] == 5


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("127.0.0.1:8080", {"socket_address": {"address": "127.0.0.1", "port_value": 8080}}),
        ("'[::1]:8080'", {"socket_address": {"address": "127.0.0.1", "port_value": 8080}}),
        ("0.0.0.0:8080", {"socket_address": {"address": "10.0.0.1", "port_value": 8080}}),
        ("unix:///tmp/app", {"pipe": {"path": "/tmp/app"}}),
    ],
)
def test_a_sidecars_ingress_says_where_the_application_is(endpoint, address):
    workload = {
        "kind": "Pod",
        "metadata": {"name": "app", "labels": {"app": "app"}},
        "spec": {"containers": [{"name": "a"}]},
        "status": {"podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}]},
    }
    mesh = Mesh(service(), sidecar(f"defaultEndpoint: {endpoint}"), workload)
    found = inbound(mesh, port=9080)
    assert found["type"] == "STATIC"
    assert found["load_assignment"]["endpoints"][0]["lb_endpoints"] == [{"endpoint": {"address": address}}]
    assert ("upstream_bind_config" in found) == ("socket_address" not in address or "10." in str(address))


def test_an_ingress_without_an_endpoint_and_without_a_service():
    mesh = Mesh(service(), sidecar("{}", inboundConnectionPool={"tcp": {"maxConnections": 1}}))
    assert names(mesh) == ["inbound|9080||"]
    found = inbound(mesh, port=9080)
    assert found["type"] == "ORIGINAL_DST"
    assert "metadata" not in found
    assert found["circuit_breakers"]["thresholds"][0]["max_connections"] == 1


def test_an_ingress_has_limits_of_its_own():
    pool = "{connectionPool: {tcp: {maxConnections: 2}}}"
    mesh = Mesh(service(), sidecar(pool, inboundConnectionPool={"tcp": {"maxConnections": 1}}))
    assert inbound(mesh, port=9080)["circuit_breakers"]["thresholds"][0]["max_connections"] == 2


def test_without_interception_there_is_nothing_inbound():
    mesh = Mesh(service())
    assert names(mesh, INTERCEPTION_MODE="NONE") == []
    assert names(Mesh(service(), sidecar("{}")), INTERCEPTION_MODE="NONE") == ["inbound|9080||"]


def test_the_template_names_statistics():
    mesh = Mesh(service()).config("inboundClusterStatName: '%SERVICE%_%SERVICE_PORT%_%TARGET_PORT%'")
    assert inbound(mesh)["alt_stat_name"] == "app.default_80_8080;"


def test_fixed_clusters_of_sidecars_and_gateways():
    mesh = Mesh()
    assert list(mesh.clusters()) == ["BlackHoleCluster", "InboundPassthroughCluster", "PassthroughCluster"]
    assert list(mesh.clusters(mesh.gateway())) == ["BlackHoleCluster"]
    mesh.config("outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}")
    assert "AllowAnyDynamicDNSCluster" in mesh.clusters()
    assert "AllowAnyDynamicDNSCluster" not in mesh.clusters(mesh.gateway())


def test_the_black_hole_has_no_endpoints():
    found = Mesh().cluster("BlackHoleCluster")
    assert found == {
        "name": "BlackHoleCluster",
        "alt_stat_name": "BlackHoleCluster;",
        "type": "STATIC",
        "connect_timeout": "10s",
    }


def test_passthrough_follows_the_client_and_the_meshs_limits():
    mesh = Mesh().config(
        "defaultTrafficPolicy: {connectionPool: {tcp: {maxConnections: 5, connectTimeout: 1s}}}"
    )
    found = mesh.cluster("PassthroughCluster")
    assert (found["type"], found["lb_policy"]) == ("ORIGINAL_DST", "CLUSTER_PROVIDED")
    assert found["circuit_breakers"]["thresholds"][0]["max_connections"] == 5
    assert found["connect_timeout"] == "1s"
    options = found["typed_extension_protocol_options"][HTTP_OPTIONS]
    assert options["common_http_protocol_options"] == {"idle_timeout": "300s"}
    assert options["use_downstream_protocol_config"] == {
        "http_protocol_options": {},
        "http2_protocol_options": {},
    }


def test_dynamic_dns_may_speak_tls():
    mesh = Mesh().config("outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS, tls: {mode: SIMPLE}}")
    found = mesh.cluster("AllowAnyDynamicDNSCluster")
    assert found["transport_socket"]["name"] == "envoy.transport_sockets.tls"
    config = found["cluster_type"]["typed_config"]
    assert config["dns_cache_config"]["name"] == "allow_any_dfp_dns_cache"
    assert config["dns_cache_config"]["max_hosts"] == 1024
    assert "allow_insecure_cluster_options" not in config
    plain = Mesh().config("outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}")
    assert plain.cluster("AllowAnyDynamicDNSCluster")["cluster_type"]["typed_config"][
        "allow_insecure_cluster_options"
    ]
