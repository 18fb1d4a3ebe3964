"""Configuration of the border Envoys; that Envoy takes it and what it then does is for the end-to-end tests."""

from typing import Any

from lateen.local.border_config import (
    Entrance,
    bootstrap,
    host_clusters,
    host_listeners,
    mesh_clusters,
    mesh_listeners,
)
from lateen.local.network import Network

HTTP = Entrance(8080, (("10.244.0.10", 80), ("10.244.0.11", 80)))
HTTPS = Entrance(8443, (("10.244.0.10", 443),))


def named(response: Any) -> dict[str, Any]:
    return {resource["name"]: resource for resource in response["resources"]}


def test_each_entrance_is_a_listener_a_socket_and_a_cluster_on_both_sides() -> None:
    both = (HTTP, HTTPS)
    names = {"in-127.0.0.1-8080", "in-127.0.0.1-8443"}
    assert named(mesh_listeners("/s", both)).keys() == names | {"exit"}
    assert named(mesh_clusters("/s", both)).keys() == names | {"exit"}
    assert named(host_listeners("/s", both, Network())).keys() == names | {"exit"}
    assert named(host_clusters("/s", both)).keys() == names | {"world", "nowhere"}
    meeting = named(mesh_listeners("/s", both))["in-127.0.0.1-8080"]["address"]
    assert meeting == {"pipe": {"path": "/s/in-127.0.0.1-8080", "mode": 0o600}}
    dialled = named(host_clusters("/s", both))["in-127.0.0.1-8080"]["load_assignment"]["endpoints"][0]
    assert dialled["lb_endpoints"] == [{"endpoint": {"address": meeting}}]


def test_gateway_pods_of_one_port_share_it() -> None:
    endpoints = named(mesh_clusters("/s", [HTTP]))["in-127.0.0.1-8080"]["load_assignment"]["endpoints"]
    found = [end["endpoint"]["address"]["socket_address"] for end in endpoints[0]["lb_endpoints"]]
    assert found == [
        {"address": "10.244.0.10", "port_value": 80},
        {"address": "10.244.0.11", "port_value": 80},
    ]


def test_a_port_of_the_host_is_never_shared_with_another_mesh() -> None:
    assert named(host_listeners("/s", [HTTP], Network()))["in-127.0.0.1-8080"]["enable_reuse_port"] is False


def test_neither_the_mesh_nor_loopback_is_reached_by_way_of_the_host() -> None:
    chains = named(host_listeners("/s", (), Network()))["exit"]["filter_chains"]
    closed = chains[1]
    ranges = {
        f"{r['address_prefix']}/{r['prefix_len']}" for r in closed["filter_chain_match"]["prefix_ranges"]
    }
    assert ranges == {"10.244.0.0/16", "10.96.0.0/12", "240.240.0.0/16", "127.0.0.0/8", "0.0.0.0/32"}
    assert closed["filters"][0]["typed_config"]["cluster"] == "nowhere"


def test_the_version_follows_the_content() -> None:
    first = mesh_clusters("/s", [HTTP])["version_info"]
    assert mesh_clusters("/s", [HTTP])["version_info"] == first
    assert mesh_clusters("/s", [HTTP._replace(destinations=())])["version_info"] != first


def test_nothing_of_the_border_listens_on_a_port_of_its_own_accord() -> None:
    assert bootstrap("host", "/s")["admin"] == {"address": {"pipe": {"path": "/s/host.admin", "mode": 0o600}}}
