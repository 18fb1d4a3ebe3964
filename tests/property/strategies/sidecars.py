"""Sidecars: what is imported, on which listeners, and what is taken in."""

from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.words import NETWORKING, VERSIONS, Json, flagged, made, meta

IMPORTS = (
    ["./*"],
    ["*/*"],
    ["*/a.default.svc.cluster.local"],
    ["other/*"],
    ["~/*"],
    ["*/*.example.com", "./*"],
)
BOUND: tuple[Json, ...] = (
    {"port": {"number": 9080, "name": "http", "protocol": "HTTP"}},
    {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "bind": "127.0.0.1"},
    {
        "port": {"number": 7777, "name": "http", "protocol": "HTTP"},
        "bind": "127.0.0.1",
        "captureMode": "NONE",
    },
    {"port": {"number": 3306, "name": "db", "protocol": "TCP"}, "bind": "127.0.0.1", "captureMode": "NONE"},
    {"port": {"number": 9080, "name": "tcp", "protocol": "TCP"}, "captureMode": "IPTABLES"},
    {"port": {"number": 443, "name": "tls", "protocol": "TLS"}},
    {"port": {"number": 8080, "name": "auto"}, "bind": "10.97.0.1"},
)
POLICIES: tuple[Json, ...] = (
    {"mode": "REGISTRY_ONLY"}, {"mode": "ALLOW_ANY"}, {},
    {"mode": "ALLOW_ANY", "egressProxy": {"host": "a.default.svc.cluster.local", "port": {"number": 9080}}},
)  # fmt: skip
FILES = {"mode": "SIMPLE", "serverCertificate": "/etc/c.pem", "privateKey": "/etc/k.pem"}
INGRESS: tuple[Json, ...] = (
    {"port": {"number": 9080, "name": "http", "protocol": "HTTP"}, "defaultEndpoint": "127.0.0.1:8080"},
    {"port": {"number": 8080, "name": "http2", "protocol": "HTTP2"}, "defaultEndpoint": "0.0.0.0:9090"},
    {"port": {"number": 3306, "name": "db", "protocol": "TCP"}, "defaultEndpoint": "unix:///run/db.sock"},
    {"port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "defaultEndpoint": "127.0.0.1:80", "tls": FILES},
    {"port": {"number": 7000, "name": "auto"}},
    {"port": {"number": 7001, "name": "http", "protocol": "HTTP"}, "bind": "127.0.0.1", "captureMode": "NONE"},
)  # fmt: skip


@cache
def _egress() -> SearchStrategy[list[Json]]:
    hosts = st.sampled_from(IMPORTS)
    bound = st.builds(lambda one, found: {**one, "hosts": found}, st.sampled_from(BOUND), hosts)
    last = st.just([]) | hosts.map(lambda found: [{"hosts": found}])
    several = st.lists(bound, max_size=2, unique_by=lambda one: one["port"]["number"])
    return st.builds(lambda one, two: [*one, *two], several, last).filter(bool)


@cache
def _ingress() -> SearchStrategy[list[Json]]:
    return st.lists(
        st.sampled_from(INGRESS), min_size=1, max_size=2, unique_by=lambda one: one["port"]["number"]
    )


@cache
def sidecars() -> SearchStrategy[Json]:
    """A Sidecar without selector is for its namespace, and must not have ingress."""
    rest = flagged(outboundTrafficPolicy=st.sampled_from(POLICIES))
    whole = st.builds(lambda egress, more: {"egress": egress, **more}, _egress(), rest)
    selected = st.builds(
        lambda version, egress, ingress, more: {
            "workloadSelector": {"labels": {"version": version}}, "egress": egress, **ingress, **more,
        },
        st.sampled_from(VERSIONS), _egress(), flagged(ingress=_ingress()), rest,
    )  # fmt: skip
    return made(NETWORKING, meta("Sidecar", ("sc1", "sc2")), whole | selected)
