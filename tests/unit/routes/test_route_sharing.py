"""Routes that anyone gets are made once; what a namespace sees otherwise it has its own routes, or names, for."""

import msgspec
import pytest

from lateen.model import routing_renames as renames
from lateen.model.routing_sidecar import VirtualHost, by_itself, listener_of, twin, virtual_hosts
from lateen.model.routing_view import of_anyone, routing_view
from lateen.model.service import Resolution, all_services

REVIEWS = "reviews.default.svc.cluster.local"
LISTENER = listener_of("9080")
ELSEWHERE = "".join(
    f"""
---
kind: Service
metadata: {{name: s{number}, namespace: shop}}
spec: {{clusterIP: 10.97.0.{number + 1}, selector: {{app: s}}, ports: [{{name: http, port: 9080}}]}}
"""
    for number in range(4)
)
OWN = """
kind: Service
metadata: {name: own, namespace: client}
spec: {clusterIP: 10.98.0.1, selector: {app: own}, ports: [{name: http, port: 9080}]}
"""


@pytest.fixture
def client(mesh):
    """A sidecar of a namespace with one service, among six of others."""
    mesh.apply(ELSEWHERE + "---" + OWN)
    mesh.virtual_service("hosts: [reviews]\nhttp: [{route: [{destination: {host: reviews}}]}]")
    return routing_view(mesh.db, mesh.sidecar("client"))


def hosts(mesh, view):
    return {one.host: one for one in virtual_hosts(mesh.db, view, LISTENER)}


def test_routes_are_anyones(mesh, client):
    assert twin(mesh.db, client, LISTENER) is not None
    assert {one.made_for is not None for one in hosts(mesh, client).values()} == {True}


def test_own_services_have_short_names(mesh, client):
    assert hosts(mesh, client)["own.client.svc.cluster.local"].domains == (
        "own.client.svc.cluster.local", "own.client.svc.cluster.local.", "own", "own.client.svc", "own.client",
        "10.98.0.1",
    )  # fmt: skip
    assert hosts(mesh, client)[REVIEWS].domains[2:4] == ("reviews.default", "reviews.default.svc")


def assert_by_itself(mesh, view, listener=LISTENER):
    found, expected = virtual_hosts(mesh.db, view, listener), by_itself(mesh.db, view, listener)
    assert [(one.host, one.domains) for one in found] == [(one.host, one.domains) for one in expected]
    names = [name.lower() for one in found for name in one.domains]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("taken", ["own", "OWN"])
def test_a_short_name_that_another_service_has_stays_its_own(mesh, client, taken):
    mesh.apply(f"""
kind: ServiceEntry
metadata: {{name: taken}}
spec: {{hosts: [{taken}], location: MESH_INTERNAL, ports: [{{name: http, number: 9080, protocol: HTTP}}]}}
""")
    assert_by_itself(mesh, client)
    assert "own" not in hosts(mesh, client)["own.client.svc.cluster.local"].domains


def test_a_short_name_of_two_services_is_the_first_ones(mesh, client):
    mesh.apply("""
kind: Service
metadata: {name: alias, namespace: client}
spec: {type: ExternalName, externalName: own.client.svc.cluster.local, ports: [{name: http, port: 9080}]}
""")
    assert_by_itself(mesh, client)
    assert hosts(mesh, client)["own.client.svc.cluster.local"].made_for is not None
    mesh.virtual_service(
        "hosts: [alias.client.svc.cluster.local]\nhttp: [{route: [{destination: {host: reviews}}]}]", "alias"
    )
    assert_by_itself(mesh, client)


def test_a_service_without_virtual_host_may_get_one_by_its_short_name(mesh, client):
    views = (client, of_anyone(client))
    known = tuple(one for one in all_services(mesh.db) if one.namespace == "client")
    assert renames.of(known, (), frozenset(), views) is None
    other = tuple(msgspec.structs.replace(one, resolution=Resolution.ALIAS) for one in known)
    assert renames.of(other, (), frozenset(), views) == {}


def test_a_host_without_namespace_is_in_anyones(mesh, client):
    views = (client, of_anyone(client))
    own = next(one for one in all_services(mesh.db) if one.namespace == "client")
    odd = msgspec.structs.replace(own, host="own..svc.cluster.local")
    base = VirtualHost(odd.host, 9080, (odd.host, "own"), ())
    assert renames.of((odd,), (base,), frozenset(), views) is None


def test_an_explicit_proxy_knows_names_with_ports(mesh, client):
    mesh.apply("""
kind: Sidecar
metadata: {name: everywhere, namespace: istio-system}
spec:
  egress:
  - {port: {number: 9080, protocol: HTTP_PROXY, name: proxy}, bind: 127.0.0.1, hosts: ["*/*"]}
""")
    assert_by_itself(mesh, client)
    assert "own:9080" in hosts(mesh, client)["own.client.svc.cluster.local"].domains


