"""A line of a golden case as the connection and request that it means."""

from lateen.model.view import Proxy
from lateen.simulate.request import ClientHello, Connection, Request
from support.golden_format import Block
from support.golden_lines import Line
from support.golden_mesh import Mesh

OUTBOUND, INBOUND = 15001, 15006


def meant(mesh: Mesh, block: Block, proxy: Proxy, line: Line) -> tuple[Connection, Request | None]:
    """Return the connection that reaches the proxy, and the request on it (None: bytes)."""
    sends = "from" in block.attributes
    connection = _outbound(mesh, proxy, line) if sends else _arriving(mesh, proxy, line)
    opaque = not line.method or (sends and line.scheme == "https")  # the application's own TLS stays closed
    secure = block.kind == "tls" or line.scheme == "https"
    connection = Connection(
        address=connection[0],
        port=connection[1],
        captured_by=connection[2],
        source_address=proxy.address if sends else "10.255.255.1",
        tls=_hello(line) if secure else None,
        payload="bytes" if opaque else "http",
    )
    if opaque:
        return connection, None
    request = Request(
        method=line.method, authority=line.authority, path=line.path, scheme=line.scheme, headers=line.headers
    )
    return connection, request


def _outbound(mesh: Mesh, proxy: Proxy, line: Line) -> tuple[str, int, int | None]:
    address, port = _stated(line) or (mesh.look_up(line.host, proxy), line.port)
    return address, port, None if address.startswith("127.") or address == "::1" else OUTBOUND


def _arriving(mesh: Mesh, proxy: Proxy, line: Line) -> tuple[str, int, int | None]:
    if proxy.type == "router":
        address, port = _stated(line) or (proxy.address, mesh.target_port(proxy, line.port))
        return address, port, None
    address, port = _stated(line) or (proxy.address, line.port)
    return address, port, INBOUND


def _stated(line: Line) -> tuple[str, int] | None:
    if not line.to:
        return None
    address, _, port = line.to.rpartition(":")
    if not port.isdigit():
        raise line.place.error(f"`to {line.to}` is not `to ADDRESS:PORT`")
    return address.strip("[]"), int(port)


def _hello(line: Line) -> ClientHello:
    named = "" if line.host.replace(".", "").isdigit() or ":" in line.host else line.host
    alpn = line.alpn or (("http/1.1",) if line.method else ())
    return ClientHello(sni=named if line.sni is None else line.sni, alpn=alpn, certificate=line.certificate)
