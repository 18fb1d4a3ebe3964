"""Listeners of gateways (checklist 172 to 191)."""

import pytest
from listener_meshes import by_match, chains, cluster, match, terminal

from lateen.compile.listeners import listeners
from lateen.engine import counters
from lateen.model.gateway import conflicts, gateway_listeners, gateway_routes

EDGE = """
kind: Gateway
metadata: {{name: {name}, namespace: istio-system, creationTimestamp: '{created}'}}
spec:
  selector: {{istio: ingressgateway}}
  servers: [{servers}]
"""
HTTP = "{{port: {{number: 80, name: {0}, protocol: HTTP}}, hosts: [{1}]}}"
HTTPS = "{{port: {{number: 443, name: {0}, protocol: HTTPS}}, hosts: [{1}], tls: {{{2}}}}}"
SIMPLE = "mode: SIMPLE, credentialName: cert"


def gateway(*servers, name="edge", created="2024-01-01T00:00:00Z"):
    return EDGE.format(name=name, created=created, servers=", ".join(servers))


def tls_of(listener, *hosts):
    chain = by_match(listener, server_names=list(hosts))
    return chain["transport_socket"]["typed_config"]


def filters(listener):
    return [one["name"].rpartition(".")[2] for one in listener.get("listener_filters", [])]


def listener(mesh, name, **metadata):
    return mesh.listener(name, mesh.edge(**metadata))


def test_the_services_target_port_is_opened(edge):
    edge.add(gateway(HTTP.format("http", "'*'")))
    found = listener(edge, "0.0.0.0_8080")
    assert [(match(chain), cluster(chain)) for chain in chains(found)] == [({}, "http.8080")]
    assert "listener_filters" not in found
    assert "bind_to_port" not in found


def test_a_port_that_no_service_has_stays_as_it_is(edge):
    edge.add(gateway("{port: {number: 31400, name: tcp, protocol: HTTP}, hosts: ['*']}"))
    assert set(edge.listeners(edge.edge())) == {"0.0.0.0_31400"}


def test_only_selected_gateways_have_listeners(edge):
    edge.add(gateway(HTTP.format("http", "'*'")))
    assert (
        edge.listeners(edge.view("other", "istio-system", "router", labels={"istio": "egressgateway"})) == {}
    )


def test_two_gateways_unite_their_hosts_on_one_port(edge):
    edge.add(
        gateway(HTTP.format("http", "a.example"), name="a"),
        gateway(HTTP.format("http", "b.example"), name="b"),
    )
    (one,) = gateway_listeners(edge.db, edge.edge())
    assert [server.gateway.name for server in one.servers] == ["a", "b"]
    feeding = gateway_routes(edge.db, edge.edge(), "http.8080")
    assert [host.host for server in feeding.servers for host in server.hosts] == ["a.example", "b.example"]


def test_hosts_say_which_namespaces_may_serve_them(edge):
    edge.add(gateway(HTTP.format("http", "./a.example, team/b.example, '*/c.example', d.example")))
    (one,) = gateway_listeners(edge.db, edge.edge())
    hosts = [(host.namespace, host.host) for host in one.servers[0].hosts]
    assert hosts == [
        ("istio-system", "a.example"),
        ("team", "b.example"),
        ("", "c.example"),
        ("", "d.example"),
    ]


def test_tls_servers_live_side_by_side_by_name(edge):
    edge.add(gateway(HTTPS.format("a", "a.example", SIMPLE), HTTPS.format("b", "b.example", SIMPLE)))
    found = listener(edge, "0.0.0.0_8443")
    assert cluster(by_match(found, server_names=["a.example"])) == "https.443.a.edge.istio-system"
    assert cluster(by_match(found, server_names=["b.example"])) == "https.443.b.edge.istio-system"
    assert filters(found) == ["tls_inspector"]
    feeding = gateway_routes(edge.db, edge.edge(), "https.443.b.edge.istio-system")
    assert [server.port_name for server in feeding.servers] == ["b"]


