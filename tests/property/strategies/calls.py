"""What is sent to a proxy: connections and requests that come near the rules, and odd ones."""

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from lateen.model.view import Proxy
from lateen.simulate.request import ClientHello, Connection, Request
from strategies.known import Known
from strategies.words import HOSTS, VALUES

ADDRESSES = (
    "10.96.0.1",
    "10.96.0.2",
    "10.96.0.3",
    "10.97.0.1",
    "10.97.3.3",
    "192.0.2.1",
    "10.1.0.1",
    "10.1.0.3",
)
PORTS = (9080, 9080, 80, 3306, 443, 8080)
ARRIVING = (8080, 9080, 3306, 80, 443, 7000, 7001)
OWN = (("10.1.0.8", 9080), ("127.0.0.1", 7777), ("127.0.0.1", 3306), ("127.0.0.1", 80), ("10.96.0.1", 9080), ("127.0.0.1", 15002),
       ("10.1.0.8", 7001), ("10.97.0.1", 8080))  # fmt: skip
"""Where a proxy without capture may listen."""
AUTHORITIES = (
    *HOSTS, *HOSTS, "a:9080", "A.Default", "b.default.svc.cluster.local:9080", "10.96.0.1", "10.96.0.2:80", "a.", "ext.example.com.",
    "ext.example.com:80", "EXT.example.com:443", "x.wild.example.com", "made.example", "a.default.svc", "a:8080", "a.other",
)  # fmt: skip
PATHS = (
    "/", "/x", "/xy", "/X", "/x/y", "/x/", "/new", "/x//y", "//x", "/x/./y", "/x/../x", "/%78", "/x%2Fy", "/x%2fy", "/x;p",
    "/x%20y", "/abc", "/1", "/x\\y", "/..", "*", "/x%00",
)  # fmt: skip
QUERIES = (
    "",
    "",
    "",
    "?q=v1",
    "?q=v12&r=jason",
    "?q",
    "?r=&q=v1",
    "?q=%76",
    "?q=v1#f",
    "#f",
    "?q=V1&q=v1",
    "?",
)
HEADERS = (
    *(("end-user", value) for value in VALUES), ("x-two", "v1"), ("X-Two", "jason"), ("x-no", "v1"), ("origin", "http://o"),
    ("origin", "http://x.com"), ("access-control-request-method", "GET"), ("x-user", "1"), ("cookie", "session=1"),
    ("x-forwarded-proto", "https"), ("content-type", "application/grpc"),
)  # fmt: skip
NAMES = (
    "ext.example.com",
    "EXT.example.com",
    "a.default.svc.cluster.local",
    "api.wild.example.com",
    "x.example.com",
    "",
)


class Call(msgspec.Struct, frozen=True):
    """A connection to make, and what to send on it."""

    connection: Connection
    request: Request | None


def requests(hosts: tuple[str, ...] = ()) -> SearchStrategy[Request]:
    """A request, likely to one of the hosts."""
    paths = st.builds(lambda path, query: path + query, st.sampled_from(PATHS), st.sampled_from(QUERIES))
    authorities = st.sampled_from(AUTHORITIES)
    return st.builds(
        Request,
        method=st.sampled_from(("GET", "GET", "GET", "POST", "OPTIONS", "HEAD", "PUT", "DELETE")),
        authority=st.one_of(st.sampled_from(hosts), st.sampled_from(hosts), authorities)
        if hosts
        else authorities,
        path=paths,
        headers=st.lists(st.sampled_from(HEADERS), max_size=2, unique_by=lambda one: one[0].lower()).map(
            tuple
        ),
    )


def hellos(names: tuple[str, ...]) -> SearchStrategy[ClientHello]:
    """How TLS is opened, likely to one of the names."""
    return st.builds(
        ClientHello,
        sni=st.sampled_from((*names, *names, *names, *NAMES)),
        alpn=st.sampled_from((
            (), ("http/1.1",), ("h2", "http/1.1"), ("istio",), ("istio-peer-exchange", "istio"), ("http/1.1", "h2"),
        )),
        certificate=st.booleans(),
    )  # fmt: skip


def _connections(proxy: Proxy, found: Known) -> SearchStrategy[Connection]:
    if proxy.type == "router" or proxy.meta("INTERCEPTION_MODE") == "NONE":
        targets = st.sampled_from((*found.listening * 8, *OWN))
        return targets.map(lambda one: Connection(address=one[0], port=one[1]))
    targets = st.sampled_from((*found.listening * 6, *(("", port) for port in PORTS)))
    out = st.builds(
        lambda one, other: Connection(
            address=one[0] or other, port=one[1], captured_by=15001, source_address=proxy.address
        ),
        targets, st.sampled_from(ADDRESSES),
    )  # fmt: skip
    arriving = st.builds(
        Connection,
        address=st.just(proxy.address),
        port=st.sampled_from((*found.arriving, *found.arriving, *ARRIVING)),
        captured_by=st.just(15006),
    )
    return st.one_of(out, out, out, arriving)


PLAIN = (*("plain" for _ in range(9)), "http2", "http2", "bytes", "tls", "tls", "hidden")
SECRET = (*("tls" for _ in range(8)), "hidden", "plain", "bytes")
SECRET_PORTS = (443, 8443, 9443)


def calls(proxy: Proxy, found: Known) -> SearchStrategy[Call]:
    """A call that the proxy may get; most are HTTP, in TLS where that is likely to be wanted."""
    connections, greetings = _connections(proxy, found), hellos(found.names)
    asked = {port: requests(found.hosts_at(port)) for port in (*found.hosts, 0)}
    plain, secret = st.sampled_from(PLAIN), st.sampled_from(SECRET)

    @st.composite
    def one(draw: st.DrawFn) -> Call:
        connection = draw(connections)
        kind = draw(secret if connection.port in SECRET_PORTS else plain)
        if kind in ("tls", "hidden"):
            connection = msgspec.structs.replace(connection, tls=draw(greetings))
        if kind in ("bytes", "hidden"):
            return Call(msgspec.structs.replace(connection, payload="bytes"), None)
        request = draw(asked.get(connection.port, asked[0]))
        return _spoken(connection, request, newer=kind == "http2")

    return one()


def _spoken(connection: Connection, request: Request, *, newer: bool) -> Call:
    """Speak HTTP/2 if asked to, and within TLS if that is offered first."""
    if connection.tls is not None:
        request = msgspec.structs.replace(request, scheme="https")
        newer = "h2" in connection.tls.alpn
    if not newer:
        return Call(connection, request)
    headers = tuple((name.lower(), value) for name, value in request.headers)
    sent = msgspec.structs.replace(request, protocol="HTTP/2", headers=headers)
    return Call(msgspec.structs.replace(connection, payload="http2"), sent)