def test_a_sidecar_that_imports_everything_has_its_own_way_out(mesh, client):
    mesh.apply("""
kind: Sidecar
metadata: {name: own, namespace: stranger}
spec: {egress: [{hosts: ["*/*"]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}
""")
    stranger = mesh.sidecar("stranger")
    assert "block_all" in mesh.virtual_hosts("9080", stranger)
    assert "allow_any" in mesh.virtual_hosts("9080", mesh.sidecar("another"))


def test_a_rule_of_the_clients_namespace_makes_routes_its_own(mesh, client):
    mesh.apply(f"""
kind: DestinationRule
metadata: {{name: own, namespace: client}}
spec:
  host: {REVIEWS}
  trafficPolicy: {{loadBalancer: {{consistentHash: {{httpHeaderName: x-user}}}}}}
""")
    found = hosts(mesh, client)
    assert [host for host, one in found.items() if one.made_for is None] == [REVIEWS]
    [route] = mesh.routes(view=client)
    assert route["route"]["hash_policy"]
    [route] = mesh.routes(view=mesh.sidecar("stranger"))
    assert "hash_policy" not in route["route"]


def test_a_rule_of_the_clients_namespace_counts_for_plain_services_too(mesh, client):
    host = "s1.shop.svc.cluster.local"
    mesh.apply(f"""
kind: DestinationRule
metadata: {{name: own, namespace: client}}
spec: {{host: {host}, trafficPolicy: {{loadBalancer: {{consistentHash: {{useSourceIp: true}}}}}}}}
""")
    assert [name for name, one in hosts(mesh, client).items() if one.made_for is None] == [host]
    assert mesh.routes(host=host, view=client)[0]["route"]["hash_policy"]


def test_a_condition_on_the_client_makes_routes_its_own(mesh, client):
    mesh.virtual_service("""
hosts: [reviews]
http:
- {match: [{sourceNamespace: client}], route: [{destination: {host: s1.shop.svc.cluster.local}}]}
- {route: [{destination: {host: reviews}}]}
""")
    assert hosts(mesh, client)[REVIEWS].made_for is None
    assert len(mesh.routes(view=client)) == 1
    stranger = routing_view(mesh.db, mesh.sidecar("stranger"))
    assert hosts(mesh, stranger)[REVIEWS].made_for is not None
    [route] = mesh.routes(view=stranger)
    assert route["route"]["cluster"] == f"outbound|9080||{REVIEWS}"


def test_a_rule_for_one_namespace_alone_has_virtual_hosts_only_there(mesh, client):
    mesh.virtual_service(
        """
hosts: [s1.shop.svc.cluster.local]
http: [{match: [{sourceNamespace: client}], route: [{destination: {host: reviews}}]}]
""",
        "only",
    )
    assert twin(mesh.db, client, LISTENER) is None
    host = "s1.shop.svc.cluster.local"
    assert mesh.routes(host=host, view=client)[0]["route"]["cluster"] == f"outbound|9080||{REVIEWS}"
    stranger = mesh.routes(host=host, view=mesh.sidecar("stranger"))
    assert stranger[0]["route"]["cluster"] == f"outbound|9080||{host}"


def test_a_destination_that_hides_another_makes_routes_its_own(mesh, client):
    mesh.apply("""
kind: ServiceEntry
metadata: {name: far, namespace: shop}
spec:
  hosts: [far.example.com]
  ports: [{name: http, number: 80, protocol: HTTP}, {name: alt, number: 8080, protocol: HTTP}]
""")
    mesh.virtual_service("hosts: [reviews]\nhttp: [{route: [{destination: {host: far.example.com}}]}]")
    mesh.apply("""
kind: ServiceEntry
metadata: {name: far, namespace: client}
spec: {hosts: [far.example.com], exportTo: ["."], ports: [{name: http, number: 9080, protocol: HTTP}]}
""")
    found = hosts(mesh, client)
    assert found[REVIEWS].made_for is None


def test_a_wide_open_port_is_shared_whole(mesh, client):
    stranger, other = (routing_view(mesh.db, mesh.sidecar(name)) for name in ("stranger", "another"))
    assert virtual_hosts(mesh.db, stranger, LISTENER) == virtual_hosts(mesh.db, other, LISTENER)
    mesh.configuration("9080", stranger)
    before = sum(cell.runs for cell in mesh.db if cell.fn is not None and cell.fn.__name__ == "_routes")
    mesh.configuration("9080", other)
    after = sum(cell.runs for cell in mesh.db if cell.fn is not None and cell.fn.__name__ == "_routes")
    assert before == after > 0
    made = [cell for cell in mesh.db if cell.fn is not None and cell.fn.__name__ == "sidecar_routes"]
    assert len(made) == 1
