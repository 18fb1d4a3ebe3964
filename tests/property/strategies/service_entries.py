"""ServiceEntries of all resolutions, and WorkloadEntries."""

from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.words import (
    EXTERNAL,
    LOCALITIES,
    NETWORKING,
    SERVICES,
    VERSIONS,
    Json,
    exports,
    flagged,
    made,
    meta,
)

HTTP = {"number": 80, "name": "http", "protocol": "HTTP"}
TLS = {"number": 443, "name": "tls", "protocol": "TLS"}
HTTPS = {"number": 443, "name": "https", "protocol": "HTTPS"}
TCP = {"number": 9080, "name": "tcp", "protocol": "TCP"}
PORTS: tuple[list[Json], ...] = (
    [HTTP], [TCP, TLS], [HTTP, HTTPS], [{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": 8080}],
    [{"number": 9080, "name": "http2", "protocol": "HTTP2"}], [{"number": 3306, "name": "mongo", "protocol": "MONGO"}],
    [{"number": 8080, "name": "auto"}],
)  # fmt: skip


def endpoints(*names: str) -> SearchStrategy[list[Json]]:
    """Endpoints with some of these addresses."""
    more = flagged(
        labels=st.sampled_from(VERSIONS).map(lambda version: {"version": version}),
        weight=st.sampled_from((0, 1, 3)), locality=st.sampled_from(LOCALITIES),
        ports=st.just({"http": 8081}),
    )  # fmt: skip
    one = st.builds(lambda address, extra: {"address": address, **extra}, st.sampled_from(names), more)
    return st.lists(one, min_size=1, max_size=3, unique_by=lambda found: found["address"])


def _resolved(resolution: str, *names: str, **more: Any) -> SearchStrategy[Json]:
    return endpoints(*names).map(lambda found: {"resolution": resolution, "endpoints": found, **more})


@cache
def _specs() -> SearchStrategy[Json]:
    plain, wild = (
        st.just([EXTERNAL]),
        st.sampled_from((["*.wild.example.com"], [EXTERNAL, "api.wild.example.com"])),
    )
    ports, web = st.sampled_from(PORTS), st.sampled_from([PORTS[0], PORTS[2], PORTS[3]])
    named = st.one_of(
        st.just({"resolution": "DNS"}), st.just({"resolution": "DNS_ROUND_ROBIN"}),
        _resolved("DNS", "one.example.com", "10.9.0.1"),
    )  # fmt: skip
    fixed = st.one_of(
        _resolved("STATIC", "10.9.0.1", "10.9.0.2", "10.9.0.3"),
        _resolved("STATIC", "10.9.0.1", "10.9.0.2", addresses=["10.97.0.1"]),
        st.just(
            {
                "resolution": "STATIC",
                "workloadSelector": {"labels": {"app": "a"}},
                "location": "MESH_INTERNAL",
            }
        ),
        st.just({"resolution": "NONE"}),
        st.sampled_from((["10.97.0.1"], ["10.97.0.0/16"], ["10.97.0.1", "10.97.0.2"])).map(
            lambda found: {"resolution": "NONE", "addresses": found}
        ),
    )
    socket = st.just({"resolution": "STATIC", "endpoints": [{"address": "unix:///run/app.sock"}]})
    dynamic = st.just({"resolution": "DYNAMIC_DNS"})
    kinds = (
        (plain, ports, named | fixed), (plain, ports, named | fixed), (wild, web, fixed), (plain, st.sampled_from(([HTTP], [TCP])), socket),
        (st.just(["*.wild.example.com"]), st.sampled_from(([HTTP], [TLS])), dynamic),
    )  # fmt: skip
    return st.one_of(
        *(
            st.builds(lambda one, two, three: _fitting({"hosts": one, "ports": two, **three}), *kind)
            for kind in kinds
        )
    )


def _fitting(spec: Json) -> Json:
    """Let endpoints map only ports that the entry has."""
    if any(port["name"] == "http" for port in spec["ports"]):
        return spec
    bare = [{key: value for key, value in one.items() if key != "ports"} for one in spec.get("endpoints", ())]
    return spec | ({"endpoints": bare} if bare else {})


@cache
def service_entries() -> SearchStrategy[Json]:
    more = flagged(exportTo=exports(), location=st.sampled_from(("MESH_EXTERNAL", "MESH_INTERNAL")))
    spec = st.builds(lambda one, two: two | one, _specs(), more)
    return made(NETWORKING, meta("ServiceEntry", ("se1", "se2", "se3")), spec)


@cache
def workload_entries() -> SearchStrategy[Json]:
    labels = st.builds(
        lambda app, version: {"app": app, "version": version},
        st.sampled_from(SERVICES),
        st.sampled_from(VERSIONS),
    )
    more = flagged(
        ports=st.sampled_from(({"http": 8081}, {"tcp": 9081})), weight=st.sampled_from((1, 3)),
        locality=st.sampled_from(LOCALITIES),
    )  # fmt: skip
    spec = st.builds(
        lambda address, found, extra: {"address": address, "labels": found, **extra},
        st.sampled_from(("10.3.0.1", "10.3.0.2")), labels, more,
    )  # fmt: skip
    return made(NETWORKING, meta("WorkloadEntry", ("we1", "we2")), spec)
