"""A request as people write it: a method, a URL, headers; and the connection that it means."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from lateen.engine import Database
from lateen.model import host as hosts
from lateen.model.defaults import OUTBOUND_PORT, SCHEME_PORTS, TRUE
from lateen.model.endpoints import endpoints
from lateen.model.gateway import gateway_listeners
from lateen.model.inbound import service_targets
from lateen.model.service import Resolution, Service, by_host
from lateen.model.view import Proxy, View
from lateen.simulate import request as wire
from lateen.simulate.explain_types import Step, because

OUTSIDE = "192.0.2.1"  # RFC 5737: stands for whatever DNS says about a name that the mesh does not know
SCHEMES = ("http", "https", "tcp", "tls")


class Request(msgspec.Struct, frozen=True):
    """What a client sends: `Request("GET", "http://reviews:9080/")`, or a connection to `tcp://mysql:3306`."""

    method: str = "GET"
    url: str = "http://localhost/"
    """http, https, tcp or tls; a port when it is not the scheme's."""
    headers: Mapping[str, str] | tuple[tuple[str, str], ...] = ()
    sni: str = ""
    """The server name of TLS; by default the URL's host."""
    tls: bool = False
    """The client opens TLS by itself: `https` and `tls` say so, too."""
    http2: bool = False

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The headers in order."""
        return tuple(self.headers.items()) if isinstance(self.headers, Mapping) else tuple(self.headers)

    def __str__(self) -> str:
        """Write it as on the command line."""
        what = self.url if self.url.startswith(("tcp:", "tls:")) else f"{self.method} {self.url}"
        return " ".join((what, *(f"-H '{name}: {value}'" for name, value in self.pairs)))


class RequestError(ValueError):
    """A request that cannot be made; the text says why."""


class Parts(msgspec.Struct, frozen=True):
    """A URL, read."""

    scheme: str
    host: str
    port: int
    authority: str
    path: str

    @property
    def is_http(self) -> bool:
        """It carries HTTP."""
        return self.scheme in SCHEME_PORTS


def parts_of(request: Request) -> Parts:
    """Read the URL.

    Raises:
        RequestError: it is not one, or not one that a mesh sees.
    """
    url = request.url if "://" in request.url else f"http://{request.url}"
    try:
        split = urlsplit(url)
        port, host = split.port, split.hostname or ""
    except ValueError as error:
        raise RequestError(f"{request.url!r} is not a URL: {error}") from error
    if split.scheme not in SCHEMES:
        raise RequestError(f"{request.url!r}: the scheme is one of {', '.join(SCHEMES)}, not {split.scheme}")
    if not host:
        raise RequestError(f"{request.url!r} has no host")
    if port is None and split.scheme not in SCHEME_PORTS:
        raise RequestError(f"{request.url!r} has no port: write {split.scheme}://{host}:PORT")
    _check_method(request)
    path = (split.path or "/") + (f"?{split.query}" if split.query else "")
    return Parts(
        split.scheme, host, port or SCHEME_PORTS[split.scheme], split.netloc.rpartition("@")[2], path
    )


def _check_method(request: Request) -> None:
    if not request.method or not all(one.isalnum() or one in "-_!#$%&'*+.^`|~" for one in request.method):
        raise RequestError(f"{request.method!r} is not a method")
    for name, value in request.pairs:
        if not name or any(one in name + value for one in "\r\n\0"):
            raise RequestError(f"{name!r}: {value!r} is not a header")


class Sent(msgspec.Struct, frozen=True):
    """A connection, the request on it, and how its address came about."""

    connection: wire.Connection
    request: wire.Request | None
    step: Step
    service: Service | None = None


def sent(db: Database, request: Request, proxy: Proxy, view: View) -> Sent:
    """Return what a workload's application sends, or what arrives at a gateway.

    Raises:
        RequestError: the request cannot be made.
    """
    parts = parts_of(request)
    if view.is_router:
        connection, step, service = _at_gateway(db, request, parts, proxy, view), _arrival(parts), None
    else:
        connection, step, service = _from_workload(db, request, parts, proxy)
    return Sent(connection, _on_wire(request, parts, view), step, service)


def _on_wire(request: Request, parts: Parts, view: View) -> wire.Request | None:
    """Return the request as a proxy may see it: on a workload the application's own TLS stays closed."""
    if not parts.is_http or (_is_tls(request, parts) and not view.is_router):
        return None
    given = {name.lower(): value for name, value in request.pairs}
    return wire.Request(
        method=request.method,
        authority=given.get("host") or given.get(":authority") or parts.authority,
        path=parts.path,
        scheme=parts.scheme,
        headers=tuple(
            (name.lower(), value)
            for name, value in request.pairs
            if name.lower() not in ("host", ":authority")
        ),
        protocol="HTTP/2" if request.http2 else "HTTP/1.1",
    )


