"""The real Envoy and the simulator on configurations written by hand: one decision at a time."""

from typing import Any

import pytest

from lateen.simulate.configuration import Configuration
from lateen.simulate.request import Connection, Request
from lateen.simulate.simulation import simulate
from lateen.twin.comparison import differences
from lateen.twin.envoy import LiveEnvoy
from support import handmade as made

pytestmark = pytest.mark.envoy


def agree(envoy: LiveEnvoy, resources: Any, *pairs: tuple[Connection, Request | None]) -> None:
    loaded, configuration = envoy.load(resources), Configuration(resources)
    wrong = []
    for connection, request in pairs:
        trace = simulate(configuration, connection, request)
        answer = loaded.ask(connection, request) if request else loaded.exchange_bytes(connection)
        wrong += [f"{connection} {request}: {text}" for text in differences(trace, answer, loaded)]
    assert not wrong, "\n".join(wrong)


def routed(envoy: LiveEnvoy, virtual_hosts: list[Any], *requests: Request, **settings: Any) -> None:
    chain = {"filters": [made.manager(**settings)]}
    resources = made.resources(
        clusters=[made.static_cluster(name, "10.0.0.1:80") for name in ("a", "b")]
        + [made.static_cluster("empty")],
        listeners=[made.listener("l", "0.0.0.0", 80, chain)],
        routes=[{"name": "routes", "virtual_hosts": virtual_hosts}],
    )
    agree(envoy, resources, *((Connection(address="10.9.9.9", port=80), request) for request in requests))


def test_hand_off_and_chains(live_envoy: LiveEnvoy) -> None:
    captor = made.listener(
        "out", "0.0.0.0", 15001, {"name": "rest", "filters": [made.tcp_proxy("passthrough")]},
        use_original_dst=True, listener_filters=[made.ORIGINAL_DST],
    )  # fmt: skip
    exact = made.listener("exact", "10.0.0.9", 3306, {"filters": [made.tcp_proxy("a")]}, bind_to_port=False)
    sniffed = made.listener(
        "wild", "0.0.0.0", 9080,
        {"name": "vip", "filter_chain_match": {"prefix_ranges": [{"address_prefix": "10.0.0.8", "prefix_len": 32}]},
         "filters": [made.tcp_proxy("a")]},
        {"name": "sni", "filter_chain_match": {"server_names": ["*.example.com"]}, "filters": [made.tcp_proxy("b")]},
        {"name": "http", "filter_chain_match": {"application_protocols": ["http/1.1", "h2c"],
         "transport_protocol": "raw_buffer"}, "filters": [made.manager()]},
        bind_to_port=False, listener_filters=[made.TLS_INSPECTOR, made.HTTP_INSPECTOR],
        default_filter_chain={"name": "default", "filters": [made.tcp_proxy("passthrough")]},
    )  # fmt: skip
    original = {
        "name": "passthrough", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED", "connect_timeout": "1s",
    }  # fmt: skip
    resources = made.resources(
        clusters=[made.static_cluster("a", "10.0.0.1:80"), made.static_cluster("b", "10.0.0.2:80"), original],
        listeners=[captor, exact, sniffed],
        routes=[{"name": "routes", "virtual_hosts": [
            {"name": "v", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "b"}}]}]}],
    )  # fmt: skip

    def to(address: str, port: int, **more: Any) -> Connection:
        return Connection(address=address, port=port, captured_by=15001, **more)

    get = Request(authority="x")
    agree(
        live_envoy, resources,
        (to("10.0.0.9", 3306, payload="bytes"), None), (to("10.0.0.10", 3306, payload="bytes"), None),
        (to("10.0.0.8", 9080), get), (to("10.0.0.7", 9080), get), (to("10.0.0.7", 9080, payload="bytes"), None),
    )  # fmt: skip


