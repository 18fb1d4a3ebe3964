"""Route configurations of gateways: which domains, merged from which VirtualServices (checklist 113, 15.8)."""

import yaml

from lateen.compile.routes import route_names


def gateway(mesh, *servers, name="gw", namespace="istio-system", created=""):
    spec = {
        "selector": {"istio": "ingressgateway"},
        "servers": [yaml.safe_load(server) for server in servers],
    }
    meta = {"name": name, "namespace": namespace, "creationTimestamp": created}
    mesh.apply(yaml.safe_dump({"kind": "Gateway", "metadata": meta, "spec": spec}))


def http(*hosts, more="", port=80):
    return f"{{port: {{number: {port}, name: http, protocol: HTTP}}, hosts: [{', '.join(map(repr, hosts))}]{more}}}"


def bound(mesh, name, hosts, rules, namespace="default", created=""):
    spec = f"hosts: [{', '.join(map(repr, hosts))}]\ngateways: [istio-system/gw]\nhttp: {rules}"
    mesh.virtual_service(spec, name, namespace, created)


def to(name, match=""):
    return f"{{name: {name}, {match}route: [{{destination: {{host: ratings}}}}]}}"


def test_domains_are_the_narrower_of_both_sides(mesh):
    gateway(mesh, http("*.example.com", "api.other.org"))
    bound(mesh, "a", ["a.example.com", "*.b.example.com", "example.org"], f"[{to('a')}]")
    bound(mesh, "b", ["*.other.org"], f"[{to('b')}]")
    found = mesh.virtual_hosts("http.80", mesh.gateway())
    assert {name: one["domains"] for name, one in found.items()} == {
        "a.example.com:80": ["a.example.com", "*.b.example.com"],
        "api.other.org:80": ["api.other.org"],
    }


def test_hosts_limit_the_namespace_of_rules(mesh):
    gateway(mesh, http("shop/shop.example.com", "./own.example.com", "*/any.example.com"))
    for namespace in ("shop", "istio-system", "default"):
        hosts = [f"{kind}.example.com" for kind in ("shop", "own", "any")]
        bound(mesh, "rule", hosts, f"[{to(namespace)}]", namespace)
    found = mesh.virtual_hosts("http.80", mesh.gateway())
    taken = {name: [one["name"] for one in host["routes"]] for name, host in found.items()}
    assert taken == {
        "shop.example.com:80": ["shop"],
        "own.example.com:80": ["istio-system"],
        "any.example.com:80": ["default", "istio-system", "shop"],
    }


def test_rules_for_one_host_are_merged_with_catch_alls_last(mesh):
    gateway(mesh, http("*"))
    bound(
        mesh,
        "a",
        ["x.example.com"],
        f"[{to('a1', 'match: [{uri: {prefix: /a}}], ')}, {to('a2')}]",
        created="2020-01-01T00:00:00Z",
    )
    bound(
        mesh,
        "b",
        ["x.example.com"],
        f"[{to('b1', 'match: [{uri: {prefix: /b}}], ')}, {to('b2')}]",
        created="2021-01-01T00:00:00Z",
    )
    found = mesh.routes("http.80", "x.example.com", mesh.gateway())
    assert [one["name"] for one in found] == ["a1", "b1", "a2", "b2"]


def test_nothing_bound_is_404_for_everything(mesh):
    gateway(mesh, http("*"))
    found = mesh.configuration("http.80", mesh.gateway())
    assert found["virtual_hosts"] == [{"name": "blackhole:80", "domains": ["*"]}]
    assert found["ignore_port_in_host_matching"] is True


def test_a_name_that_no_listener_has(mesh):
    assert "virtual_hosts" not in mesh.configuration("http.81", mesh.gateway())


def test_equal_virtual_hosts_are_one(mesh):
    gateway(mesh, http("*"))
    bound(mesh, "a", ["b.example.com", "a.example.com", "*.example.com"], f"[{to('same')}]")
    bound(mesh, "b", ["a.example.com"], f"[{to('more')}]")
    found = mesh.virtual_hosts("http.80", mesh.gateway())
    assert {name: one["domains"] for name, one in found.items()} == {
        "a.example.com:80": ["a.example.com"],
        "b.example.com:80": ["b.example.com", "*.example.com"],
    }


