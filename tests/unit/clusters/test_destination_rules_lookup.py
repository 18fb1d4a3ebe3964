"""Which DestinationRule applies to a client, and how several merge."""

import pytest
from cluster_meshes import Mesh

from lateen.model.destination_rules import inbound_rule_for, rule_for

HOST = "reviews.default.svc.cluster.local"
SERVICE = """
kind: Service
metadata: {name: reviews}
spec: {clusterIP: 10.96.0.11, selector: {app: reviews}, ports: [{name: http, port: 9080}]}
"""


def rule(name, host="reviews", namespace="default", **spec):
    created = spec.pop("created", None)
    meta = {"name": name, "namespace": namespace, "creationTimestamp": created}
    return {
        "kind": "DestinationRule",
        "metadata": {k: v for k, v in meta.items() if v},
        "spec": {"host": host, **spec},
    }


def chosen(rules, view=None, config=None, **of_view):
    mesh = Mesh(SERVICE, *rules)
    if config:
        mesh.config(config)
    found = rule_for(mesh.db, view or mesh.view(**of_view), HOST)
    return [ref.name for ref in found.refs] if found else None


def test_a_short_host_is_of_the_rules_namespace():
    assert chosen([rule("r", "reviews")]) == ["r"]
    assert chosen([rule("r", "reviews", namespace="other")]) is None


def test_a_host_is_compared_without_case():
    assert chosen([rule("r", "Reviews.default.svc.cluster.local")]) == ["r"]


def test_the_clients_namespace_beats_the_services_and_that_the_root():
    client, own, root = (rule(ns, HOST, ns) for ns in ("client", "default", "istio-system"))
    assert chosen([client, own, root], namespace="client") == ["client"]
    assert chosen([own, root], namespace="client") == ["default"]
    assert chosen([root], namespace="client") == ["istio-system"]


def test_a_wildcard_of_the_clients_namespace_hides_an_exact_host_elsewhere():
    assert chosen([rule("wild", "*.local", "client"), rule("exact", HOST)], namespace="client") == ["wild"]


def test_within_a_namespace_the_closest_host_wins():
    hosts = {"all": "*", "suffix": "*.default.svc.cluster.local", "exact": HOST}
    assert chosen([rule(name, host) for name, host in hosts.items()]) == ["exact"]
    assert chosen([rule("all", "*"), rule("suffix", "*.default.svc.cluster.local")]) == ["suffix"]


def test_a_client_of_the_root_namespace_looks_at_the_services_first():
    rules = [rule("root", HOST, "istio-system"), rule("own", HOST)]
    assert chosen(rules, namespace="istio-system") == ["own"]
    private = rule("private", HOST, "istio-system", exportTo=["."])
    assert chosen([private, rule("own", HOST)], namespace="istio-system") == ["private"]


@pytest.mark.parametrize(
    ("export", "seen"),
    [([], True), (["*"], True), (["."], False), (["client"], True), (["third"], False), (["default"], False)],
)
def test_export_to_decides_who_sees_a_rule(export, seen):
    assert chosen([rule("r", exportTo=export)], namespace="client") == (["r"] if seen else None)


def test_the_root_is_asked_when_the_service_exports_nothing_to_the_client():
    rules = [rule("own", exportTo=["."]), rule("root", HOST, "istio-system")]
    assert chosen(rules, namespace="client") == ["root"]


def test_the_meshs_default_makes_rules_private():
    config = "defaultDestinationRuleExportTo: ['.']"
    assert chosen([rule("r")], config=config, namespace="client") is None
    assert chosen([rule("r")], config=config) == ["r"]
    assert chosen([rule("r", exportTo=["*"])], config=config, namespace="client") == ["r"]


def test_a_rule_not_exported_to_its_own_namespace_does_not_apply_there():
    assert chosen([rule("r", exportTo=["client"])]) is None
    assert chosen([rule("r", exportTo=["client"])], namespace="client") == ["r"]


def merged(*rules, **of_view):
    mesh = Mesh(SERVICE, *rules)
    return rule_for(mesh.db, mesh.view(**of_view), HOST)


def test_rules_of_one_host_merge_oldest_first():
    young = rule(
        "a-young",
        created="2024-02-01T00:00:00Z",
        trafficPolicy={"loadBalancer": {"simple": "RANDOM"}},
        subsets=[{"name": "v1", "labels": {"from": "young"}}, {"name": "v2"}],
    )
    old = rule("b-old", created="2024-01-01T00:00:00Z", subsets=[{"name": "v1", "labels": {"from": "old"}}])
    found = merged(young, old)
    assert [ref.name for ref in found.refs] == ["b-old", "a-young"]
    assert [(subset.name, subset.labels) for subset in found.subsets] == [("v1", {"from": "old"}), ("v2", {})]
    assert found.traffic_policy.load_balancer.simple == "RANDOM"


def test_the_first_policy_wins_whole():
    first = rule("a", trafficPolicy={"loadBalancer": {"simple": "RANDOM"}})
    second = rule("b", trafficPolicy={"connectionPool": {"tcp": {"maxConnections": 1}}})
    found = merged(first, second)
    assert found.traffic_policy.load_balancer.simple == "RANDOM"
    assert found.traffic_policy.connection_pool is None


def test_rules_with_other_export_to_do_not_merge():
    everywhere = rule("a", subsets=[{"name": "v1"}])
    here = rule("b", exportTo=["."], subsets=[{"name": "v2"}])
    found = merged(everywhere, here)
    assert [subset.name for subset in found.subsets] == ["v2"]  # the last group of no selector, as in istiod
    assert [s.name for s in merged(everywhere, here, namespace="client").subsets] == ["v1"]


def test_a_selector_is_for_its_workloads_of_its_namespace_only():
    selective = rule("mine", workloadSelector={"matchLabels": {"app": "client"}}, exportTo=["*"])
    general = rule("general")
    assert chosen([selective, general]) == ["mine"]
    assert chosen([selective, general], name="other") == ["general"]
    assert chosen([selective, general], namespace="client") == ["general"]
    assert chosen([selective], name="other") is None


def test_a_selector_does_not_count_inbound():
    mesh = Mesh(SERVICE, rule("mine", workloadSelector={"matchLabels": {"app": "client"}}), rule("general"))
    assert inbound_rule_for(mesh.db, mesh.view(), HOST).refs[0].name == "general"
    assert not inbound_rule_for(mesh.db, mesh.view(), HOST).selective


def test_a_host_outside_the_scope_has_no_rule():
    sidecar = {"kind": "Sidecar", "metadata": {"name": "s"}, "spec": {"egress": [{"hosts": ["./none"]}]}}
    assert chosen([rule("r"), sidecar]) is None


def test_a_wildcard_service_is_covered_by_a_wider_wildcard():
    entry = """
kind: ServiceEntry
metadata: {name: wild}
spec: {hosts: ["*.api.example.com"], ports: [{number: 80, name: http, protocol: HTTP}], resolution: NONE}
"""
    mesh = Mesh(entry, rule("wide", "*.example.com"))
    assert rule_for(mesh.db, mesh.view(), "*.api.example.com").refs[0].name == "wide"