def test_a_host_is_served_once_per_port(edge):
    edge.add(
        gateway(HTTPS.format("a", "a.example", SIMPLE), name="a"),
        gateway(HTTPS.format("a", "a.example", SIMPLE), name="b", created="2024-01-02T00:00:00Z"),
    )
    assert len(chains(listener(edge, "0.0.0.0_8443"))) == 1
    (lost,) = conflicts(edge.db, edge.edge())
    assert (lost.gateway.name, lost.index) == ("b", 0)
    assert "a.example" in lost.reason


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (HTTP.format("http", "'*'"), "{port: {number: 80, name: tcp, protocol: TCP}, hosts: ['*']}"),
        ("{port: {number: 80, name: tcp, protocol: TCP}, hosts: ['*']}", HTTP.format("http", "'*'")),
        (HTTP.format("http", "'*'"), HTTPS.format("s", "a.example", SIMPLE).replace("443", "80")),
    ],
)
def test_of_two_protocols_on_one_port_the_older_wins(edge, first, second):
    edge.add(gateway(first, name="z-old"), gateway(second, name="a-young", created="2024-01-02T00:00:00Z"))
    (one,) = gateway_listeners(edge.db, edge.edge())
    assert [server.gateway.name for server in one.servers] == ["z-old"]
    assert [lost.gateway.name for lost in conflicts(edge.db, edge.edge())] == ["a-young"]


def test_what_is_not_tls_may_follow_tls_and_ends_the_list(edge):
    tls = HTTPS.format("s", "a.example", SIMPLE).replace("443", "80")
    late = HTTPS.format("s", "b.example", SIMPLE).replace("443", "80")
    edge.add(
        gateway(tls, name="z-old"),
        gateway(HTTP.format("http", "'*'"), name="m", created="2024-01-02T00:00:00Z"),
        gateway(late, name="a-young", created="2024-01-03T00:00:00Z"),
    )
    (one,) = gateway_listeners(edge.db, edge.edge())
    assert [server.gateway.name for server in one.servers] == ["z-old", "m"]


def test_different_addresses_do_not_conflict(edge):
    edge.add(
        gateway(
            HTTP.format("http", "'*'"),
            "{port: {number: 80, name: tcp, protocol: TCP}, hosts: ['*'], bind: 10.1.0.20}",
        ),
        "kind: VirtualService\nmetadata: {name: t}\nspec: {hosts: ['*'], gateways: [istio-system/edge], "
        "tcp: [{route: [{destination: {host: db}}]}]}",
    )
    assert set(edge.listeners(edge.edge())) == {"0.0.0.0_8080", "10.1.0.20_8080"}


def test_simple_tls_fetches_its_certificate_by_name(edge):
    edge.add(gateway(HTTPS.format("a", "a.example", SIMPLE)))
    tls = tls_of(listener(edge, "0.0.0.0_8443"), "a.example")
    common = tls["common_tls_context"]
    (certificate,) = common["tls_certificate_sds_secret_configs"]
    assert certificate == {
        "name": "kubernetes://cert",
        "sds_config": {"ads": {}, "resource_api_version": "V3"},
    }
    assert common["alpn_protocols"] == ["h2", "http/1.1"]
    assert tls["require_client_certificate"] is False
    assert "combined_validation_context" not in common


@pytest.mark.parametrize(("mode", "required"), [("MUTUAL", True), ("OPTIONAL_MUTUAL", False)])
def test_client_certificates_are_checked_against_the_secrets_authorities(edge, mode, required):
    edge.add(
        gateway(
            HTTPS.format("a", "a.example", f"mode: {mode}, credentialName: cert, subjectAltNames: [x, y]")
        )
    )
    tls = tls_of(listener(edge, "0.0.0.0_8443"), "a.example")
    combined = tls["common_tls_context"]["combined_validation_context"]
    assert tls["require_client_certificate"] is required
    assert combined["validation_context_sds_secret_config"]["name"] == "kubernetes://cert-cacert"
    default = combined["default_validation_context"]
    assert default["match_subject_alt_names"] == [{"exact": "x"}, {"exact": "y"}]


def test_certificates_in_files_are_named_over_sds(edge):
    files = "mode: MUTUAL, serverCertificate: /c/tls.crt, privateKey: /c/tls.key, caCertificates: /c/ca.crt, caCrl: /c/crl"
    edge.add(gateway(HTTPS.format("a", "a.example", files)))
    common = tls_of(listener(edge, "0.0.0.0_8443"), "a.example")["common_tls_context"]
    assert [one["name"] for one in common["tls_certificate_sds_secret_configs"]] == [
        "file-cert:/c/tls.crt~/c/tls.key"
    ]
    combined = common["combined_validation_context"]
    assert combined["validation_context_sds_secret_config"]["name"] == "file-root:/c/ca.crt"
    assert combined["default_validation_context"]["crl"] == {"filename": "/c/crl"}


