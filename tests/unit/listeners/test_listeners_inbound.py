"""Inbound listeners of a sidecar, and Sidecar objects (checklist 38, 213 to 225)."""

import pytest
from listener_meshes import by_match, chains, cluster, match, pod, service, terminal

RAW = {"transport_protocol": "raw_buffer"}
DETECTED = {**RAW, "application_protocols": ["http/1.1", "h2c"]}


def served(*ports, **more):
    return service("client", "10.96.0.8", *ports, **more)


def named(listener):
    return [
        (chain["name"], match(chain).get("destination_port"), cluster(chain)) for chain in chains(listener)
    ]


def inspector(listener, name):
    return next(one for one in listener["listener_filters"] if one["name"].endswith(name))


def test_every_port_of_a_service_has_its_chain(mesh):
    listener = mesh.add(served("http:80:8080", "tcp:9000")).listener("virtualInbound")
    assert listener["address"]["socket_address"] == {"address": "0.0.0.0", "port_value": 15006}
    assert named(listener) == [
        ("virtualInbound-blackhole", 15006, "BlackHoleCluster"),
        ("virtualInbound-catchall-http", None, "InboundPassthroughCluster"),
        ("virtualInbound", None, "InboundPassthroughCluster"),
        ("0.0.0.0_8080", 8080, "inbound|8080||"),
        ("0.0.0.0_9000", 9000, "inbound|9000||"),
    ]
    assert match(chains(listener)[1]) == DETECTED
    assert match(chains(listener)[2]) == RAW


def test_the_route_is_in_the_chain(mesh):
    listener = mesh.add(served("http:80:8080")).listener("virtualInbound")
    routes = terminal(by_match(listener, destination_port=8080, **RAW))["route_config"]
    assert (routes["name"], routes["virtual_hosts"][0]["name"]) == ("inbound|8080||", "inbound|http|80")


def test_an_undeclared_port_is_detected(mesh):
    listener = mesh.add(served("x:9100")).listener("virtualInbound")
    assert "route_config" in terminal(by_match(listener, destination_port=9100, **DETECTED))
    assert terminal(by_match(listener, destination_port=9100, **RAW))["cluster"] == "inbound|9100||"


def test_declared_ports_are_not_inspected(mesh):
    listener = mesh.add(served("http:80:8080", "tcp:9000", "x:9100")).listener("virtualInbound")
    rules = inspector(listener, "http_inspector")["filter_disabled"]["or_match"]["rules"]
    ports = [rule["destination_port_range"]["start"] for rule in rules]
    assert ports == [8080, 9000, 15006]
    assert listener["listener_filters"][0]["name"].endswith("original_dst")


def test_the_oldest_services_protocol_wins(mesh):
    mesh.add(
        served("tcp:80:8080", creationTimestamp="2024-01-02T00:00:00Z"),
        service("older", "10.96.0.9", "http:80:8080", app="client", creationTimestamp="2024-01-01T00:00:00Z"),
    )
    listener = mesh.listener("virtualInbound")
    assert "route_config" in terminal(by_match(listener, destination_port=8080, **RAW))


def test_a_target_port_may_be_a_name(mesh):
    mesh.add(served("http:80:web"), pod("client", "10.1.0.1", ports={"web": 8081}))
    assert ("0.0.0.0_8081", 8081, "inbound|8081||") in named(mesh.listener("virtualInbound"))


def test_services_of_other_namespaces_and_workloads_do_not_count(mesh):
    mesh.add(
        service("far", "10.96.0.9", "http:1111", namespace="other", app="client"),
        service("near", "10.96.0.10", "http:1112", app="somebody"),
    )
    assert len(chains(mesh.listener("virtualInbound"))) == 3


def test_a_service_entry_selects_workloads_too(mesh):
    mesh.add(
        """
kind: ServiceEntry
metadata: {name: vm}
spec:
  hosts: [vm.example]
  location: MESH_INTERNAL
  resolution: STATIC
  workloadSelector: {labels: {app: client}}
  ports: [{name: http, number: 80, targetPort: 8085, protocol: HTTP}]
---
kind: ServiceEntry
metadata: {name: inline}
spec:
  hosts: [inline.example]
  location: MESH_INTERNAL
  resolution: STATIC
  endpoints: [{address: 10.1.0.1, ports: {tcp: 8086}}]
  ports: [{name: tcp, number: 81, protocol: TCP}]
"""
    )
    ports = [port for _, port, _ in named(mesh.listener("virtualInbound"))]
    assert ports == [15006, None, None, 8085, 8086]


