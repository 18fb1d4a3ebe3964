"""Lean Envoy configuration written by hand: the two hops of a mesh and nothing else, and the upstream behind them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lateen.local.capture import INBOUND_MARK, INBOUND_PORT, OUTBOUND_PORT, PROXY_MARK

Json = dict[str, Any]
Feature = Callable[[Json], Json]
PORT = 8080
BODY = "x" * 1020 + "END\n"
_T = "type.googleapis.com/envoy."
_SOL_SOCKET, _SO_MARK = 1, 36


def upstream() -> Json:
    """Answer every request at once with one kilobyte: an Envoy, so that the application is not what is measured."""
    answer = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": BODY}}}
    listener = {
        "name": "app",
        "address": address("0.0.0.0", PORT),
        "filter_chains": [{"filters": [manager("app", answer)]}],
    }
    return {"static_resources": {"listeners": [listener]}}


def sidecar(admin: Path, server: str, feature: "Feature" = lambda manager: manager) -> Json:
    """Capture, HTTP, one route, static endpoints: out to `server`, and in to the application.

    `feature` adds something to both HTTP connection managers.
    """
    both = (_captured("out", OUTBOUND_PORT, "server"), _captured("in", INBOUND_PORT, "app"))
    for listener in both:
        for part in listener["filter_chains"][0]["filters"]:
            part["typed_config"] = feature(part["typed_config"])
    return {
        "admin": {"address": {"pipe": {"path": str(admin), "mode": 0o600}}},
        "cluster_manager": {"upstream_bind_config": mark(PROXY_MARK)},
        "static_resources": {
            "listeners": list(both),
            "clusters": [
                cluster("server", server),
                {**cluster("app", "127.0.0.1"), "upstream_bind_config": mark(INBOUND_MARK, "127.0.0.6")},
            ],
        },
    }


def _captured(name: str, port: int, to: str) -> Json:
    original = {"@type": _T + "extensions.filters.listener.original_dst.v3.OriginalDst"}
    return {
        "name": name,
        "address": address("0.0.0.0", port),
        "listener_filters": [{"name": "envoy.filters.listener.original_dst", "typed_config": original}],
        "filter_chains": [{"filters": [manager(name, {"match": {"prefix": "/"}, "route": {"cluster": to}})]}],
    }


def manager(name: str, route: Json) -> Json:
    """Return an HTTP connection manager with one route and the router alone."""
    router = {"@type": _T + "extensions.filters.http.router.v3.Router"}
    settings = {
        "@type": _T + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "route_config": {"virtual_hosts": [{"name": name, "domains": ["*"], "routes": [route]}]},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": router}],
    }
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": settings}


def cluster(name: str, host: str) -> Json:
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address(host, PORT)}}]}]
    assignment = {"cluster_name": name, "endpoints": endpoints}
    return {"name": name, "type": "STATIC", "connect_timeout": "3s", "load_assignment": assignment}


def address(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}


def mark(number: int, source: str = "") -> Json:
    """Say by which mark capture knows a connection."""
    option = {"level": _SOL_SOCKET, "name": _SO_MARK, "int_value": number, "state": "STATE_PREBIND"}
    place = {"source_address": {"address": source, "port_value": 0}} if source else {}
    return {"socket_options": [option], **place}
