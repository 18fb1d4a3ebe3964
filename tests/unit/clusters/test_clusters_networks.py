"""Endpoints of other networks, once they speak mutual TLS."""

from cluster_meshes import Mesh

import lateen
from lateen.model.endpoint import Endpoint
from lateen.model.locality import Group, Member
from lateen.model.mesh_networks import network_of
from lateen.model.networks import NetworkGateway, gateways, through_gateways


def gateway(name, network, *addresses, port=15443, label=None):
    labels = {"topology.istio.io/network": network}
    if label:
        labels["networking.istio.io/gatewayPort"] = label
    spec = {"externalIPs": list(addresses), "ports": [{"name": "tls", "port": port}]}
    return {"kind": "Service", "metadata": {"name": name, "labels": labels}, "spec": spec}


def member(address, network, weight=1):
    return Member(Endpoint(address=address, port=80, network=network), weight, mtls=True)


def test_gateways_are_labelled_services_with_the_port():
    mesh = Mesh(
        gateway("a", "n2", "198.51.100.2", "198.51.100.1"),
        gateway("b", "n3", "198.51.100.3", port=443, label="443"),
        gateway("c", "n4", "198.51.100.4", port=80),
    )
    assert gateways(mesh.db) == (
        NetworkGateway("198.51.100.1", 15443, "n2"),
        NetworkGateway("198.51.100.2", 15443, "n2"),
        NetworkGateway("198.51.100.3", 443, "n3"),
    )


def seen(mesh, members, network):
    groups = (Group("r1", tuple(members), sum(one.weight for one in members)),)
    [group] = through_gateways(mesh.db, groups, network)
    assert group.weight == sum(one.weight for one in group.members)
    return [(one.endpoint.address, one.endpoint.port, one.weight) for one in group.members]


def test_a_network_is_replaced_by_its_gateways_which_share_its_weight():
    mesh = Mesh(gateway("a", "n2", "198.51.100.1", "198.51.100.2"))
    members = [member("10.0.0.1", "n1"), member("10.0.0.2", "n2"), member("10.0.0.3", "n2", 3)]
    assert seen(mesh, members, "n1") == [
        ("10.0.0.1", 80, 2),
        ("198.51.100.1", 15443, 4),
        ("198.51.100.2", 15443, 4),
    ]


def test_unknown_networks_are_near_unless_a_gateway_leads_there():
    mesh = Mesh(gateway("a", "n2", "198.51.100.1"))
    assert seen(mesh, [member("10.0.0.1", "")], "n1") == [("10.0.0.1", 80, 1)]
    assert seen(mesh, [member("10.0.0.1", "n9")], "n1") == [("10.0.0.1", 80, 1)]
    assert seen(mesh, [member("10.0.0.1", "n2")], "") == [("198.51.100.1", 15443, 1)]


def networks_map(text):
    metadata = {"name": "istio", "namespace": "istio-system"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"meshNetworks": text}}


NETWORKS = """
networks:
  n2:
    endpoints: [{fromCidr: 10.9.0.0/16}, {fromRegistry: Kubernetes}]
    gateways: [{address: 198.51.100.7, port: 15443}]
  n3:
    endpoints: [{fromCidr: 10.9.7.0/24}]
    gateways: [{registryServiceName: a.default.svc.cluster.local, port: 443}]
"""


def test_declared_networks_have_gateways_by_address_and_by_service():
    mesh = lateen.load([networks_map(NETWORKS), gateway("a", "", "198.51.100.8") | {"apiVersion": "v1"}])
    assert mesh.findings == ()
    assert gateways(mesh.db) == (
        NetworkGateway("198.51.100.7", 15443, "n2"),
        NetworkGateway("198.51.100.8", 443, "n3"),
    )


def test_an_address_is_in_the_network_of_its_registry_or_its_narrowest_range():
    db = lateen.load([networks_map(NETWORKS)]).db
    assert network_of(db, "10.9.1.1", "") == "n2"
    assert network_of(db, "10.9.7.1", "") == "n3"
    assert network_of(db, "10.9.7.1", "Kubernetes") == "n2"
    assert network_of(db, "10.8.0.1", "") == ""
    assert network_of(db, "db.example", "") == ""


def test_networks_with_an_error_are_reported_and_leave_the_settings_in_force():
    wrong = networks_map("networks: {n: {gateway: []}}")
    wrong["data"]["mesh"] = "connectTimeout: 3s"
    mesh = lateen.load([wrong])
    assert [finding.path for finding in mesh.findings] == ["data[meshNetworks]"]
