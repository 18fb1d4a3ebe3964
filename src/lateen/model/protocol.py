"""Which protocol a port speaks, from its `appProtocol`, its name or its number.

Source: pkg/config/kube/conversion.go and pkg/config/protocol/instance.go of Istio.
"""

from enum import StrEnum


class Protocol(StrEnum):
    """A port's protocol in Istio's words."""

    TCP = "TCP"
    UDP = "UDP"
    GRPC = "GRPC"
    GRPC_WEB = "GRPC-Web"
    HTTP = "HTTP"
    HTTP_PROXY = "HTTP_PROXY"
    HTTP2 = "HTTP2"
    HTTPS = "HTTPS"
    TLS = "TLS"
    MONGO = "Mongo"
    REDIS = "Redis"
    MYSQL = "MySQL"
    UNSUPPORTED = "UnsupportedProtocol"  # nothing known: the proxy looks at the bytes

    @property
    def is_http(self) -> bool:
        """The connection carries HTTP that the proxy reads."""
        return self in _HTTP

    @property
    def is_http2(self) -> bool:
        """The upstream connection is HTTP/2."""
        return self in _HTTP2

    @property
    def is_grpc(self) -> bool:
        """The port speaks gRPC or gRPC-Web."""
        return self in (Protocol.GRPC, Protocol.GRPC_WEB)

    @property
    def is_tcp(self) -> bool:
        """The connection is opaque bytes to the proxy (TLS included)."""
        return self in _TCP

    @property
    def is_tls(self) -> bool:
        """The client speaks TLS which the proxy does not terminate."""
        return self in (Protocol.HTTPS, Protocol.TLS)

    @property
    def is_sniffed(self) -> bool:
        """Nothing was declared: the proxy detects HTTP by the first bytes."""
        return self is Protocol.UNSUPPORTED


_HTTP2 = frozenset({Protocol.HTTP2, Protocol.GRPC, Protocol.GRPC_WEB})
_HTTP = _HTTP2 | {Protocol.HTTP, Protocol.HTTP_PROXY}
_TCP = frozenset({Protocol.TCP, Protocol.HTTPS, Protocol.TLS, Protocol.MONGO, Protocol.REDIS, Protocol.MYSQL})
_BY_NAME = {protocol.value.lower(): protocol for protocol in Protocol if protocol is not Protocol.UNSUPPORTED}
_KUBERNETES = {
    "kubernetes.io/h2c": Protocol.HTTP2,
    "kubernetes.io/ws": Protocol.HTTP,
    "kubernetes.io/wss": Protocol.HTTPS,
}
# Server-first or otherwise unsafe to detect: SMTP, DNS, MySQL, MongoDB.
WELL_KNOWN_TCP_PORTS = frozenset({25, 53, 3306, 27017})


def parse(text: str) -> Protocol:
    """Read a protocol's name, in any case; an unknown one is UNSUPPORTED (that is: detect it)."""
    return _BY_NAME.get(text.lower(), Protocol.UNSUPPORTED)


def of_kubernetes_port(number: int, name: str, transport: str, app_protocol: str | None) -> Protocol:
    """Choose the protocol of a Service's port; `appProtocol` wins over the name, the name over the number."""
    if transport == "UDP":
        return Protocol.UDP
    if app_protocol in _KUBERNETES:
        return _KUBERNETES[app_protocol]
    found = of_name(name if app_protocol is None else app_protocol)
    if found is Protocol.UNSUPPORTED and number in WELL_KNOWN_TCP_PORTS:
        return Protocol.TCP
    return found


def of_name(name: str) -> Protocol:
    """Read the protocol in a port's name: what stands before the first dash, `grpc-web` being one word."""
    if name.lower().startswith("grpc-web"):
        return Protocol.GRPC_WEB
    return parse(name.partition("-")[0])
