"""An example as a command that people can run."""

import shlex

from lateen.model.defaults import SCHEME_PORTS
from lateen.simulate.algebra.change import Change
from lateen.simulate.paths import host_without_port
from lateen.simulate.request import Connection, Request


def example(change: Change, client: str) -> str:
    """Return the example of a change as `curl` (or `openssl`, `nc` where there is no request), run where the client is."""
    connection, request = change.connection, change.request
    if request is None:
        return _bytes(connection)
    return " ".join(
        [
            "curl",
            *_options(connection, request, client, elsewhere=change.elsewhere),
            shlex.quote(_url(connection, request)),
        ]
    )


def _url(connection: Connection, request: Request) -> str:
    scheme = "https" if connection.tls is not None else "http"
    host = host_without_port(request.authority)
    if host == "example.com" and connection.captured_by is not None:
        host = connection.address
    if connection.tls is not None and connection.tls.sni:
        host = connection.tls.sni
    port = "" if connection.port == SCHEME_PORTS[scheme] else f":{connection.port}"
    return f"{scheme}://{host}{port}{request.path}"


def _options(connection: Connection, request: Request, client: str, *, elsewhere: bool) -> list[str]:
    words: list[str] = []
    if connection.payload == "http2":
        words.append("--http2-prior-knowledge")
    if connection.captured_by is None and "gateway" in client:
        place = client.split()[1] if client.startswith("gateway ") else "GATEWAY"
        words += ["--connect-to", shlex.quote(f"::{place}:{connection.port}")]
    if elsewhere:
        words += ["--connect-to", f"::{connection.address}:{connection.port}"]
    if connection.tls is not None:
        words.append("-k")
    words += [] if request.method == "GET" else ["-I"] if request.method == "HEAD" else ["-X", request.method]
    written = _url(connection, request).split("://", 1)[1].split("/", 1)[0]
    if written != request.authority:
        words += ["-H", shlex.quote(f"Host: {request.authority}")]
    for name, value in request.headers:
        words += ["-H", shlex.quote(f"{name}: {value}" if value else f"{name};")]
    if any(part in request.path for part in ("[", "]", "{", "}")):
        words.append("-g")
    return words


def _bytes(connection: Connection) -> str:
    place = f"{connection.address}:{connection.port}"
    if connection.tls is None:
        return f"nc {place.replace(':', ' ')}"
    name = f"-servername {shlex.quote(connection.tls.sni)}" if connection.tls.sni else "-noservername"
    alpn = f" -alpn {','.join(connection.tls.alpn)}" if connection.tls.alpn else ""
    return f"openssl s_client -connect {place} {name}{alpn}"
