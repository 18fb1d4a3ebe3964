"""Names of protocols, in any case (pkg/config/protocol/instance.go)."""

from difflib import get_close_matches

HTTP = frozenset({"http", "http2", "http_proxy", "grpc", "grpc-web"})
TLS = frozenset({"https", "tls"})
TCP = TLS | {"tcp", "mongo", "redis", "mysql"}
KNOWN = HTTP | TCP | {"udp"}
SHOWN = "HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TCP, TLS, MONGO, MYSQL and REDIS"


def protocol(text: str) -> str:
    """Say what is wrong with a protocol that has to be there."""
    return "" if text.lower() in KNOWN else f"{text!r} is not a protocol; there are {SHOWN}"


def near(text: str) -> str:
    """Suggest the protocol that was probably meant."""
    found = get_close_matches(text.lower(), sorted(KNOWN), 1)
    return f"did you mean {found[0].upper()}?" if found else ""
