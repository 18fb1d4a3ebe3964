"""Which names a sidecar's virtual hosts answer for, and what happens to all others."""

import pytest

WEB = "web.shop.svc.cluster.local"
TO = "http: [{name: rule, route: [{destination: {host: ratings}}]}]"


def domains(mesh, name, view=None):
    return {key: one["domains"] for key, one in mesh.virtual_hosts(name, view).items()}


def test_names_and_address_of_a_service_in_the_same_and_another_namespace(mesh):
    web = domains(mesh, "80", mesh.sidecar("shop"))[f"{WEB}:80"]
    assert web == [WEB, f"{WEB}.", "web", "web.shop.svc", "web.shop", "10.96.0.20"]
    web = domains(mesh, "80")[f"{WEB}:80"]
    assert web == [WEB, f"{WEB}.", "web.shop", "web.shop.svc", "10.96.0.20"]


def test_only_http_and_unknown_protocols_have_virtual_hosts(mesh):
    assert set(domains(mesh, "9000")) == {"allow_any"}
    assert set(domains(mesh, "9100")) == {f"{WEB}:9100", "allow_any"}


def test_settings_of_the_configuration(mesh):
    found = mesh.configuration("9080")
    found.pop("virtual_hosts")
    assert found == {
        "name": "9080",
        "validate_clusters": False,
        "max_direct_response_body_size_bytes": 1048576,
        "ignore_port_in_host_matching": True,
    }
    assert all(one["include_request_attempt_count"] for one in mesh.virtual_hosts("9080").values())


def test_a_headless_service_answers_for_its_pods(mesh):
    mesh.apply("""
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{name: http, port: 9080}]}
""")
    host = "db.default.svc.cluster.local"
    plain = [host, f"{host}.", "db", "db.default.svc", "db.default"]
    assert domains(mesh, "9080")[f"{host}:9080"] == [*plain, *(f"*.{name}" for name in plain)]


ENTRY = """
kind: ServiceEntry
metadata: {name: %s}
spec:
  hosts: [%s]
  addresses: [%s]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: STATIC
  endpoints: [{address: 1.1.1.1}]
"""


def test_a_service_entry_with_addresses(mesh):
    mesh.apply(ENTRY % ("ext", "Ext.Example.com", '10.5.0.1, 10.6.0.0/16, "2001:db8::1", 0.0.0.0'))
    assert domains(mesh, "80")["ext.example.com:80"] == [
        "ext.example.com",
        "ext.example.com.",
        "10.5.0.1",
        "10.6.0.0/16",
        "[2001:db8::1]",
    ]


def test_a_name_that_is_a_host_is_not_taken_by_a_short_form(mesh):
    """Without the rule `web.shop` would be an abbreviation of the Kubernetes service, which comes first."""
    mesh.apply(ENTRY % ("taken", "web.shop", "10.5.0.9"))
    found = domains(mesh, "80")
    assert "web.shop" not in found[f"{WEB}:80"]
    assert found["web.shop:80"][0] == "web.shop"


def test_a_domain_exists_once(mesh):
    mesh.apply(ENTRY % ("first", "one.example.com", "10.5.0.9"))
    mesh.apply(ENTRY % ("second", "two.example.com", "10.5.0.9"))
    every = [domain for one in domains(mesh, "80").values() for domain in one]
    assert len(every) == len(set(every))
    assert every.count("10.5.0.9") == 1


def test_virtual_hosts_are_sorted_and_the_catch_all_is_last(mesh):
    names = [one["name"] for one in mesh.configuration("9080")["virtual_hosts"]]
    assert names == [*sorted(names[:-1]), "allow_any"]


def test_unknown_hosts_pass_or_are_blocked(mesh):
    assert mesh.virtual_hosts("9080")["allow_any"] == {
        "name": "allow_any",
        "domains": ["*"],
        "include_request_attempt_count": True,
        "routes": [
            {
                "name": "allow_any",
                "match": {"prefix": "/"},
                "route": {"cluster": "PassthroughCluster", "timeout": "0s", "max_grpc_timeout": "0s"},
            }
        ],
    }
    mesh.mesh_config("outboundTrafficPolicy: {mode: REGISTRY_ONLY}")
    [only] = mesh.virtual_hosts("9080")["block_all"]["routes"]
    assert only["direct_response"] == {"status": 502}
    mesh.mesh_config("outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}")
    [only] = mesh.virtual_hosts("9080")["allow_any_dynamic_dns"]["routes"]
    assert only["route"]["cluster"] == "AllowAnyDynamicDNSCluster"


