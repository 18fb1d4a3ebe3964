"""The blocks of a traffic policy in a cluster: limits, balancing, ejection, protocols."""

import pytest
import yaml
from cluster_meshes import Mesh

NAME = "outbound|80||svc.default.svc.cluster.local"


def mesh_with(policy, *, port="http", config="", host="svc"):
    service = {
        "kind": "Service",
        "metadata": {"name": "svc"},
        "spec": {"clusterIP": "10.96.0.9", "ports": [{"name": port, "port": 80}]},
    }
    mesh = Mesh(service)
    if policy:
        spec = {"host": host, "trafficPolicy": yaml.safe_load(policy)}
        mesh.add({"kind": "DestinationRule", "metadata": {"name": "r"}, "spec": spec})
    return mesh.config(config) if config else mesh


def cluster(policy, **more):
    return mesh_with(policy, **more).cluster(NAME)


def http(policy, *, view=None, **more):
    found = mesh_with(policy, **more).http(NAME, view)
    return found and {key: value for key, value in found.items() if key != "@type"}


def test_limits():
    found = cluster("""
connectionPool:
  tcp: {maxConnections: 1}
  http: {http1MaxPendingRequests: 2, http2MaxRequests: 3, maxRetries: 4}
""")["circuit_breakers"]["thresholds"]
    assert found == [{"max_connections": 1, "max_pending_requests": 2, "max_requests": 3, "max_retries": 4}]


def test_zero_is_no_limit():
    found = cluster("connectionPool: {tcp: {maxConnections: 0}, http: {maxRetries: 0}}")
    assert found["circuit_breakers"]["thresholds"][0]["max_connections"] == 4294967295
    assert found["circuit_breakers"]["thresholds"][0]["max_retries"] == 4294967295


def test_retry_budget_has_defaults():
    [threshold] = cluster("retryBudget: {}")["circuit_breakers"]["thresholds"]
    assert threshold["retry_budget"] == {"budget_percent": {"value": 20.0}, "min_retry_concurrency": 3}
    [threshold] = cluster("retryBudget: {percent: 0, minRetryConcurrency: 9}")["circuit_breakers"][
        "thresholds"
    ]
    assert threshold["retry_budget"] == {"budget_percent": {}, "min_retry_concurrency": 9}


def test_the_budgets_interval_reaches_envoy():
    from envoy.config.cluster.v3 import cluster_pb2
    from google.protobuf import unknown_fields

    from lateen.compile.clusters import clusters

    mesh = mesh_with("retryBudget: {budgetInterval: 5s}")
    [body] = [one.body for one in clusters(mesh.db, mesh.view()) if one.name == NAME]
    budget = cluster_pb2.Cluster.FromString(body).circuit_breakers.thresholds[0].retry_budget
    if "budget_interval" in budget.DESCRIPTOR.fields_by_name:
        assert budget.budget_interval.seconds == 5
    else:
        [field] = unknown_fields.UnknownFieldSet(budget)
        assert (field.field_number, field.data) == (3, b"\x08\x05")


def test_connect_timeout_of_rule_and_mesh():
    assert cluster("connectionPool: {tcp: {connectTimeout: 1s}}")["connect_timeout"] == "1s"
    assert cluster("", config="connectTimeout: 3s")["connect_timeout"] == "3s"


def test_keepalives_add_up():
    policy = "connectionPool: {tcp: {tcpKeepalive: {time: 60s}}}"
    found = cluster(policy, config="tcpKeepalive: {probes: 3, time: 7200s}")["upstream_connection_options"]
    assert found == {"tcp_keepalive": {"keepalive_probes": 3, "keepalive_time": 60}}
    assert "upstream_connection_options" not in cluster("")
    empty = cluster("connectionPool: {tcp: {tcpKeepalive: {}}}")
    assert empty["upstream_connection_options"] == {"tcp_keepalive": {}}


@pytest.mark.parametrize(
    ("balancer", "policy"),
    [
        ("{}", "LEAST_REQUEST"),
        ("{simple: UNSPECIFIED}", "LEAST_REQUEST"),
        ("{simple: LEAST_CONN}", "LEAST_REQUEST"),
        ("{simple: LEAST_REQUEST}", "LEAST_REQUEST"),
        ("{simple: RANDOM}", "RANDOM"),
        ("{simple: ROUND_ROBIN}", None),  # the enum's zero
        ("{consistentHash: {useSourceIp: true}}", "RING_HASH"),
        ("{consistentHash: {useSourceIp: true, maglev: {}}}", "MAGLEV"),
    ],
)
def test_policies(balancer, policy):
    assert cluster(f"loadBalancer: {balancer}").get("lb_policy") == policy


