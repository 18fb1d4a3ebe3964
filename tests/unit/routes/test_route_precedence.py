"""Several VirtualServices for one host on a sidecar: the first one counts, and nothing is merged (checklist 109 to 115)."""

WEB = "web.shop.svc.cluster.local"


def http(name, match=""):
    return f"http: [{{{match}name: {name}, route: [{{destination: {{host: ratings}}}}]}}]"


def names(mesh, configuration="9080", host="reviews.default.svc.cluster.local", view=None):
    return [one["name"] for one in mesh.routes(configuration, host, view)]


def test_the_older_one_counts(mesh):
    mesh.virtual_service(f"hosts: [reviews]\n{http('new')}", "a", created="2024-02-02T00:00:00Z")
    mesh.virtual_service(f"hosts: [reviews]\n{http('old')}", "b", created="2024-01-01T00:00:00Z")
    assert names(mesh) == ["old"]


def test_of_the_same_age_the_name_decides(mesh):
    mesh.virtual_service(f"hosts: [reviews]\n{http('b')}", "b")
    mesh.virtual_service(f"hosts: [reviews]\n{http('a')}", "a")
    assert names(mesh) == ["a"]


def test_one_without_any_route_here_leaves_the_host_to_the_next(mesh):
    elsewhere = http("first", "match: [{sourceNamespace: other}], ")
    mesh.virtual_service(f"hosts: [reviews]\n{elsewhere}", "a")
    mesh.virtual_service(f"hosts: [reviews]\n{http('second')}", "b")
    assert names(mesh) == ["second"]
    assert names(mesh, view=mesh.sidecar("other")) == ["first"]


def test_one_whose_conditions_fail_at_run_time_keeps_the_host(mesh):
    narrow = http("first", "match: [{uri: {exact: /only}}], ")
    mesh.virtual_service(f"hosts: [reviews]\n{narrow}", "a")
    mesh.virtual_service(f"hosts: [reviews]\n{http('second')}", "b")
    assert names(mesh) == ["first"]


def test_without_any_route_the_service_keeps_its_own(mesh):
    elsewhere = http("first", "match: [{port: 1}], ")
    mesh.virtual_service(f"hosts: [reviews]\n{elsewhere}")
    assert names(mesh) == ["default"]


def test_private_before_exported_before_public(mesh):
    spec = "hosts: [reviews.default.svc.cluster.local]\nexportTo: {}\n{}"
    mesh.virtual_service(spec.format("['*']", http("public")), "a", created="2020-01-01T00:00:00Z")
    assert names(mesh) == ["public"]
    mesh.virtual_service(
        spec.format("[default]", http("exported")), "b", "shop", created="2021-01-01T00:00:00Z"
    )
    assert names(mesh) == ["exported"]
    mesh.virtual_service(spec.format("['.']", http("private")), "c", created="2022-01-01T00:00:00Z")
    assert names(mesh) == ["private"]
    assert names(mesh, view=mesh.sidecar("other")) == ["public"]


def test_a_name_beats_a_wildcard_and_a_longer_wildcard_a_shorter(mesh):
    mesh.virtual_service(f"hosts: ['*.cluster.local']\n{http('short')}", "a")
    mesh.virtual_service(f"hosts: ['*.default.svc.cluster.local']\n{http('long')}", "b")
    assert names(mesh) == ["long"]
    assert names(mesh, "80", WEB) == ["short"]
    mesh.virtual_service(f"hosts: [reviews]\n{http('exact')}", "c")
    assert names(mesh) == ["exact"]
    assert names(mesh, host="ratings.default.svc.cluster.local") == ["long"]


def test_a_wildcard_that_covers_services_makes_no_wildcard_domain(mesh):
    mesh.virtual_service(f"hosts: ['*.default.svc.cluster.local']\n{http('wild')}")
    assert "*.default.svc.cluster.local:9080" not in mesh.virtual_hosts("9080")
    assert mesh.virtual_hosts("80")["*.default.svc.cluster.local:80"]["domains"] == [
        "*.default.svc.cluster.local"
    ]


def test_one_bound_to_a_gateway_only_does_not_touch_sidecars(mesh):
    mesh.virtual_service(f"hosts: [reviews.default.svc.cluster.local]\ngateways: [gw]\n{http('edge')}")
    assert names(mesh) == ["default"]


def test_rules_for_tcp_leave_http_alone(mesh):
    mesh.virtual_service("hosts: [reviews]\ntcp: [{route: [{destination: {host: ratings}}]}]")
    assert names(mesh) == ["default"]


def test_hosts_have_no_case(mesh):
    mesh.virtual_service(f"hosts: [Reviews.Default.svc.cluster.LOCAL]\n{http('any')}")
    assert names(mesh) == ["any"]


def test_a_plain_host_beside_a_service_shares_its_ports(mesh):
    mesh.virtual_service(f"hosts: [reviews, reviews.example.com]\n{http('both')}")
    assert names(mesh) == names(mesh, host="reviews.example.com") == ["both"]


def test_every_host_is_no_host_of_the_mesh(mesh):
    """Checks refuse it; two domains `*` would cost the proxy all its routes."""
    mesh.virtual_service(f"hosts: ['*']\n{http('all')}")
    for configuration in ("80", "9080"):
        domains = [domain for one in mesh.virtual_hosts(configuration).values() for domain in one["domains"]]
        assert domains.count("*") == 1
    assert names(mesh) == ["all"]
