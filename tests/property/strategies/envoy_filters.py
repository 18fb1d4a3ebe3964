"""EnvoyFilters that change what becomes of requests."""

from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from strategies.words import VERSIONS, Json, flagged, made, meta

FAULT = {
    "name": "more.fault",
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
        "abort": {"http_status": 521, "percentage": {"numerator": 100}},
        "headers": [{"name": "end-user", "string_match": {"exact": "jason"}}],
    },
}
ROUTES: tuple[Json, ...] = (
    {
        "operation": "INSERT_FIRST",
        "value": {"name": "front", "match": {"path": "/x"}, "direct_response": {"status": 201}},
    },
    {
        "operation": "ADD",
        "value": {"name": "end", "match": {"prefix": "/"}, "direct_response": {"status": 202}},
    },
    {
        "operation": "MERGE",
        "value": {"request_headers_to_add": [{"header": {"key": "x-merged", "value": "%REQ(:method)%"}}]},
    },
    {"operation": "MERGE", "value": {"match": {"runtime_fraction": {"default_value": {"numerator": 50}}}}},
    {"operation": "MERGE", "value": {"match": {"headers": [{"name": "x-two", "present_match": True}]}}},
    {"operation": "REMOVE"},
)
VIRTUAL_HOSTS: tuple[Json, ...] = (
    {
        "operation": "ADD",
        "value": {
            "name": "made", "domains": ["made.example"],
            "routes": [{"name": "made", "match": {"prefix": "/"}, "direct_response": {"status": 203}}],
        },
    },
    {"operation": "MERGE", "value": {"response_headers_to_add": [{"header": {"key": "x-level", "value": "host"}}]}},
    {"operation": "MERGE", "value": {"require_tls": "ALL"}},
    {"operation": "REMOVE"},
)  # fmt: skip
CONFIGURATIONS: tuple[Json, ...] = (
    {
        "operation": "MERGE",
        "value": {"request_headers_to_add": [{"header": {"key": "x-level", "value": "configuration"}}]},
    },
    {
        "operation": "MERGE",
        "value": {"ignore_port_in_host_matching": True, "most_specific_header_mutations_wins": True},
    },
)
MANAGER = "envoy.filters.network.http_connection_manager"
MANAGERS: tuple[Json, ...] = (
    {"use_remote_address": True}, {"merge_slashes": True}, {"strip_any_host_port": True}, {"normalize_path": False},
    {"strip_trailing_host_dot": True}, {"path_with_escaped_slashes_action": "UNESCAPE_AND_FORWARD"},
)  # fmt: skip


def _typed(value: Json) -> Json:
    kind = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    return {"operation": "MERGE", "value": {"typed_config": {"@type": kind, **value}}}


def _patch(kind: str, match: SearchStrategy[Json], patches: tuple[Json, ...]) -> SearchStrategy[Json]:
    context = st.sampled_from(("ANY", "SIDECAR_OUTBOUND", "SIDECAR_INBOUND", "GATEWAY"))
    return st.builds(
        lambda where, found, patch: {"applyTo": kind, "match": {"context": where, **found}, "patch": patch},
        context, match, st.sampled_from(patches),
    )  # fmt: skip


@cache
def patches() -> SearchStrategy[Json]:
    anywhere: SearchStrategy[Json] = st.just({})
    route = st.sampled_from(({}, {"name": "first"}, {"action": "REDIRECT"}, {"action": "ROUTE"}))
    hosts = st.sampled_from(
        ({}, {"name": "a.default.svc.cluster.local:9080"}, {"domainName": "ext.example.com"})
    )
    vhost = st.builds(
        lambda one, found: {"routeConfiguration": {"vhost": {**one, "route": found}}}, hosts, route
    )
    port = flagged(portNumber=st.sampled_from((80, 9080))).map(
        lambda one: {"routeConfiguration": one} if one else {}
    )
    only = hosts.map(lambda one: {"routeConfiguration": {"vhost": one}})
    manager = {"listener": {"filterChain": {"filter": {"name": MANAGER}}}}
    router = {
        "listener": {
            "filterChain": {"filter": {"name": MANAGER, "subFilter": {"name": "envoy.filters.http.router"}}}
        }
    }
    return st.one_of(
        _patch("HTTP_ROUTE", vhost, ROUTES), _patch("HTTP_ROUTE", vhost, ROUTES[:5]),
        _patch("VIRTUAL_HOST", anywhere | only, VIRTUAL_HOSTS), _patch("ROUTE_CONFIGURATION", anywhere | port, CONFIGURATIONS),
        _patch("HTTP_FILTER", st.just(router), ({"operation": "INSERT_BEFORE", "value": FAULT},)),
        _patch("NETWORK_FILTER", st.just(manager), tuple(_typed(one) for one in MANAGERS)),
    )  # fmt: skip


@cache
def envoy_filters() -> SearchStrategy[Json]:
    spec = st.builds(
        lambda found, more: {"configPatches": found, **more},
        st.lists(patches(), min_size=1, max_size=2),
        flagged(
            workloadSelector=st.sampled_from(VERSIONS).map(lambda one: {"labels": {"version": one}}),
            priority=st.sampled_from((-1, 1)),
        ),
    )  # fmt: skip
    return made("networking.istio.io/v1alpha3", meta("EnvoyFilter", ("ef1", "ef2")), spec)