def test_sizes_of_hashes():
    ring = cluster("loadBalancer: {consistentHash: {httpHeaderName: x, ringHash: {minimumRingSize: 64}}}")
    assert ring["ring_hash_lb_config"] == {"minimum_ring_size": "64"}
    old = cluster("loadBalancer: {consistentHash: {httpHeaderName: x, minimumRingSize: 99}}")
    assert old["ring_hash_lb_config"] == {"minimum_ring_size": "99"}
    unsaid = cluster("loadBalancer: {consistentHash: {httpHeaderName: x}}")
    assert unsaid["ring_hash_lb_config"] == {"minimum_ring_size": "1024"}
    maglev = cluster("loadBalancer: {consistentHash: {httpHeaderName: x, maglev: {tableSize: 101}}}")
    assert maglev["maglev_lb_config"] == {"table_size": "101"}


def test_warmup():
    full = cluster("loadBalancer: {warmup: {duration: 30s, minimumPercent: 20, aggression: 2}}")
    assert full["least_request_lb_config"]["slow_start_config"] == {
        "slow_start_window": "30s",
        "aggression": {"default_value": 2.0, "runtime_key": "("},
        "min_weight_percent": {"value": 20.0},
    }
    short = cluster("loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 30s}}")["round_robin_lb_config"]
    assert short["slow_start_config"]["min_weight_percent"] == {"value": 10.0}
    assert short["slow_start_config"]["aggression"]["default_value"] == 1.0
    old = cluster("loadBalancer: {warmupDurationSecs: 9s}")["least_request_lb_config"]
    assert old == {"slow_start_config": {"slow_start_window": "9s"}}
    random = cluster("loadBalancer: {simple: RANDOM, warmup: {duration: 30s}}")
    assert "slow_start" not in str(random)


def test_ejection():
    assert cluster("outlierDetection: {}")["outlier_detection"] == {"enforcing_success_rate": 0}
    found = cluster("""
outlierDetection:
  consecutive5xxErrors: 7
  consecutiveGatewayErrors: 0
  interval: 1s
  baseEjectionTime: 2s
  maxEjectionPercent: 30
  splitExternalLocalOriginErrors: true
  consecutiveLocalOriginFailures: 4
""")["outlier_detection"]
    assert found == {
        "enforcing_success_rate": 0,
        "consecutive_5xx": 7,
        "enforcing_consecutive_5xx": 100,
        "consecutive_gateway_failure": 0,
        "enforcing_consecutive_gateway_failure": 0,
        "interval": "1s",
        "base_ejection_time": "2s",
        "max_ejection_percent": 30,
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 4,
        "enforcing_consecutive_local_origin_failure": 100,
        "enforcing_local_origin_success_rate": 0,
    }


def test_local_failures_need_the_split():
    found = cluster("outlierDetection: {consecutiveLocalOriginFailures: 4}")["outlier_detection"]
    assert found == {"enforcing_success_rate": 0}


def test_consecutive_errors_zero_disables():
    found = cluster("outlierDetection: {consecutive5xxErrors: 0}")["outlier_detection"]
    assert found["enforcing_consecutive_5xx"] == 0


def test_the_panic_threshold_is_the_health_percent():
    assert cluster("outlierDetection: {minHealthPercent: 30}")["common_lb_config"][
        "healthy_panic_threshold"
    ] == {"value": 30.0}
    assert cluster("outlierDetection: {}")["common_lb_config"]["healthy_panic_threshold"] == {}


def test_chosen_statuses_count_as_errors():
    one = http("outlierDetection: {outlierDetectionHttpErrorCodes: [503]}")
    header = {"name": ":status", "string_match": {"exact": "503"}}
    match = {"http_response_headers_match": {"headers": [header]}}
    assert one["outlier_detection"] == {"error_matcher": match}
    two = http("outlierDetection: {outlierDetectionHttpErrorCodes: [500, 503]}")
    assert two["outlier_detection"]["error_matcher"]["or_match"]["rules"][1] == match