def test_a_sidecar_may_send_unknown_hosts_to_a_proxy_of_its_own(mesh):
    mesh.apply("""
kind: Sidecar
metadata: {name: default}
spec: {outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: web.shop.svc.cluster.local, port: {number: 80}}}}
""")
    [only] = mesh.virtual_hosts("9080")["allow_any"]["routes"]
    assert only["route"]["cluster"] == "outbound|80||web.shop.svc.cluster.local"


def test_a_detecting_listener_has_its_own_service_only(mesh):
    mesh.apply("""
kind: Service
metadata: {name: auto}
spec: {clusterIP: 10.96.0.30, selector: {app: auto}, ports: [{name: any, port: 9080}]}
""")
    host = "auto.default.svc.cluster.local"
    assert domains(mesh, f"{host}:9080") == {f"{host}:9080": ["*"]}
    assert mesh.virtual_hosts("nobody.example.com:9080") == {}


@pytest.mark.parametrize("name", ["nonsense", "x:y", ""])
def test_a_name_that_no_listener_has_is_answered_with_nothing(mesh, name):
    assert mesh.configuration(name).get("virtual_hosts", []) == []


def test_the_http_proxy_knows_every_port(mesh):
    found = domains(mesh, "http_proxy")
    assert f"{WEB}:80" in found[f"{WEB}:80"]
    assert WEB in found[f"{WEB}:80"]
    assert f"{WEB}:9100" in found[f"{WEB}:9100"]
    assert all(":" in domain for domain in found[f"{WEB}:9100"])
    assert "reviews:9080" in found["reviews.default.svc.cluster.local:9080"]
    assert f"{WEB}:9000" not in found


def test_a_sidecar_limits_what_is_known(mesh):
    mesh.apply("""
kind: Sidecar
metadata: {name: default}
spec: {egress: [{hosts: ["./ratings.default.svc.cluster.local"]}]}
""")
    assert set(domains(mesh, "9080")) == {"ratings.default.svc.cluster.local:9080", "allow_any"}


def test_a_host_that_is_no_service_works_on_port_80_only(mesh):
    mesh.virtual_service(f"hosts: [shop.example.com, reviews]\n{TO}")
    assert domains(mesh, "80")["shop.example.com:80"] == ["shop.example.com"]
    assert "shop.example.com:9100" not in domains(mesh, "9100")
    mesh.virtual_service(f"hosts: [shop.example.com]\n{TO}")
    assert "shop.example.com:9080" not in domains(mesh, "9080")
    [only] = mesh.routes("80", "shop.example.com")
    assert only["route"]["cluster"] == "outbound|80||ratings.default.svc.cluster.local"


def test_a_sidecars_own_http_proxy_is_named_by_its_port(mesh):
    mesh.apply("""
kind: Sidecar
metadata: {name: default}
spec:
  egress:
  - {port: {number: 3128, name: proxy, protocol: HTTP_PROXY}, bind: 127.0.0.1, hosts: ["*/*"]}
  - {port: {number: 9080, name: http, protocol: HTTP}, hosts: ["./reviews.default.svc.cluster.local"]}
  - {bind: "unix:///run/egress", port: {number: 0, name: socket, protocol: HTTP}, hosts: ["./ratings.default.svc.cluster.local"]}
""")
    assert f"{WEB}:9100" in domains(mesh, "3128")[f"{WEB}:9100"]
    assert set(domains(mesh, "9080")) == {"reviews.default.svc.cluster.local:9080", "allow_any"}
    assert set(domains(mesh, "unix:///run/egress")) == {"ratings.default.svc.cluster.local:9080", "allow_any"}
    assert set(domains(mesh, "80")) == {"allow_any"}
