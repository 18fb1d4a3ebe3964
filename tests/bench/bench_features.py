"""What each thing that Istio's configuration holds costs for every request: the lean pair, with one thing added."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from statistics import median

from bench_report import Figure, Table
from bench_static import Json
from bench_throughput import Pair, static_pair

ROUNDS, SECONDS, CONNECTIONS = 6, 1.0, 8
_F = "type.googleapis.com/envoy.extensions.filters.http."
_RETRY = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"


def tables() -> Iterator[Table]:
    yield asyncio.run(_table())


async def _table() -> Table:
    async with AsyncExitStack() as stack:
        lean = await static_pair(stack)
        pairs = {name: await static_pair(stack, feature) for name, feature in FEATURES.items()}
        for pair in (lean, *pairs.values()):
            await pair.round(SECONDS, CONNECTIONS)
        for _ in range(ROUNDS):
            for pair in (lean, *pairs.values()):
                pair.rounds = [*pair.rounds, await pair.round(SECONDS, CONNECTIONS)]
        figures = (
            _figure("nothing but the router", lean, lean),
            *(_figure(name, one, lean) for name, one in pairs.items()),
        )
    return Table(
        title=f"processor time for each request, by what is in both sidecars, {CONNECTIONS} connections",
        figures=figures,
    )


def _figure(name: str, pair: Pair, lean: Pair) -> Figure:
    cost, base = (median(one.cost for one in each.rounds) for each in (pair, lean))
    least, best = (min(one.cost for one in each.rounds) for each in (pair, lean))
    note = (
        "" if pair is lean else f"{cost / base:.3f} of the lean pair; of the best rounds {least / best:.3f}"
    )
    return Figure(name=name, value=cost, unit="µs", note=note)


def _filters(*names: str) -> "list[Json]":
    kinds = {
        "grpc_stats": "grpc_stats.v3.FilterConfig",
        "fault": "fault.v3.HTTPFault",
        "cors": "cors.v3.Cors",
    }
    return [
        {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": _F + kinds[name]}} for name in names
    ]


def with_grpc_stats(manager: Json) -> Json:
    own = _filters("grpc_stats")
    own[0]["typed_config"] |= {"emit_filter_state": True, "stats_for_all_methods": False}
    return manager | {"http_filters": own + manager["http_filters"]}


def with_fault_and_cors(manager: Json) -> Json:
    return manager | {"http_filters": _filters("fault", "cors") + manager["http_filters"]}


def with_retries(manager: Json) -> Json:
    """Istio's default retry policy on the way out and on the way in."""
    previous = "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
    predicate = {"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {"@type": previous}}
    out = {
        "retry_on": _RETRY,
        "num_retries": 2,
        "retry_host_predicate": [predicate],
        "host_selection_retry_max_attempts": "5",
    }
    policy = (
        out if manager["stat_prefix"] == "out" else {"retry_on": "reset-before-request", "num_retries": 2}
    )
    return _with_route(manager, {"retry_policy": policy, "timeout": "0s"})


def with_request_settings(manager: Json) -> Json:
    """Paths normalised, upgrades allowed, attempts counted, certificates forwarded, a server name."""
    more = {
        "normalize_path": True,
        "proxy_100_continue": True,
        "upgrade_configs": [{"upgrade_type": "websocket"}],
    }
    inbound = {
        "server_name": "istio-envoy",
        "forward_client_cert_details": "APPEND_FORWARD",
        "set_current_client_cert_details": {"uri": True},
    }
    return manager | more | (inbound if manager["stat_prefix"] == "in" else {})


def without_stream_idle_timeout(manager: Json) -> Json:
    return manager | {"stream_idle_timeout": "0s"}


def everything(manager: Json) -> Json:
    return with_retries(
        with_request_settings(with_grpc_stats(with_fault_and_cors(without_stream_idle_timeout(manager))))
    )


def _with_route(manager: Json, more: Json) -> Json:
    host = manager["route_config"]["virtual_hosts"][0]
    routes = [{**one, "route": one["route"] | more} for one in host["routes"]]
    return manager | {"route_config": {"virtual_hosts": [host | {"routes": routes}]}}


FEATURES = {
    "grpc_stats": with_grpc_stats,
    "fault and cors": with_fault_and_cors,
    "retry policies": with_retries,
    "path normalisation, upgrades, names": with_request_settings,
    "no stream idle timeout": without_stream_idle_timeout,
    "all of these": everything,
}