def test_domains(live_envoy: LiveEnvoy) -> None:
    def host(name: str, *domains: str) -> Any:
        route = {"name": name, "match": {"prefix": "/"}, "route": {"cluster": "a"}}
        return {"name": name, "domains": domains, "routes": [route]}

    hosts = [host("exact", "foo.com", "foo.com:80"), host("suffix", "*.foo.com"), host("longer", "*.bar.foo.com"),
             host("prefix", "foo.*"), host("dashed", "*-x.foo.com"), host("upper", "UP.com")]  # fmt: skip
    asked = ["foo.com", "FOO.com", "foo.com:80", "foo.com:81", "a.foo.com", "a.bar.foo.com", ".foo.com", "foo.org", "up.com",
             "a-x.foo.com", "nothing.org", "foo.com."]  # fmt: skip
    routed(live_envoy, hosts, *(Request(authority=name) for name in asked))
    routed(
        live_envoy,
        [*hosts, host("any", "*")],
        *(Request(authority=name) for name in asked),
        strip_any_host_port=True,
    )


HEADER_MATCHES = [
    {"present_match": True}, {"present_match": False}, {"present_match": True, "invert_match": True},
    {"string_match": {"exact": "a"}}, {"string_match": {"exact": "A", "ignore_case": True}},
    {"string_match": {"exact": "a"}, "invert_match": True},
    {"string_match": {"exact": "a"}, "invert_match": True, "treat_missing_header_as_empty": True},
    {"string_match": {"prefix": "a"}}, {"string_match": {"safe_regex": {"regex": "a|b+"}}},
    {"string_match": {"safe_regex": {"regex": ".*"}}, "treat_missing_header_as_empty": True},
    {"range_match": {"start": -5, "end": 7}}, {"string_match": {"contains": ","}},
]  # fmt: skip


@pytest.mark.parametrize("match", HEADER_MATCHES, ids=str)
def test_header_matches(live_envoy: LiveEnvoy, match: Any) -> None:
    routes = [
        {
            "name": "yes",
            "match": {"prefix": "/", "headers": [{"name": "x", **match}]},
            "route": {"cluster": "a"},
        }
    ]
    values = [(), ("a",), ("A",), ("bbb",), ("",), ("6",), ("7",), ("-5",), ("a", "b"), ("+3",)]
    requests = [Request(authority="h", headers=tuple(("X", value) for value in many)) for many in values]
    routed(live_envoy, [{"name": "v", "domains": ["*"], "routes": routes}], *requests)


def test_queries_and_paths(live_envoy: LiveEnvoy) -> None:
    def route(name: str, **match: Any) -> Any:
        return {"name": name, "match": match, "route": {"cluster": "a"}}

    routes = [
        route("q-exact", prefix="/q", query_parameters=[{"name": "k", "string_match": {"exact": "v"}}]),
        route("q-present", prefix="/q", query_parameters=[{"name": "p", "present_match": True}]),
        route("q-regex", prefix="/q", query_parameters=[{"name": "r", "string_match": {"safe_regex": {"regex": "a+"}}}]),
        route("exact", path="/exact"), route("exact-any-case", path="/Any", case_sensitive=False),
        route("regex", safe_regex={"regex": "/re[0-9]+"}), route("sep", path_separated_prefix="/sep"),
        route("prefix-any-case", prefix="/PRE", case_sensitive=False),
    ]  # fmt: skip
    paths = ["/q?k=v", "/q?k=w", "/q?k=w&k=v", "/q?p", "/q?p=", "/q?r=aa", "/q?r=ab", "/q?k=%76", "/q?K=v", "/exact", "/exact?x", "/exact/",
             "/any", "/ANY?y", "/re12", "/re12/", "/re12?z", "/sep", "/sep/x", "/separate", "/sep?q", "/prefix", "/Pre", "/",
             "/a/../exact", "/./exact", "//exact", "/%65xact", "/exact%2F", "/x/..%2fexact", "/a/..//exact", "\\exact", "/%2e%2e/exact",
             "/exact#f", "/q?k=v#f", "*", "http://other/exact", "/ex|act", "/exact;p=1"]  # fmt: skip
    hosts = [{"name": "v", "domains": ["*"], "routes": routes}]
    requests = [Request(authority="h", path=path) for path in paths]
    routed(live_envoy, hosts, *requests)
    routed(live_envoy, hosts, *requests, normalize_path=True)
    routed(live_envoy, hosts, *requests, normalize_path=True, merge_slashes=True)
    routed(
        live_envoy,
        hosts,
        *requests,
        normalize_path=True,
        path_with_escaped_slashes_action="UNESCAPE_AND_FORWARD",
    )
    routed(
        live_envoy, hosts, *requests, normalize_path=True, path_with_escaped_slashes_action="REJECT_REQUEST"
    )