HTTP1 = {"explicit_http_config": {"http_protocol_options": {}}}
HTTP2 = {"explicit_http_config": {"http2_protocol_options": {}}}
CLIENT = {"use_downstream_protocol_config": {"http_protocol_options": {}, "http2_protocol_options": {}}}


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ("http", None),
        ("http2", HTTP2),
        ("grpc", HTTP2),
        ("grpc-web", HTTP2),
        ("tcp", None),
        ("anything", CLIENT),
    ],
)
def test_the_ports_protocol(port, expected):
    assert http("", port=port) == expected


def test_a_gateway_does_not_follow_a_sniffed_client():
    mesh = mesh_with("", port="anything")
    assert mesh.http(NAME, mesh.gateway()) is None


@pytest.mark.parametrize(
    ("port", "policy", "mesh", "expected"),
    [
        ("http", "UPGRADE", "", HTTP2),
        ("tcp", "UPGRADE", "", HTTP2),
        ("http", "DEFAULT", "UPGRADE", HTTP2),
        ("tcp", "DEFAULT", "UPGRADE", HTTP1),
        ("http", "DO_NOT_UPGRADE", "UPGRADE", HTTP1),
        ("http", "DEFAULT", "DO_NOT_UPGRADE", HTTP1),
        ("anything", "UPGRADE", "", CLIENT),
    ],
)
def test_upgrades(port, policy, mesh, expected):
    found = http(
        f"connectionPool: {{http: {{h2UpgradePolicy: {policy}, maxRequestsPerConnection: 1}}}}",
        port=port,
        config=f"h2UpgradePolicy: {mesh}" if mesh else "",
    )
    del found["common_http_protocol_options"]
    assert found == expected


def test_the_clients_protocol_wins():
    policy = "connectionPool: {http: {useClientProtocol: true, maxConcurrentStreams: 5}}"
    for port in ("http", "grpc", "anything"):
        assert http(policy, port=port) == {"common_http_protocol_options": {}, **CLIENT}


def test_connections_are_limited():
    found = http(
        "connectionPool: {tcp: {idleTimeout: 9s, maxConnectionDuration: 8s}, http: {maxRequestsPerConnection: 1}}"
    )
    assert found == {
        "common_http_protocol_options": {
            "idle_timeout": "9s",
            "max_connection_duration": "8s",
            "max_requests_per_connection": 1,
        },
        **HTTP1,
    }


def test_the_http_idle_timeout_wins_and_zero_counts():
    both = http("connectionPool: {tcp: {idleTimeout: 9s}, http: {idleTimeout: 5s}}")
    assert both["common_http_protocol_options"] == {"idle_timeout": "5s"}
    zero = http("connectionPool: {tcp: {idleTimeout: 0s}}")
    assert zero["common_http_protocol_options"] == {"idle_timeout": "0s"}


def test_streams_and_pings_are_http2():
    policy = "connectionPool: {http: {maxConcurrentStreams: 5, http2KeepAlive: {interval: 10s, timeout: 2s}}}"
    found = http(policy, port="grpc")["explicit_http_config"]["http2_protocol_options"]
    assert found == {
        "max_concurrent_streams": 5,
        "connection_keepalive": {"interval": "10s", "timeout": "2s"},
    }
    explicit = {"explicit_http_config": {"http_protocol_options": {}}}
    assert http(policy) == {"common_http_protocol_options": {}, **explicit}  # both without effect


def test_header_case_is_kept_in_http1():
    config = "defaultConfig: {proxyHeaders: {preserveHttp1HeaderCase: true}}"
    found = http("", config=config)["explicit_http_config"]["http_protocol_options"]["header_key_format"]
    assert found["stateful_formatter"]["name"] == "preserve_case"
    assert http("", config=config, port="tcp") is None
    assert http("", config=config, port="grpc") == HTTP2
    sniffed = http("", config=config, port="anything")["use_downstream_protocol_config"]
    assert "header_key_format" in sniffed["http_protocol_options"]
    follows = "connectionPool: {http: {useClientProtocol: true}}"
    asked = http(follows, config=config, port="anything")["use_downstream_protocol_config"]
    assert asked == {"http_protocol_options": {}, "http2_protocol_options": {}}
    explicit = http(follows, config=config)["use_downstream_protocol_config"]["http_protocol_options"]
    assert "header_key_format" in explicit