def test_https_redirect_with_and_without_rules(mesh):
    gateway(
        mesh,
        http("a.example.com", "ns/b.example.com", more=", tls: {httpsRedirect: true}"),
        http("c.example.com"),
    )
    bound(mesh, "a", ["a.example.com", "c.example.com"], f"[{to('r')}]")
    found = mesh.virtual_hosts("http.80", mesh.gateway())
    assert {name: (one.get("require_tls"), len(one.get("routes", []))) for name, one in found.items()} == {
        "a.example.com:80": ("ALL", 1),
        "ns/b.example.com:80": ("ALL", 0),
        "c.example.com:80": (None, 1),
    }


def test_the_condition_on_the_port_means_the_services_port(mesh):
    mesh.apply("""
kind: Service
metadata: {name: istio-ingressgateway, namespace: istio-system}
spec: {selector: {istio: ingressgateway}, clusterIP: 10.96.0.40, ports: [{name: http2, port: 80, targetPort: 8080}]}
""")
    gateway(mesh, http("*"))
    bound(
        mesh, "a", ["*"], f"[{to('port', 'match: [{port: 80}], ')}, {to('pod', 'match: [{port: 8080}], ')}]"
    )
    assert route_names(mesh.db, mesh.gateway()) == ("http.8080",)
    found = mesh.virtual_hosts("http.8080", mesh.gateway())
    assert [one["name"] for one in found["*:80"]["routes"]] == ["port"]


def test_the_only_port_of_a_service_is_its_default(mesh):
    gateway(mesh, http("*"))
    rules = "[{route: [{destination: {host: ratings}}], match: [{uri: {exact: /1}}]}, {route: [{destination: {host: web.shop.svc.cluster.local}}]}]"
    bound(mesh, "a", ["*"], rules)
    single, several = mesh.routes("http.80", "*", mesh.gateway())
    assert single["route"]["cluster"] == "outbound|9080||ratings.default.svc.cluster.local"
    assert several["route"]["cluster"] == "outbound|80||web.shop.svc.cluster.local"


def test_https_servers_have_a_configuration_each(mesh):
    gateway(
        mesh,
        "{port: {number: 443, name: https-a, protocol: HTTPS}, hosts: [a.example.com], tls: {mode: SIMPLE, credentialName: a}}",
        "{port: {number: 443, name: https-b, protocol: HTTPS}, hosts: [b.example.com], tls: {mode: SIMPLE, credentialName: b}}",
    )
    bound(mesh, "a", ["*.example.com"], "[{redirect: {uri: /x, derivePort: FROM_REQUEST_PORT}}]")
    assert route_names(mesh.db, mesh.gateway()) == (
        "https.443.https-a.gw.istio-system",
        "https.443.https-b.gw.istio-system",
    )
    found = mesh.virtual_hosts("https.443.https-a.gw.istio-system", mesh.gateway())
    assert found["a.example.com:443"]["domains"] == ["a.example.com"]
    assert "port_redirect" not in found["a.example.com:443"]["routes"][0]["redirect"]


def test_the_gateways_namespace_must_see_the_rule(mesh):
    gateway(mesh, http("*"))
    mesh.virtual_service(
        f"hosts: [a.example.com]\ngateways: [istio-system/gw]\nexportTo: ['.']\nhttp: [{to('a')}]"
    )
    assert list(mesh.virtual_hosts("http.80", mesh.gateway())) == ["blackhole:80"]


def test_conditions_on_the_caller_mean_the_gateway_itself(mesh):
    gateway(mesh, http("*"))
    rules = (
        f"[{to('edge', 'match: [{sourceLabels: {istio: ingressgateway}, sourceNamespace: istio-system}], ')}]"
    )
    bound(mesh, "a", ["a.example.com"], rules)
    assert [one["name"] for one in mesh.routes("http.80", "a.example.com", mesh.gateway())] == ["edge"]


def test_several_gateways_share_a_port(mesh):
    gateway(mesh, http("*"))
    gateway(mesh, http("b.example.com"), name="second", namespace="shop")
    bound(mesh, "a", ["a.example.com"], f"[{to('a')}]")
    mesh.virtual_service(f"hosts: [b.example.com]\ngateways: [second]\nhttp: [{to('b')}]", "b", "shop")
    found = mesh.virtual_hosts("http.80", mesh.gateway())
    assert {name: one["routes"][0]["name"] for name, one in found.items()} == {
        "a.example.com:80": "a",
        "b.example.com:80": "b",
    }
