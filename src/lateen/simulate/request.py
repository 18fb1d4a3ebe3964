"""What is sent: a connection, and on it a request."""

from typing import Literal

import msgspec

Headers = tuple[tuple[str, str], ...]
Protocol = Literal["HTTP/1.1", "HTTP/2"]
Payload = Literal["http", "http2", "bytes"]


class ClientHello(msgspec.Struct, frozen=True, kw_only=True):
    """How a client opens TLS."""

    sni: str = ""
    alpn: tuple[str, ...] = ()
    certificate: bool = False
    """The client shows a certificate that the proxy trusts."""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection as it reaches a proxy.

    `captured_by` is the proxy's port that the kernel redirected it to (15001, 15006); None for a connection that was
    really made to `address`:`port`, as on a gateway.
    """

    address: str
    port: int
    source_address: str = "10.255.255.1"
    source_port: int = 40000
    captured_by: int | None = None
    tls: ClientHello | None = None
    payload: Payload = "http"
    """What the bytes are, inside TLS if there is any."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request as its client writes it."""

    method: str = "GET"
    authority: str = ""
    path: str = "/"
    """With the query, as it stands in the request line."""
    scheme: str = "http"
    headers: Headers = ()
    protocol: Protocol = "HTTP/1.1"