SIDECAR = """
kind: Sidecar
metadata: {name: own}
spec:
  ingress:
  - {port: {number: 9080, protocol: HTTP, name: http}, defaultEndpoint: "127.0.0.1:8080"}
  - {port: {number: 9081, protocol: TCP, name: tcp}, bind: 127.0.0.1, captureMode: NONE, defaultEndpoint: "unix:///a"}
"""


def test_ingress_replaces_what_services_say(mesh):
    found = mesh.add(served("http:80:8080"), SIDECAR).listeners()
    assert named(found["virtualInbound"])[3:] == [("10.1.0.1_9080", 9080, "inbound|9080||")]
    assert named(found["127.0.0.1_9081"]) == [("127.0.0.1_9081", 9081, "inbound|9081||")]
    assert found["127.0.0.1_9081"]["traffic_direction"] == "INBOUND"


def test_without_interception_only_ingress_is_opened(mesh):
    mesh.add(served("http:80:8080"))
    assert not [name for name in mesh.listeners(mesh.view(INTERCEPTION_MODE="NONE")) if "8080" in name]
    found = mesh.add(SIDECAR).listeners(mesh.view(INTERCEPTION_MODE="NONE"))
    assert {"10.1.0.1_9080", "127.0.0.1_9081"} <= set(found)
    assert "virtualInbound" not in found


def test_egress_ports_have_their_own_listeners(mesh):
    mesh.add(
        """
kind: Sidecar
metadata: {name: own}
spec:
  egress:
  - {port: {number: 5432, protocol: TCP, name: tcp}, bind: 127.0.0.1, captureMode: NONE, hosts: ["./db.default.svc.cluster.local"]}
  - {port: {number: 8888, protocol: HTTP_PROXY, name: proxy}, bind: 127.0.0.1, hosts: ["./*"]}
  - {port: {number: 0, protocol: HTTP, name: unix}, bind: "unix:///tmp/out.sock", hosts: ["./*"]}
  - hosts: ["./web.default.svc.cluster.local"]
"""
    )
    found = mesh.listeners()
    assert cluster(chains(found["127.0.0.1_5432"])[0]) == "outbound|5432||db.default.svc.cluster.local"
    assert "bind_to_port" not in found["127.0.0.1_5432"]
    assert cluster(chains(found["127.0.0.1_8888"])[0]) == "8888"
    assert found["unix:///tmp/out.sock_0"]["address"] == {"pipe": {"path": "/tmp/out.sock"}}
    assert cluster(chains(found["unix:///tmp/out.sock_0"])[0]) == "unix:///tmp/out.sock"
    outbound = set(found) - {"virtualInbound", "virtualOutbound"}
    assert outbound == {"127.0.0.1_5432", "127.0.0.1_8888", "unix:///tmp/out.sock_0", "0.0.0.0_80"}


def manager(mesh, name="virtualInbound"):
    return next(terminal(chain) for chain in chains(mesh.listener(name)) if "http_filters" in terminal(chain))


def test_inbound_tells_the_application_who_called(mesh):
    found = manager(mesh)
    assert found["forward_client_cert_details"] == "APPEND_FORWARD"
    assert found["set_current_client_cert_details"] == {"subject": True, "dns": True, "uri": True}
    assert found["server_name"] == "istio-envoy"
    assert found["use_remote_address"] is False
    assert "server_name" not in manager(mesh, "0.0.0.0_80")


def test_filters_stand_in_order(mesh):
    names = [one["name"].rpartition(".")[2] for one in manager(mesh, "0.0.0.0_80")["http_filters"]]
    assert names == ["grpc_stats", "fault", "cors", "router"]


