"""Gateways with servers of every kind, and the Secrets that they name."""

from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.words import GATEWAY_LABELS, NETWORKING, Json, flagged, made, meta

HOSTS: tuple[list[str], ...] = (
    ["*"], ["*"], ["*"], ["ext.example.com"], ["a.default.svc.cluster.local", "./*"], ["*.example.com"], ["other/*"],
    ["default/ext.example.com", "*/b.default.svc.cluster.local"],
)  # fmt: skip
FILES = {"serverCertificate": "/etc/c.pem", "privateKey": "/etc/k.pem"}
ENDING: tuple[Json, ...] = (
    {"mode": "SIMPLE", "credentialName": "cert"}, {"mode": "MUTUAL", "credentialName": "cert"},
    {"mode": "OPTIONAL_MUTUAL", "credentialName": "cert"}, {"mode": "SIMPLE", **FILES},
    {"mode": "SIMPLE", "credentialName": "missing"}, {"mode": "MUTUAL", **FILES, "caCertificates": "/etc/ca.pem"},
    {"mode": "SIMPLE", "credentialName": "cert", "minProtocolVersion": "TLSV1_3"},
)  # fmt: skip
PASSING: tuple[Json, ...] = ({"mode": "PASSTHROUGH"}, {"mode": "AUTO_PASSTHROUGH"})


def _server(protocol: str, numbers: tuple[int, ...], *tls: Json) -> SearchStrategy[Json]:
    said = st.sampled_from([{"tls": one} if one else {} for one in tls or ({},)])
    return st.builds(
        lambda number, hosts, more, extra: {
            "port": {"number": number, "name": f"{protocol.lower()}-{number}", "protocol": protocol}, "hosts": hosts,
            **more, **extra,
        },
        st.sampled_from(numbers), st.sampled_from(HOSTS), said, flagged(bind=st.sampled_from(("0.0.0.0", "10.1.0.20"))),
    )  # fmt: skip


@cache
def servers() -> SearchStrategy[Json]:
    return st.one_of(
        _server("HTTP", (80, 8080), {}, {}, {"httpsRedirect": True}), _server("HTTP2", (80,)),
        _server("HTTPS", (443, 8443), *ENDING), _server("TLS", (443, 9443), *ENDING[:4], *PASSING),
        _server("HTTPS", (443,), *PASSING), _server("TCP", (3306, 9443)),
    )  # fmt: skip


@cache
def gateways() -> SearchStrategy[Json]:
    found = st.lists(servers(), min_size=1, max_size=3, unique_by=lambda one: one["port"]["name"])
    spec = st.builds(
        lambda several, labels: {"selector": labels, "servers": several},
        found, st.sampled_from((GATEWAY_LABELS, GATEWAY_LABELS, {})),
    )  # fmt: skip
    return made(NETWORKING, meta("Gateway", ("edge", "edge2")), spec)


@cache
def secrets() -> SearchStrategy[Json]:
    """What the certificates are does not matter: the tests put their own in their place."""
    text = {"tls.crt": "certificate", "tls.key": "key", "ca.crt": "authorities"}
    return meta("Secret", ("cert",)).map(lambda one: {"apiVersion": "v1", **one, "stringData": text})
