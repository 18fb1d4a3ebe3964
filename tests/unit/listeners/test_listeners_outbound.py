"""Outbound listeners of a sidecar (checklist 11 to 23 and 34 to 43)."""

import pytest
from listener_meshes import by_match, chains, cluster, match, pod, service, terminal

PLAIN = {"transport_protocol": "raw_buffer", "application_protocols": ["http/1.1", "h2c"]}
POLICY = "outboundTrafficPolicy: {{mode: {mode}}}"


def filters(listener):
    return [one["name"].rpartition(".")[2] for one in listener.get("listener_filters", [])]


def tcp(host, port):
    return f"outbound|{port}||{host}.default.svc.cluster.local"


def test_http_services_share_the_wildcard_of_their_port(mesh):
    mesh.add(service("web2", "10.96.0.9", "http-x:80"), service("rpc", "10.96.0.10", "grpc:80"))
    listener = mesh.listener("0.0.0.0_80")
    assert cluster(by_match(listener, **PLAIN)) == "80"
    assert cluster(listener["default_filter_chain"]) == "PassthroughCluster"
    assert listener["default_filter_chain"]["name"] == "PassthroughFilterChain"
    assert listener["bind_to_port"] is False
    assert filters(listener) == ["http_inspector"]
    assert "10.96.0.9_80" not in mesh.listeners()


def test_tcp_services_are_told_apart_by_their_address(mesh):
    mesh.add(service("db2", "10.96.0.9", "tcp:5432"))
    found = mesh.listeners()
    assert cluster(found["10.96.0.2_5432"]["filter_chains"][0]) == tcp("db", 5432)
    assert cluster(found["10.96.0.9_5432"]["filter_chains"][0]) == tcp("db2", 5432)
    assert filters(found["10.96.0.9_5432"]) == []


def test_an_undeclared_port_is_both(mesh):
    listener = mesh.listener("10.96.0.3_7000")
    assert cluster(by_match(listener, **PLAIN)) == "any.default.svc.cluster.local:7000"
    assert cluster(listener["default_filter_chain"]) == tcp("any", 7000)


@pytest.mark.parametrize("number", [25, 53, 3306, 27017])
def test_server_first_ports_are_never_detected(mesh, number):
    mesh.add(service("old", "10.96.0.9", f"x:{number}"))
    listener = mesh.listener(f"10.96.0.9_{number}")
    assert [match(chain) for chain in chains(listener)] == [{}]
    assert filters(listener) == []


def test_udp_and_external_names_have_no_listener(mesh):
    mesh.add(
        """
kind: Service
metadata: {name: dns}
spec: {clusterIP: 10.96.0.53, ports: [{name: dns, port: 5353, protocol: UDP}]}
---
kind: Service
metadata: {name: alias}
spec: {type: ExternalName, externalName: example.com, ports: [{name: tcp, port: 6666}]}
"""
    )
    assert not [name for name in mesh.listeners() if name.endswith(("_5353", "_6666"))]


def test_an_address_of_its_own_needs_no_server_name(mesh):
    assert [match(chain) for chain in chains(mesh.listener("10.96.0.4_443"))] == [{}]


def test_tls_services_without_an_address_are_told_apart_by_name(mesh):
    mesh.add(
        """
kind: ServiceEntry
metadata: {name: two}
spec:
  hosts: [a.example, b.example]
  ports: [{name: tls, number: 443, protocol: TLS}]
  resolution: DNS
"""
    )
    listener = mesh.listener("0.0.0.0_443")
    assert cluster(by_match(listener, server_names=["a.example"])) == "outbound|443||a.example"
    assert cluster(by_match(listener, server_names=["b.example"])) == "outbound|443||b.example"
    assert cluster(listener["default_filter_chain"]) == "PassthroughCluster"
    assert filters(listener) == ["tls_inspector"]


def test_an_allotted_address_counts_only_with_dns_capture(mesh):
    mesh.add(
        """
kind: ServiceEntry
metadata: {name: far}
spec: {hosts: [far.example], ports: [{name: tcp, number: 6000, protocol: TCP}], resolution: DNS}
"""
    )
    assert "0.0.0.0_6000" in mesh.listeners()
    own = [name for name in mesh.listeners(mesh.view(DNS_CAPTURE="true")) if name.endswith("_6000")]
    assert len(own) == 1
    assert own[0].startswith("240.240.")