def test_several_certificates_versions_ciphers_and_pins(edge):
    edge.config("tlsDefaults: {minProtocolVersion: TLSV1_3, ecdhCurves: [P-256]}")
    own = (
        "mode: MUTUAL, credentialNames: [rsa, ec], minProtocolVersion: TLSV1_2, maxProtocolVersion: TLSV1_3, "
        "cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256], verifyCertificateHash: [aa], verifyCertificateSpki: [bb], "
        "caCertCredentialName: clients, insecureSkipVerify: true"
    )
    edge.add(gateway(HTTPS.format("a", "a.example", own)))
    common = tls_of(listener(edge, "0.0.0.0_8443"), "a.example")["common_tls_context"]
    names = [one["name"] for one in common["tls_certificate_sds_secret_configs"]]
    assert names == ["kubernetes://rsa", "kubernetes://ec"]
    assert common["tls_params"] == {
        "tls_minimum_protocol_version": "TLSv1_2",
        "tls_maximum_protocol_version": "TLSv1_3",
        "cipher_suites": ["ECDHE-RSA-AES128-GCM-SHA256"],
        "ecdh_curves": ["P-256"],
    }
    combined = common["combined_validation_context"]
    assert combined["validation_context_sds_secret_config"]["name"] == "kubernetes://clients"
    default = combined["default_validation_context"]
    assert (default["verify_certificate_hash"], default["verify_certificate_spki"]) == (["aa"], ["bb"])
    assert default["trust_chain_verification"] == "ACCEPT_UNTRUSTED"


def test_ciphers_that_envoy_does_not_know_are_left_out(edge):
    own = f"{SIMPLE}, cipherSuites: [NONSENSE, ECDHE-RSA-AES128-GCM-SHA256, ECDHE-RSA-AES128-GCM-SHA256]"
    edge.add(gateway(HTTPS.format("a", "a.example", own)))
    common = tls_of(listener(edge, "0.0.0.0_8443"), "a.example")["common_tls_context"]
    assert common["tls_params"]["cipher_suites"] == ["ECDHE-RSA-AES128-GCM-SHA256"]


def test_mesh_certificates_for_mesh_clients(edge):
    edge.add(gateway(HTTPS.format("a", "a.example", "mode: ISTIO_MUTUAL")))
    common = tls_of(listener(edge, "0.0.0.0_8443"), "a.example")["common_tls_context"]
    assert [one["name"] for one in common["tls_certificate_sds_secret_configs"]] == ["default"]
    combined = common["combined_validation_context"]
    assert combined["validation_context_sds_secret_config"]["name"] == "ROOTCA"


BOUND = """
kind: VirtualService
metadata: {{name: {0}}}
spec:
  hosts: [{1}]
  gateways: [istio-system/edge]
  {2}
"""


def test_tls_is_passed_through_by_name(edge):
    edge.add(
        gateway("{port: {number: 443, name: tls, protocol: TLS}, hosts: ['*.example'], tls: {mode: PASSTHROUGH}}"),
        BOUND.format("t", "one.example, two.example", "tls: [{match: [{sniHosts: [one.example]}], route: [{destination: {host: web}}]}, "
                     "{match: [{sniHosts: [two.example]}], route: [{destination: {host: db}}]}]"),
    )  # fmt: skip
    found = listener(edge, "0.0.0.0_8443")
    one, two = (by_match(found, server_names=[name]) for name in ("one.example", "two.example"))
    assert cluster(one) == "outbound|80||web.default.svc.cluster.local"
    assert cluster(two) == "outbound|5432||db.default.svc.cluster.local"
    assert "transport_socket" not in one
    assert filters(found) == ["tls_inspector"]


def test_tls_that_ends_at_a_tls_port_goes_by_tcp_routes(edge):
    edge.add(
        gateway("{port: {number: 443, name: tls, protocol: TLS}, hosts: [db.example], tls: {mode: SIMPLE, credentialName: cert}}"),
        BOUND.format("t", "db.example", "tcp: [{match: [{port: 443}], route: [{destination: {host: db}}]}]"),
    )  # fmt: skip
    chain = by_match(listener(edge, "0.0.0.0_8443"), server_names=["db.example"])
    assert cluster(chain) == "outbound|5432||db.default.svc.cluster.local"
    assert chain["transport_socket"]["name"] == "envoy.transport_sockets.tls"


def test_tcp_goes_by_port(edge):
    edge.add(
        gateway("{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ['*']}"),
        BOUND.format("a", "'*'", "tcp: [{match: [{port: 9001}], route: [{destination: {host: web}}]}]"),
        BOUND.format("b", "'*'", "tcp: [{match: [{port: 9000}], route: [{destination: {host: db}}]}]"),
    )
    assert [cluster(chain) for chain in chains(listener(edge, "0.0.0.0_9000"))] == [
        "outbound|5432||db.default.svc.cluster.local"
    ]


def test_tcp_without_a_route_opens_no_port(edge):
    edge.add(gateway("{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ['*']}"))
    assert edge.listeners(edge.edge()) == {}