def test_routes_are_fetched_without_a_limit(mesh):
    rds = manager(mesh, "0.0.0.0_80")["rds"]
    assert rds["config_source"] == {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"}


@pytest.mark.parametrize(
    ("chosen", "normalize", "merge", "slashes"),
    [
        ("NONE", False, None, "KEEP_UNCHANGED"),
        ("DEFAULT", True, None, "KEEP_UNCHANGED"),
        ("BASE", True, None, "KEEP_UNCHANGED"),
        ("MERGE_SLASHES", True, True, "KEEP_UNCHANGED"),
        ("DECODE_AND_MERGE_SLASHES", True, True, "UNESCAPE_AND_FORWARD"),
    ],
)
def test_paths_are_normalized(mesh, chosen, normalize, merge, slashes):
    found = manager(mesh.config(f"pathNormalization: {{normalization: {chosen}}}"))
    assert found["normalize_path"] is normalize
    assert found.get("merge_slashes") is merge
    assert found["path_with_escaped_slashes_action"] == slashes


def test_proxy_headers(mesh):
    mesh.config(
        """
defaultConfig:
  proxyHeaders:
    server: {value: mine}
    requestId: {disabled: true}
    envoyDebugHeaders: {disabled: true}
    xForwardedPort: {enabled: true}
    preserveHttp1HeaderCase: true
    forwardedClientCert: SANITIZE
    setCurrentClientCertDetails: {cert: true}
"""
    )
    found = manager(mesh)
    assert found["server_name"] == "mine"
    assert found["generate_request_id"] is False
    assert found["append_x_forwarded_port"] is True
    assert "stateful_formatter" in found["http_protocol_options"]["header_key_format"]
    assert "forward_client_cert_details" not in found  # SANITIZE is Envoy's zero
    assert found["http_filters"][-1]["typed_config"]["suppress_envoy_headers"] is True


def test_a_server_header_can_be_left_alone(mesh):
    found = manager(mesh.config("defaultConfig: {proxyHeaders: {server: {disabled: true}}}"))
    assert found["server_header_transformation"] == "PASS_THROUGH"


def test_a_nodes_own_settings_win(mesh):
    mesh.config("defaultConfig: {proxyHeaders: {server: {value: mesh}}}")
    view = mesh.view(PROXY_CONFIG='{"proxyHeaders": {"server": {"value": "node"}}}')
    found = next(
        c for c in map(terminal, chains(mesh.listener("virtualInbound", view))) if "http_filters" in c
    )
    assert found["server_name"] == "node"


def test_http10_is_taken_when_the_proxy_says_so(mesh):
    listener = mesh.listener("0.0.0.0_80", mesh.view(HTTP10="1"))
    assert match(listener["filter_chains"][0])["application_protocols"] == ["http/1.1", "h2c"]
    assert terminal(listener["filter_chains"][0])["http_protocol_options"]["accept_http_10"] is True


def log(config):
    return config["access_log"][0]["typed_config"]


def test_the_access_log_is_istios_text(mesh):
    mesh.config("accessLogFile: /dev/stdout")
    text = log(manager(mesh))["log_format"]["text_format_source"]["inline_string"]
    assert text.startswith('[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%"')
    assert text.endswith("%REQUESTED_SERVER_NAME% %ROUTE_NAME%\n")
    assert log(terminal(chains(mesh.listener("10.96.0.2_5432"))[0]))["path"] == "/dev/stdout"
    of_listener = mesh.listener("virtualInbound")["access_log"][0]
    assert of_listener["filter"] == {"response_flag_filter": {"flags": ["NR"]}}


def test_the_access_log_can_be_json(mesh):
    mesh.config("{accessLogFile: /dev/stdout, accessLogEncoding: JSON}")
    assert log(manager(mesh))["log_format"]["json_format"]["response_flags"] == "%RESPONSE_FLAGS%"
    mesh.config("""{accessLogFile: /x, accessLogEncoding: JSON, accessLogFormat: '{"a": "%PROTOCOL%"}'}""")
    assert log(manager(mesh))["log_format"]["json_format"] == {"a": "%PROTOCOL%"}


def test_no_access_log_unless_asked_for(mesh):
    assert "access_log" not in manager(mesh)
    assert "access_log" not in mesh.listener("virtualInbound")
