"""Files laid over /etc, addresses, and socket paths."""

from itertools import islice
from pathlib import Path

import pytest

from lateen.local.etc_files import etc_files, hosts_by_dns, search_domains
from lateen.local.network import Network
from lateen.local.paths import PathTooLongError, private_directory, socket_path


def test_a_pod_asks_the_mesh_and_knows_itself() -> None:
    files = etc_files(
        hostname="reviews-v1",
        address="10.244.0.12",
        name_server="10.244.0.1",
        search=search_domains("prod"),
        nsswitch="",
    )
    assert files["resolv.conf"] == (
        "nameserver 10.244.0.1\nsearch prod.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"
    )
    assert files["hosts"] == "127.0.0.1\tlocalhost\n10.244.0.12\treviews-v1\n"


def test_only_the_hosts_line_of_nsswitch_is_ours() -> None:
    host = "passwd: files sss\nhosts: files mdns4_minimal [NOTFOUND=return] resolve dns\nnetworks: files\n"
    assert hosts_by_dns(host) == "passwd: files sss\nnetworks: files\nhosts: files dns\n"


def test_addresses_of_a_network() -> None:
    network = Network(pods="10.9.0.0/24")
    assert (network.gateway, network.host, network.prefix) == ("10.9.0.1", "10.9.0.2", 24)
    assert list(islice(network.addresses(), 2)) == ["10.9.0.10", "10.9.0.11"]
    assert list(network.addresses())[-1] == "10.9.0.254"


def test_a_socket_path_that_does_not_fit_is_refused_with_the_excess() -> None:
    directory = Path("/" + "d" * 100)
    assert socket_path(directory, "five5") == directory / "five5"
    with pytest.raises(PathTooLongError, match="at least 3 bytes shorter"):
        socket_path(directory, "eight888")


def test_a_state_directory_is_private(tmp_path: Path) -> None:
    made = private_directory(tmp_path / "a" / "b")
    assert made.stat().st_mode & 0o777 == 0o700