def test_mesh_tls_is_passed_by_the_name_of_the_cluster(edge):
    edge.add(
        gateway(
            "{port: {number: 15443, name: tls, protocol: TLS}, hosts: ['*.local'], tls: {mode: AUTO_PASSTHROUGH}}"
        ),
        "kind: DestinationRule\nmetadata: {name: web}\nspec: {host: web, subsets: [{name: v1, labels: {version: v1}}]}",
    )
    found = [match(chain)["server_names"][0] for chain in chains(listener(edge, "0.0.0.0_15443"))]
    assert "outbound_.80_._.web.default.svc.cluster.local" in found
    assert "outbound_.80_.v1_.web.default.svc.cluster.local" in found


def test_http_at_the_edge_trusts_nobody(edge):
    edge.add(gateway(HTTP.format("http", "'*'")))
    manager = terminal(chains(listener(edge, "0.0.0.0_8080"))[0])
    assert manager["use_remote_address"] is True
    assert manager["forward_client_cert_details"] == "SANITIZE_SET"
    assert manager["set_current_client_cert_details"] == {
        "subject": True,
        "cert": True,
        "dns": True,
        "uri": True,
    }
    assert manager["server_name"] == "istio-envoy"
    assert manager["upgrade_configs"] == [{"upgrade_type": "websocket"}]
    assert "xff_num_trusted_hops" not in manager


def test_topology_says_who_stands_before_the_gateway(edge):
    edge.config(
        "defaultConfig: {gatewayTopology: {numTrustedProxies: 2, forwardClientCertDetails: FORWARD_ONLY, proxyProtocol: {}}}"
    )
    edge.add(gateway(HTTP.format("http", "'*'")))
    found = listener(edge, "0.0.0.0_8080")
    manager = terminal(chains(found)[0])
    assert filters(found) == ["proxy_protocol"]
    assert manager["xff_num_trusted_hops"] == 2
    assert manager["forward_client_cert_details"] == "FORWARD_ONLY"
    assert "set_current_client_cert_details" not in manager


def test_edge_profile_hardens_a_gateway(edge):
    edge.config("defaultConfig: {connectionSettings: {profile: EDGE, httpMaxConcurrentStreams: 7}}")
    edge.add(gateway(HTTP.format("http", "'*'")))
    found = listener(edge, "0.0.0.0_8080")
    manager = terminal(chains(found)[0])
    assert found["per_connection_buffer_limit_bytes"] == 32768
    assert manager["http2_protocol_options"]["max_concurrent_streams"] == 7
    assert manager["common_http_protocol_options"]["headers_with_underscores_action"] == "REJECT_REQUEST"
    assert manager["path_with_escaped_slashes_action"] == "UNESCAPE_AND_REDIRECT"
    assert manager["request_timeout"] == "300s"


def test_an_unprivileged_gateway_opens_no_low_port(edge):
    edge.add(
        gateway("{port: {number: 81, name: low, protocol: HTTP}, hosts: ['*']}", HTTP.format("http", "'*'"))
    )
    assert set(edge.listeners(edge.edge(UNPRIVILEGED_POD="true"))) == {"0.0.0.0_8080"}


def test_grpc_web_is_translated_where_it_is_declared(edge):
    edge.add(gateway("{port: {number: 80, name: web, protocol: GRPC-WEB}, hosts: ['*']}"))
    manager = terminal(chains(listener(edge, "0.0.0.0_8080"))[0])
    assert manager["http_filters"][0]["name"] == "envoy.filters.http.grpc_web"


def test_a_server_may_be_a_unix_socket(edge):
    edge.add(
        gateway("{port: {number: 0, name: unix, protocol: HTTP}, hosts: ['*'], bind: 'unix:///tmp/in.sock'}")
    )
    found = listener(edge, "unix:///tmp/in.sock_0")
    assert found["address"] == {"pipe": {"path": "/tmp/in.sock"}}
    assert cluster(chains(found)[0]) == "http.0.unix:///tmp/in.sock"


def test_an_edit_of_http_routes_computes_no_gateway_listener_again(edge):
    edge.add(
        gateway(HTTP.format("http", "'*'")),
        BOUND.format("w", "'*'", "http: [{route: [{destination: {host: web}}]}]"),
    )
    before = listeners(edge.db, edge.edge())
    counters.reset(edge.db)
    edge.add(BOUND.format("w", "'*'", "http: [{timeout: 1s, route: [{destination: {host: web}}]}]"))
    assert listeners(edge.db, edge.edge()) is before
    assert "listeners.gateway" not in counters.counts(edge.db)  # not even asked
