"""Traffic policies: everything that a DestinationRule says about a host, a subset or a port."""

from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.words import PORTS, Json, some

HASHES = (
    {"httpHeaderName": "x-user"}, {"httpCookie": {"name": "session", "ttl": "10s"}}, {"httpCookie": {"name": "s", "ttl": "0s"}},
    {"useSourceIp": True}, {"httpQueryParameterName": "q"}, {"httpHeaderName": "x-user", "maglev": {"tableSize": 101}},
    {"useSourceIp": True, "ringHash": {"minimumRingSize": 64}},
)  # fmt: skip
LOCALITY: tuple[Json, ...] = (
    {"enabled": True}, {"enabled": False}, {"failover": [{"from": "r1", "to": "r2"}]},
    {"failoverPriority": ["topology.kubernetes.io/region", "version"]},
    {"distribute": [{"from": "r1/*", "to": {"r1/z1/*": 80, "r2/*": 20}}]}, {"failoverPriority": ["version=v1"]},
)  # fmt: skip
POOLS: tuple[Json, ...] = (
    {"tcp": {"maxConnections": 100, "connectTimeout": "1s", "idleTimeout": "10s"}},
    {"http": {"http1MaxPendingRequests": 100, "maxRetries": 2, "maxRequestsPerConnection": 1}},
    {"http": {"h2UpgradePolicy": "UPGRADE"}}, {"http": {"useClientProtocol": True}},
    {"tcp": {"tcpKeepalive": {"time": "7200s"}, "maxConnectionDuration": "60s"}},
)  # fmt: skip


@cache
def load_balancers() -> SearchStrategy[Json]:
    chosen = st.one_of(
        st.sampled_from(("RANDOM", "ROUND_ROBIN", "LEAST_REQUEST", "LEAST_CONN", "PASSTHROUGH")).map(
            lambda one: {"simple": one}
        ),
        st.sampled_from(HASHES).map(lambda one: {"consistentHash": one}),
        st.just({}),
    )
    locality = st.sampled_from(LOCALITY).map(lambda one: {"localityLbSetting": one})
    return st.builds(lambda one, two: one | two, chosen, st.just({}) | locality).filter(bool)


@cache
def _settings() -> dict[str, SearchStrategy[Any]]:
    return {
        "loadBalancer": load_balancers(),
        "connectionPool": st.sampled_from(POOLS),
        "outlierDetection": st.sampled_from(({"consecutive5xxErrors": 3}, {"minHealthPercent": 10, "interval": "5s"})),
        "tls": st.sampled_from((
            {"mode": "DISABLE"}, {"mode": "SIMPLE", "sni": "x.example.com"}, {"mode": "SIMPLE", "insecureSkipVerify": True},
        )),
    }  # fmt: skip


@cache
def traffic_policies(*, ports: bool = True) -> SearchStrategy[Json]:
    """Up to two settings, and perhaps another policy for a port."""
    own = some(_settings()).filter(bool)
    if not ports:
        return own
    port = st.builds(
        lambda number, more: {"port": {"number": number}, **more},
        st.sampled_from(PORTS),
        some(_settings()).filter(bool),
    )
    levels = st.lists(port, min_size=1, max_size=2, unique_by=lambda one: one["port"]["number"])
    more = levels.map(lambda found: {"portLevelSettings": found})
    rare = st.sampled_from(
        ({"proxyProtocol": {"version": "V1"}}, {"tunnel": {"targetHost": "t.example.com", "targetPort": 80}})
    )
    return st.builds(lambda one, two: one | two, own, st.one_of(st.just({}), st.just({}), more, rare))