def _is_tls(request: Request, parts: Parts) -> bool:
    return request.tls or bool(request.sni) or parts.scheme in ("https", "tls")


def _hello(request: Request, parts: Parts) -> wire.ClientHello | None:
    if not _is_tls(request, parts):
        return None
    named = "" if hosts.is_address(parts.host) else parts.host
    alpn = (("h2",) if request.http2 else ("http/1.1",)) if parts.is_http else ()
    return wire.ClientHello(sni=request.sni or named, alpn=alpn)


def _payload(request: Request, parts: Parts) -> wire.Payload:
    if not parts.is_http:
        return "bytes"
    return "http2" if request.http2 else "http"


def _from_workload(
    db: Database, request: Request, parts: Parts, proxy: Proxy
) -> tuple[wire.Connection, Step, Service | None]:
    address, step, service = looked_up(db, parts, proxy)
    connection = wire.Connection(
        address=address,
        port=parts.port,
        source_address=proxy.address or OUTSIDE,
        captured_by=None if ipaddress.ip_address(address).is_loopback else OUTBOUND_PORT,
        tls=_hello(request, parts),
        payload=_payload(request, parts),
    )
    return connection, step, service


def looked_up(db: Database, parts: Parts, proxy: Proxy) -> tuple[str, Step, Service | None]:
    """Return the address that a name has for a workload, as DNS in the mesh says."""
    if hosts.is_address(parts.host):
        found = _with_address(db, parts.host)
        words = f"{parts.host} is an address" + (f" of {found.host}" if found else "")
        return parts.host, Step(step="resolution", subject=parts.host, reason=words), found
    service = service_named(db, parts.host, proxy)
    address = _address(db, service, parts, proxy) if service else ""
    if service is None or not address:
        words = (
            "no service of the mesh has this name"
            if service is None
            else "the service has no address of its own"
        )
        return (
            OUTSIDE,
            Step(step="resolution", subject=parts.host, reason=f"{words}: DNS outside the mesh decides"),
            service,
        )
    reason = f"{service.host} is {address}"
    return (
        address,
        Step(step="resolution", subject=parts.host, reason=reason, cause=because(service.origin)),
        service,
    )


def service_named(db: Database, name: str, proxy: Proxy) -> Service | None:
    """Return the service that a workload means by a name: short, with its namespace, or in full."""
    known, space = by_host(db), proxy.namespace
    lowered = name.lower().rstrip(".")
    for candidate in (
        lowered,
        f"{lowered}.{proxy.dns_domain or f'{space}.svc.{proxy.domain}'}",
        f"{lowered}.svc.{proxy.domain}",
        f"{lowered}.{proxy.domain}",
    ):
        if candidate in known:
            group = known[candidate]
            return next((one for one in group if one.namespace == space), group[0])
    covering = hosts.most_specific(lowered, known)
    return known[covering][0] if covering else None


def _with_address(db: Database, address: str) -> Service | None:
    return next((one for group in by_host(db).values() for one in group if address in one.addresses), None)


def _address(db: Database, service: Service, parts: Parts, proxy: Proxy) -> str:
    plain = next((one for one in service.addresses if hosts.is_address(one)), "")
    if plain:
        return plain
    if service.resolution is Resolution.PASSTHROUGH or service.headless:
        found = endpoints(db, service.host, service.namespace, parts.port)
        return next((one.address for one in found if hosts.is_address(one.address)), "")
    return service.auto_address if proxy.meta("DNS_CAPTURE") in TRUE else ""


def _arrival(parts: Parts) -> Step:
    return Step(step="resolution", subject=f"port {parts.port}", reason="the client connects to the gateway")


def _at_gateway(db: Database, request: Request, parts: Parts, proxy: Proxy, view: View) -> wire.Connection:
    return wire.Connection(
        address=proxy.address or OUTSIDE,
        port=_listening(db, view, parts.port),
        tls=_hello(request, parts),
        payload=_payload(request, parts),
    )


def _listening(db: Database, view: View, number: int) -> int:
    """Return the port that a gateway opens for a port of its Service; else the number itself."""
    target = next((one.target_port for one in service_targets(db, view) if one.port.number == number), None)
    if target is not None:
        return target
    servers = (
        (listener.port, server.port)
        for listener in gateway_listeners(db, view)
        for server in listener.servers
    )
    return next((opened for opened, declared in servers if declared == number), number)