def test_a_range_is_a_condition_on_the_wildcard(mesh):
    mesh.add(
        """
kind: ServiceEntry
metadata: {name: range}
spec:
  hosts: [range.example]
  addresses: [192.168.7.0/24, 192.0.2.7]
  ports: [{name: tcp, number: 6000, protocol: TCP}]
"""
    )
    found = mesh.listeners()
    wanted = {"prefix_ranges": [{"address_prefix": "192.168.7.0", "prefix_len": 24}]}
    assert cluster(by_match(found["0.0.0.0_6000"], **wanted)) == "outbound|6000||range.example"
    assert cluster(found["192.0.2.7_6000"]["filter_chains"][0]) == "outbound|6000||range.example"


def test_http_and_opaque_services_share_a_wildcard_by_first_bytes(mesh):
    mesh.add(
        """
kind: ServiceEntry
metadata: {name: opaque}
spec: {hosts: [opaque.example], ports: [{name: tcp, number: 80, protocol: TCP}]}
"""
    )
    listener = mesh.listener("0.0.0.0_80")
    assert cluster(by_match(listener, **PLAIN)) == "80"
    assert cluster(listener["default_filter_chain"]) == "outbound|80||opaque.example"


def test_of_two_equal_conditions_the_older_service_keeps_it(mesh):
    one = "kind: ServiceEntry\nmetadata: {{name: {0}, creationTimestamp: '{1}'}}\n"
    spec = "spec: {{hosts: [{0}.example], ports: [{{name: tcp, number: 6000, protocol: TCP}}]}}\n"
    mesh.add(
        (one + spec).format("young", "2024-01-02T00:00:00Z"),
        (one + spec).format("old", "2024-01-01T00:00:00Z"),
    )
    assert [cluster(chain) for chain in chains(mesh.listener("0.0.0.0_6000"))] == [
        "outbound|6000||old.example"
    ]


def test_mongo_shares_its_port_with_nobody(mesh):
    mesh.add(
        """
kind: ServiceEntry
metadata: {name: docs, creationTimestamp: '2024-01-01T00:00:00Z'}
spec: {hosts: [docs.example], ports: [{name: mongo, number: 6000, protocol: MONGO}]}
---
kind: ServiceEntry
metadata: {name: late, creationTimestamp: '2024-01-02T00:00:00Z'}
spec: {hosts: [late.example], ports: [{name: http, number: 6000, protocol: HTTP}]}
"""
    )
    listener = mesh.listener("0.0.0.0_6000")
    assert [cluster(chain) for chain in chains(listener)] == ["outbound|6000||docs.example"]
    assert listener["filter_chains"][0]["filters"][0]["name"] == "envoy.filters.network.mongo_proxy"
    assert filters(listener) == []


def test_a_headless_service_has_a_listener_per_pod_but_its_own(mesh):
    mesh.add(
        service("pods", "None", "tcp:6000", "http:6001"),
        pod("pods-0", "10.1.0.30", labels={"app": "pods"}),
        pod("pods-1", "10.1.0.31", labels={"app": "pods"}),
    )
    names = mesh.listeners()
    assert {"10.1.0.30_6000", "10.1.0.31_6000", "0.0.0.0_6001"} <= set(names)
    own = mesh.listeners(mesh.view("pods-0", ip="10.1.0.30", labels={"app": "pods"}))
    assert "10.1.0.30_6000" not in own
    assert "10.1.0.31_6000" in own


@pytest.mark.parametrize("number", [15001, 15006, 15021, 15090])
def test_the_proxys_own_ports_are_left_alone(mesh, number):
    mesh.add(service("greedy", "10.96.0.9", f"http:{number}"))
    assert f"0.0.0.0_{number}" not in mesh.listeners()


