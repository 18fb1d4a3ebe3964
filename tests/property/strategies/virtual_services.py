"""VirtualServices: HTTP, TLS and TCP routes, bound to the mesh and to gateways, and those that they delegate to."""

from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.destinations import splits
from strategies.http_rules import rules
from strategies.words import EXTERNAL, GATEWAYS, NETWORKING, Json, exports, flagged, made, meta, some, sources

ANY = ("*",)
HOSTS: tuple[tuple[str, ...], ...] = (
    ANY, ("a",), ("b",), ("a", "b"), ("a.other.svc.cluster.local",), (EXTERNAL,), ("*.example.com",), ("*.wild.example.com",),
    ("a", EXTERNAL), ("api.wild.example.com", "nowhere"), ("*.svc.cluster.local",), ("10.96.0.1",), ANY,
)  # fmt: skip
SUBNETS = ("10.96.0.1", "10.96.0.0/24", "10.97.0.0/16", "0.0.0.0/0")


@cache
def bound(hosts: tuple[str, ...]) -> SearchStrategy[Json]:
    """What a VirtualService says of itself; `*` is for gateways alone."""
    gateways = GATEWAYS if hosts != ANY else GATEWAYS[:3]
    chosen = st.lists(st.sampled_from(gateways), min_size=1, max_size=3, unique=True)
    own = chosen.map(lambda found: {"gateways": found})
    return st.builds(
        lambda one, two: {"hosts": list(hosts), **one, **two},
        own if hosts == ANY else st.just({}) | own, flagged(exportTo=exports()),
    )  # fmt: skip


@cache
def _tls_routes(hosts: tuple[str, ...]) -> SearchStrategy[list[Json]]:
    optional: dict[str, SearchStrategy[Any]] = {
        "destinationSubnets": st.lists(st.sampled_from(SUBNETS), min_size=1, max_size=2, unique=True),
        **sources(),
    }
    match = st.builds(
        lambda names, more: {"sniHosts": names, **more},
        st.lists(st.sampled_from(hosts), min_size=1, max_size=2, unique=True), some(optional),
    )  # fmt: skip
    route = st.builds(
        lambda found, to: {"match": found, "route": to}, st.lists(match, min_size=1, max_size=2), splits()
    )
    return st.lists(route, min_size=1, max_size=2)


@cache
def _tcp_routes() -> SearchStrategy[list[Json]]:
    optional: dict[str, SearchStrategy[Any]] = {
        "destinationSubnets": st.lists(st.sampled_from(SUBNETS), min_size=1, max_size=2, unique=True),
        **sources(),
    }
    matched = st.lists(some(optional).filter(bool), max_size=2).map(
        lambda found: {"match": found} if found else {}
    )
    return st.lists(
        st.builds(lambda one, to: {**one, "route": to}, matched, splits()), min_size=1, max_size=2
    )


@cache
def _routes(hosts: tuple[str, ...]) -> SearchStrategy[Json]:
    http, tcp = rules(delegate=True), _tcp_routes()
    names = tuple(host for host in hosts if "." in host and not host[0].isdigit())
    kinds: list[SearchStrategy[Json]] = [
        *(http.map(lambda one: {"http": one}) for _ in range(4)),
        tcp.map(lambda one: {"tcp": one}),
        st.builds(lambda one, two: {"http": one, "tcp": two}, http, tcp),
    ]
    if names:
        tls = _tls_routes(names)
        kinds += [
            tls.map(lambda one: {"tls": one}),
            st.builds(lambda one, two: {"tls": one, "http": two}, tls, http),
        ]
    return st.one_of(kinds)


@cache
def virtual_services() -> SearchStrategy[Json]:
    spec = st.sampled_from(HOSTS).flatmap(
        lambda hosts: st.builds(lambda one, two: one | two, bound(hosts), _routes(hosts))
    )
    return made(NETWORKING, meta("VirtualService", ("vs1", "vs2", "vs3")), spec)


@cache
def at_gateways() -> SearchStrategy[Json]:
    """VirtualServices of the Gateway that is likely to be there."""
    return virtual_services().map(lambda one: {**one, "spec": one["spec"] | {"gateways": ["default/edge"]}})


@cache
def delegates() -> SearchStrategy[Json]:
    """VirtualServices without hosts."""
    spec = st.builds(
        lambda http, more: {"http": http, **more}, rules(delegate=False), flagged(exportTo=exports())
    )
    return made(NETWORKING, meta("VirtualService", ("d1", "d2")), spec)
