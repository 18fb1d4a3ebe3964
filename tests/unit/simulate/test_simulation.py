"""Whole traces: what is told, and all that may happen."""

from typing import Any

import msgspec
import pytest

from lateen.simulate.configuration import Configuration
from lateen.simulate.request import Connection, Request
from lateen.simulate.simulation import simulate
from lateen.simulate.trace import Outcome, RouteTried, Trace
from support import handmade as made

DIRECT = Connection(address="10.0.0.9", port=80)
HALF = {"default_value": {"numerator": 50}}


def mesh(*routes: made.Json, **more: Any) -> Configuration:
    return made.configuration(
        clusters=[made.static_cluster(name, "10.0.0.1:80") for name in ("a", "b", "c")],
        listeners=[made.listener("in", "0.0.0.0", 80, {"name": "http", "filters": [made.manager()]})],
        routes=[
            {
                "name": "routes",
                "virtual_hosts": [{"name": "v", "domains": ["*"], "routes": list(routes), **more}],
            }
        ],
    )


def ask(configuration: Configuration, path: str = "/", **more: Any) -> Trace:
    return simulate(configuration, DIRECT, Request(authority="h", path=path, **more))


def to(cluster: str, **match: Any) -> made.Json:
    return {"name": cluster, "match": {"prefix": "/", **match}, "route": {"cluster": cluster}}


def shares(trace: Trace) -> dict[str, float]:
    return {one.cluster or str(one.status): round(one.probability, 6) for one in trace.outcomes}


def test_the_first_failed_condition_is_told() -> None:
    headers = [{"name": "x", "string_match": {"exact": "1"}}]
    trace = ask(mesh(to("a", prefix="/no"), to("b", headers=headers), to("c")))
    told = [(step.route, step.failed) for step in trace.steps if isinstance(step, RouteTried)]
    assert told == [
        ("a", "path: wants prefix '/no', got '/'"),
        ("b", "header: wants x exact '1', got none"),
        ("c", ""),
    ]


def test_weights_are_shares_and_zero_is_never() -> None:
    clusters = [{"name": "a", "weight": 3}, {"name": "b", "weight": 0}, {"name": "c", "weight": 1}]
    route = {"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": clusters}}}
    assert shares(ask(mesh(route))) == {"a": 0.75, "c": 0.25}


def test_a_runtime_fraction_leaves_the_rest_to_later_routes() -> None:
    assert shares(ask(mesh(to("a", runtime_fraction=HALF), to("b", runtime_fraction=HALF)))) == {
        "a": 0.5,
        "b": 0.25,
        "404": 0.25,
    }


def test_faults_are_shares_too() -> None:
    fault = {
        "@type": made.FILTERS + "http.fault.v3.HTTPFault",
        "abort": {"http_status": 503, "percentage": {"numerator": 20}},
        "delay": {"fixed_delay": "2s", "percentage": {"numerator": 10}},
    }
    route = to("a") | {"typed_per_filter_config": {"envoy.filters.http.fault": fault}}
    trace = ask(mesh(route))
    assert [(one.kind, one.flag, round(one.probability, 6)) for one in trace.outcomes] == [
        ("response", "FI", 0.2),
        ("cluster", "", 0.8),
    ]
    assert all(
        one.delay and (one.delay.nanoseconds, one.delay.share) == (2_000_000_000, 0.1)
        for one in trace.outcomes
    )


@pytest.mark.parametrize(
    ("cluster", "wanted"),
    [("missing", (503, "NC")), ("empty", (503, "UH"))],
    ids=["no cluster", "no endpoint"],
)
def test_clusters_that_lead_nowhere(cluster: str, wanted: tuple[int, str]) -> None:
    resources = made.configuration(
        clusters=[made.static_cluster("empty")],
        listeners=[made.listener("in", "0.0.0.0", 80, {"filters": [made.manager()]})],
        routes=[
            {"name": "routes", "virtual_hosts": [{"name": "v", "domains": ["*"], "routes": [to(cluster)]}]}
        ],
    )
    outcome = ask(resources).outcome
    assert (outcome.status, outcome.flag) == wanted


def test_policies_of_the_route() -> None:
    action = {
        "cluster": "a",
        "timeout": "2s",
        "retry_policy": {"retry_on": "5xx", "num_retries": 3, "per_try_timeout": "0.5s"},
        "request_mirror_policies": [{"cluster": "b", "runtime_fraction": HALF}],
        "hash_policy": [
            {"header": {"header_name": "x-user"}},
            {"connection_properties": {"source_ip": True}},
        ],
    }
    outcome = ask(mesh({"match": {"prefix": "/"}, "route": action})).outcome
    assert outcome.timeout == 2_000_000_000
    assert outcome.retry
    assert (outcome.retry.attempts, outcome.retry.on, outcome.retry.per_try_timeout) == (
        3,
        "5xx",
        500_000_000,
    )
    assert [(mirror.cluster, mirror.share) for mirror in outcome.mirrors] == [("b", 0.5)]
    assert outcome.hash_policy == ("header x-user", "source address")


def test_envoys_own_timeout_and_no_retry() -> None:
    outcome = ask(mesh(to("a"))).outcome
    assert (outcome.timeout, outcome.retry) == (15_000_000_000, None)


@pytest.mark.parametrize(
    ("connection", "request_"),
    [
        (Connection(address="10.0.0.9", port=81), Request(authority="h")),
        (Connection(address="10.0.0.9", port=80, captured_by=15001), Request(authority="h")),
    ],
    ids=["nothing listens", "nothing captures"],
)
def test_no_listener(connection: Connection, request_: Request) -> None:
    trace = simulate(mesh(to("a")), connection, request_)
    assert [one.kind for one in trace.outcomes] == ["reset"]


def test_bytes_where_http_is_expected() -> None:
    trace = simulate(mesh(to("a")), msgspec.structs.replace(DIRECT, payload="bytes"))
    assert trace.outcome.status == 400


def test_a_trace_can_be_written_as_json() -> None:
    trace = ask(mesh(to("a")))
    assert msgspec.json.decode(msgspec.json.encode(trace), type=Trace) == trace


def test_upgrades_must_be_allowed() -> None:
    headers = (("connection", "Upgrade"), ("upgrade", "websocket"))
    assert ask(mesh(to("a")), headers=headers).outcome.status == 403


def test_probabilities_add_up() -> None:
    clusters = [{"name": "a", "weight": 1}, {"name": "b", "weight": 2}]
    split = {
        "match": {"prefix": "/", "runtime_fraction": HALF},
        "route": {"weighted_clusters": {"clusters": clusters}},
    }
    outcomes: tuple[Outcome, ...] = ask(mesh(split, to("c"))).outcomes
    assert sum(one.probability for one in outcomes) == pytest.approx(1)