@pytest.mark.parametrize(
    ("mode", "wanted"), [("ALLOW_ANY", "PassthroughCluster"), ("REGISTRY_ONLY", "BlackHoleCluster")]
)
def test_unknown_traffic_follows_the_meshs_policy(mesh, mode, wanted):
    mesh.config(POLICY.format(mode=mode))
    listener = mesh.listener("virtualOutbound")
    assert listener["use_original_dst"] is True
    loop, rest = listener["filter_chains"]
    assert (match(loop), cluster(loop)) == ({"destination_port": 15001}, "BlackHoleCluster")
    assert (match(rest), cluster(rest), rest["name"]) == ({}, wanted, "virtualOutbound-catchall-tcp")
    assert cluster(mesh.listener("0.0.0.0_80")["default_filter_chain"]) == wanted


def test_unknown_hosts_can_be_resolved_by_the_proxy(mesh):
    mesh.config(POLICY.format(mode="ALLOW_ANY_DYNAMIC_DNS"))
    _, http, rest = mesh.listener("virtualOutbound")["filter_chains"]
    assert match(http) == {"application_protocols": ["http/1.1", "h2c"]}
    route = terminal(http)["route_config"]["virtual_hosts"][0]["routes"][0]["route"]
    assert route["cluster"] == "AllowAnyDynamicDNSCluster"
    assert cluster(rest) == "PassthroughCluster"
    manager = terminal(by_match(mesh.listener("0.0.0.0_80"), **PLAIN))
    names = [one["name"].rpartition(".")[2] for one in manager["http_filters"]]
    assert names == ["grpc_stats", "fault", "cors", "dynamic_forward_proxy", "router"]


@pytest.mark.parametrize("policy", ["{}", "{mode: REGISTRY_ONLY}"])
def test_a_sidecars_policy_replaces_the_meshs(mesh, policy):
    mesh.add(f"kind: Sidecar\nmetadata: {{name: own}}\nspec: {{outboundTrafficPolicy: {policy}}}")
    assert cluster(mesh.listener("virtualOutbound")["filter_chains"][1]) == "BlackHoleCluster"


@pytest.mark.parametrize("host", ["db.default.svc.cluster.local", "db"])
def test_an_egress_proxy_takes_unknown_traffic_by_its_name_as_written(mesh, host):
    mesh.add(
        f"""
kind: Sidecar
metadata: {{name: own}}
spec: {{outboundTrafficPolicy: {{mode: ALLOW_ANY, egressProxy: {{host: {host}, port: {{number: 5432}}}}}}}}
"""
    )
    assert cluster(mesh.listener("virtualOutbound")["filter_chains"][1]) == f"outbound|5432||{host}"


def test_the_explicit_http_proxy_is_real(mesh):
    mesh.config("proxyHttpPort: 15002")
    listener = mesh.listener("127.0.0.1_15002")
    (chain,) = chains(listener)
    assert (match(chain), cluster(chain)) == ({}, "http_proxy")
    assert terminal(chain)["http_protocol_options"]["allow_absolute_url"] is True
    assert "bind_to_port" not in listener


def test_tproxy_takes_foreign_addresses(mesh):
    found = mesh.listeners(mesh.view(INTERCEPTION_MODE="TPROXY"))
    assert found["virtualOutbound"]["transparent"] is True
    assert found["virtualInbound"]["transparent"] is True
    assert filters(found["virtualInbound"]) == ["original_dst", "original_src", "http_inspector"]


def test_without_interception_every_port_is_opened_on_the_loopback(mesh):
    found = mesh.listeners(mesh.view(INTERCEPTION_MODE="NONE"))
    assert set(found) == {"127.0.0.1_80", "127.0.0.1_5432", "127.0.0.1_7000", "127.0.0.1_443"}
    assert all("bind_to_port" not in one for one in found.values())


def test_an_unprivileged_proxy_opens_no_low_port(mesh):
    found = mesh.listeners(mesh.view(INTERCEPTION_MODE="NONE", UNPRIVILEGED_POD="true"))
    assert set(found) == {"127.0.0.1_5432", "127.0.0.1_7000"}


def test_the_detection_timeout_is_set_only_where_something_is_detected(mesh):
    mesh.config("protocolDetectionTimeout: 5s")
    found = mesh.listeners()
    assert found["0.0.0.0_80"]["listener_filters_timeout"] == "5s"
    assert found["10.96.0.2_5432"]["listener_filters_timeout"] == "0s"
    assert found["virtualInbound"]["listener_filters_timeout"] == "5s"
