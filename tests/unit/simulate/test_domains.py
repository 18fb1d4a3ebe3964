import pytest
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from google.protobuf.json_format import ParseDict

from lateen.simulate.domains import Domains

DOMAINS = ["a.com", "*.a.com", "*.b.a.com", "*-x.a.com", "a.*", "a.b.*", "Up.com"]


def domains(*more: str, **flags: bool) -> Domains:
    hosts = [{"name": domain, "domains": [domain]} for domain in (*DOMAINS, *more)]
    return Domains(ParseDict({"name": "r", "virtual_hosts": hosts, **flags}, RouteConfiguration()))


@pytest.mark.parametrize(
    ("authority", "wanted"),
    [
        ("a.com", ("a.com", "exact")),
        ("A.COM", ("a.com", "exact")),
        ("x.a.com", ("*.a.com", "suffix")),
        ("x.b.a.com", ("*.b.a.com", "suffix")),  # the longest suffix
        ("y-x.a.com", ("*-x.a.com", "suffix")),
        (".a.com", None),  # a wildcard stands for something
        ("a.org", ("a.*", "prefix")),
        ("a.b.org", ("a.b.*", "prefix")),
        ("a.", None),
        ("up.com", ("up.com", "exact")),
        ("a.com:80", ("a.*", "prefix")),  # the port is part of the host unless it is ignored
        ("", None),
    ],
)
def test_virtual_host_of_authority(authority: str, wanted: tuple[str, str] | None) -> None:
    found = domains().find(authority)
    assert (found and (found.domain, found.reason)) == wanted


def test_any_is_last() -> None:
    found = domains("*").find("nowhere")
    assert found is not None
    assert (found.domain, found.reason) == ("*", "any")


@pytest.mark.parametrize("authority", ["a.com:80", "a.com:65000"])
def test_ignored_port(authority: str) -> None:
    found = domains(ignore_port_in_host_matching=True).find(authority)
    assert found is not None
    assert found.reason == "exact"
