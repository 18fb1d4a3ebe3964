"""The real Envoy and the simulator on requests as nobody means them: gRPC to a route that answers, HTTP/2, odd paths and hosts."""

from typing import Any

import msgspec
import pytest

from lateen.simulate.configuration import Configuration
from lateen.simulate.request import ClientHello, Connection, Headers, Request
from lateen.simulate.simulation import simulate
from lateen.simulate.trace import Outcome
from lateen.twin.comparison import differences
from lateen.twin.envoy import LiveEnvoy
from lateen.twin.trial import asked
from support import handmade as made

pytestmark = pytest.mark.envoy

PLAIN = Connection(address="10.9.9.9", port=80)
GRPC = (("content-type", "application/grpc"),)
TLS = {
    "name": "tls",
    "typed_config": {
        "@type": made.TYPE + "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {"alpn_protocols": ["h2", "http/1.1"]},
    },
}
ROUTES: list[Any] = [
    {"match": {"path": "/redirect"}, "redirect": {"host_redirect": "other"}},
    {"match": {"path": "/answer"}, "direct_response": {"status": 403, "body": {"inline_string": "no"}}},
    {"match": {"path": "/empty"}, "route": {"cluster": "empty"}},
    {"match": {"path": "/missing"}, "route": {"cluster": "missing"}},
    {
        "name": "quoting", "match": {"prefix": "/q"}, "route": {"cluster": "a"},
        "request_headers_to_add": [
            {"header": {"key": f"x-{number}", "value": value}}
            for number, value in enumerate((
                "%PROTOCOL%", "%REQUESTED_SERVER_NAME%", "%DOWNSTREAM_REMOTE_ADDRESS%", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
                "%DOWNSTREAM_LOCAL_ADDRESS%", "%DOWNSTREAM_LOCAL_PORT%", "%ROUTE_NAME%", "%UPSTREAM_CLUSTER%", "%REQ(:path):2%",
            ))
        ],
    },
    {"match": {"prefix": "/"}, "route": {"cluster": "a"}},
]  # fmt: skip
ABORT = {
    "@type": made.FILTERS + "http.fault.v3.HTTPFault",
    "abort": {"http_status": 521, "percentage": {"numerator": 100}},
    "headers": [{"name": "x-fail", "present_match": True}],
}
HOSTS = [
    {"name": "secret", "domains": ["secret"], "require_tls": "ALL", "routes": ROUTES},
    {"name": "v", "domains": ["*"], "routes": ROUTES},
]
FILTERS = [made.CORS, {"name": "own.fault", "typed_config": ABORT}, made.ROUTER]
CHAINS = {
    80: {"filters": [made.manager(normalize_path=True, http_filters=FILTERS)]},
    443: {"filters": [made.manager(normalize_path=True, http_filters=FILTERS)], "transport_socket": TLS},
}


def outcome(envoy: LiveEnvoy, connection: Connection, request: Request | None) -> Outcome:
    """Return what both say."""
    resources = made.resources(
        clusters=[made.static_cluster("a", "10.0.0.1:80"), made.static_cluster("empty")],
        listeners=[
            made.listener(str(port), "0.0.0.0", port, chain, listener_filters=[made.TLS_INSPECTOR])
            for port, chain in CHAINS.items()
        ],
        routes=[{"name": "routes", "virtual_hosts": HOSTS}],
    )
    loaded = envoy.load(resources)
    trace = simulate(Configuration(resources), connection, request)
    wrong = differences(trace, asked(loaded, trace, connection, request), loaded)
    assert not wrong, (wrong, request)
    return trace.outcome


def newer(path: str, authority: str = "h", headers: Headers = (), **more: Any) -> tuple[Connection, Request]:
    """A request over HTTP/2."""
    request = Request(path=path, authority=authority, headers=headers, protocol="HTTP/2", **more)
    return msgspec.structs.replace(PLAIN, payload="http2"), request


@pytest.mark.parametrize(
    ("path", "code"), [("/redirect", 2), ("/answer", 7), ("/empty", 14), ("/missing", 14), ("/x%00", 13)]
)
def test_answers_of_the_proxy_to_grpc_have_status_200(live_envoy: LiveEnvoy, path: str, code: int) -> None:
    for connection, request in (
        (PLAIN, Request(authority="h", path=path, headers=GRPC)),
        newer(path, headers=GRPC),
    ):
        found = outcome(live_envoy, connection, request)
        assert (found.status, found.grpc_status) == (200, code)


def test_what_no_codec_takes(live_envoy: LiveEnvoy) -> None:
    statuses = {
        path: outcome(live_envoy, PLAIN, Request(authority="h", path=path, method=method)).status
        for path, method in (("*", "GET"), ("/x%00", "GET"), ("*", "OPTIONS"), ("*?q", "OPTIONS"))
    }
    assert statuses == {"*": 404, "/x%00": 400, "*?q": 404}
    assert outcome(live_envoy, PLAIN, Request(authority="a/b")).status == 400
    for connection, request in (newer("*"), newer("*?q", method="OPTIONS"), newer("/", "a/b")):
        assert outcome(live_envoy, connection, request).kind == "reset"


@pytest.mark.parametrize("authority", [*"!$&'()*+,;=:@[]~_%|^`{}<>\\\"", "é"])
def test_characters_of_hosts(live_envoy: LiveEnvoy, authority: str) -> None:
    outcome(live_envoy, PLAIN, Request(authority=f"a{authority}b"))
    outcome(live_envoy, *newer("/", f"a{authority}b"))


def test_values_of_headers_quote_the_connection(live_envoy: LiveEnvoy) -> None:
    hello = ClientHello(sni="Name.example", alpn=("h2",))
    secret = Connection(address="10.9.9.9", port=443, tls=hello, payload="http2")
    found = outcome(live_envoy, secret, newer("/q", scheme="https")[1])
    values = [value for name, value in found.request_headers if name.startswith("x-") and name[2:].isdigit()]
    assert values == [
        "HTTP/2", "name.example", "10.255.255.1:40000", "10.255.255.1", "10.9.9.9:443", "443", "quoting", "a", "/q",
    ]  # fmt: skip


def test_bytes_where_http2_was_agreed(live_envoy: LiveEnvoy) -> None:
    for alpn, kind in ((("h2",), "reset"), (("http/1.1",), "response")):
        secret = Connection(address="10.9.9.9", port=443, tls=ClientHello(alpn=alpn), payload="bytes")
        assert outcome(live_envoy, secret, None).kind == kind


def test_filters_come_before_the_redirect_to_tls(live_envoy: LiveEnvoy) -> None:
    assert outcome(live_envoy, PLAIN, Request(authority="secret")).location == "https://secret/"
    assert outcome(live_envoy, PLAIN, Request(authority="secret", headers=(("x-fail", ""),))).status == 521
