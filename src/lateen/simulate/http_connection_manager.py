"""The HTTP connection manager: from a request as its client wrote it to what may come of it."""

import re
from collections.abc import Callable, Iterator

import msgspec
from envoy.config.route.v3.route_components_pb2 import VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.http.fault.v3.fault_pb2 import HTTPFault
from envoy.extensions.filters.network.http_connection_manager.v3.http_connection_manager_pb2 import (
    HttpConnectionManager,
    HttpFilter,
)

from lateen.simulate import http_filters, paths
from lateen.simulate.actions import act
from lateen.simulate.choices import scaled
from lateen.simulate.configuration import Configuration
from lateen.simulate.domains import Domains
from lateen.simulate.fields import AUTHORITY, METHOD, PATH, SCHEME, Fields
from lateen.simulate.grpc import as_seen
from lateen.simulate.request import Connection, Request
from lateen.simulate.rewrites import FORWARDED_PROTO, tls_location
from lateen.simulate.routes import Selected, select
from lateen.simulate.trace import (
    AnyStep,
    Delay,
    FilterActed,
    Outcome,
    RequestNormalized,
    RouteConfigurationChosen,
    Unsupported,
)

_FILTERS_TYPE = "type.googleapis.com/envoy.extensions.filters.http."
_FAULT = _FILTERS_TYPE + "fault.v3.HTTPFault"
_CORS = _FILTERS_TYPE + "cors.v3.Cors"
_DECIDING = (
    "rbac",
    "jwt_authn",
    "ext_authz",
    "lua",
    "wasm",
    "ext_proc",
    "ratelimit",
    "local_ratelimit",
    "header_to_metadata",
)

_ABSOLUTE = re.compile(r"https?://([^/?#]+)([^#]*.*)", re.IGNORECASE | re.DOTALL)
_CHARACTERS = r"A-Za-z0-9\-._~%!$&'()\[\]*+,;=:"
_AUTHORITY = {"HTTP/1.1": re.compile(f"[{_CHARACTERS}@]*"), "HTTP/2": re.compile(f"[{_CHARACTERS}]*")}
"""What may stand in an authority (source/common/http/header_utility.cc; quiche's HeaderValidator)."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request on one connection, on its way through the filters."""

    configuration: Configuration
    manager: HttpConnectionManager
    connection: Connection
    fields: Fields
    steps: list[AnyStep]


def serve(
    configuration: Configuration,
    manager: HttpConnectionManager,
    connection: Connection,
    request: Request,
    steps: list[AnyStep],
) -> list[Outcome]:
    """Return what may come of a request."""
    fields = _received(manager, connection, request)
    exchange = Exchange(
        configuration=configuration, manager=manager, connection=connection, fields=fields, steps=steps
    )
    if not _well_formed(request.method, fields, request.protocol):
        return [_malformed(request.protocol)]
    if refused := _refused(exchange, request):
        return as_seen(fields, [refused])
    found = _route_configuration(exchange)
    if found is None:
        return as_seen(fields, [Outcome(kind="response", status=404, flag="NR")])
    return as_seen(fields, _routed(exchange, *found))


def _received(manager: HttpConnectionManager, connection: Connection, request: Request) -> Fields:
    """Return the headers as routing sees them (source/common/http/conn_manager_utility.cc)."""
    fields = Fields(((METHOD, request.method), (AUTHORITY, request.authority), *request.headers))
    if absolute := _ABSOLUTE.fullmatch(request.path):  # a request line as proxies get it; its host counts
        fields.set(AUTHORITY, absolute[1])
        fields.set(PATH, absolute[2] if absolute[2].startswith("/") else "/" + absolute[2])
    elif request.path:
        fields.add(PATH, request.path)
    spoken = "https" if connection.tls is not None else "http"
    if manager.use_remote_address.value or not fields.get(FORWARDED_PROTO):
        fields.set(FORWARDED_PROTO, spoken)
    scheme = request.scheme if request.protocol == "HTTP/2" else fields.value(FORWARDED_PROTO)
    fields.set(SCHEME, scheme if scheme in ("http", "https") else spoken)
    return fields


def _refused(exchange: Exchange, request: Request) -> Outcome | None:
    manager, fields = exchange.manager, exchange.fields
    _strip_host(manager, fields, exchange.connection.port)
    if fields.value(PATH).startswith("*"):
        return Outcome(kind="response", status=404)  # the one form without a slash that a codec lets pass
    if path := fields.get(PATH):
        try:
            fields.set(PATH, paths.normalized(manager, path))
        except paths.Refused as refusal:
            return Outcome(
                kind="redirect" if refusal.location else "response",
                status=refusal.status,
                location=refusal.location,
            )
    if (fields.get(PATH) or "", fields.value(AUTHORITY)) != (request.path, request.authority):
        exchange.steps.append(RequestNormalized(path=fields.value(PATH), authority=fields.value(AUTHORITY)))
    if upgrade := _upgrade(fields):
        allowed = any(one.upgrade_type.lower() == upgrade for one in manager.upgrade_configs)
        return None if allowed else Outcome(kind="response", status=403)
    return None


def _well_formed(method: str, fields: Fields, protocol: str) -> bool:
    path = fields.value(PATH)
    authority = fields.value(AUTHORITY)
    if (protocol == "HTTP/1.1" and not authority) or not _AUTHORITY[protocol].fullmatch(authority):
        return False
    asterisk = path.startswith("*") if protocol == "HTTP/1.1" else path == "*"
    return method == "CONNECT" or path.startswith("/") or (asterisk and method == "OPTIONS")


def _malformed(protocol: str) -> Outcome:
    """Return what the codec does, before it knows of gRPC; over HTTP/2 it resets the stream."""
    if protocol == "HTTP/2":
        return Outcome(kind="reset")
    return Outcome(kind="response", status=400)


def _strip_host(manager: HttpConnectionManager, fields: Fields, port: int) -> None:
    host = fields.value(AUTHORITY)
    if manager.strip_trailing_host_dot:
        bare = paths.host_without_port(host)
        host = bare.removesuffix(".") + host[len(bare) :]
    bare = paths.host_without_port(host)
    own = manager.strip_matching_host_port and host[len(bare) :] == f":{port}"
    fields.set(AUTHORITY, bare if own or manager.strip_any_host_port else host)


def _upgrade(fields: Fields) -> str:
    asked = [part.strip().lower() for part in fields.value("connection").split(",")]
    return fields.value("upgrade").lower() if "upgrade" in asked else ""


def _route_configuration(exchange: Exchange) -> tuple[RouteConfiguration, Domains] | None:
    manager = exchange.manager
    if manager.WhichOneof("route_specifier") == "route_config":
        found: RouteConfiguration | None = manager.route_config
        name = manager.route_config.name
    else:
        name = manager.rds.route_config_name
        found = exchange.configuration.route_configuration(name)
    exchange.steps.append(RouteConfigurationChosen(route_configuration=name, found=found is not None))
    return None if found is None else (found, exchange.configuration.domains(found))


def _routed(exchange: Exchange, configuration: RouteConfiguration, domains: Domains) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for selected in select(configuration, domains, exchange.fields, exchange.steps):
        outcomes += scaled(_filtered(exchange, selected), selected.probability)
    return outcomes


def _filtered(exchange: Exchange, selected: Selected) -> list[Outcome]:
    to_tls = selected.virtual_host is not None and _requires_tls(selected.virtual_host, exchange.fields)
    # The redirect to TLS is a route of its own, with no settings for filters.
    settings = Selected(configuration=RouteConfiguration()) if to_tls else selected
    answered: list[Outcome] = []
    left, changes = 1.0, Changes()
    for one in exchange.manager.http_filters:
        apply = _APPLY.get(one.typed_config.type_url)
        if apply is None:
            exchange.steps.extend(_unknown(one))
            continue
        changes = apply(exchange, settings, one, changes)
        for outcome in changes.answers:
            answered += scaled([_placed(selected, outcome)], left)
            left -= left * outcome.probability
        changes = msgspec.structs.replace(changes, answers=())
    if left <= 0:
        return answered
    if to_tls:
        final = _to_tls(selected, exchange.fields)
    else:
        final = act(exchange.configuration, selected, exchange.fields, exchange.connection, exchange.steps)
    return [*answered, *scaled([_changed(final, changes)], left)]


class Changes(msgspec.Struct, frozen=True):
    """What the filters so far did to one exchange."""

    answers: tuple[Outcome, ...] = ()
    delay: Delay | None = None
    response_headers: tuple[tuple[str, str], ...] = ()


def _changed(outcome: Outcome, changes: Changes) -> Outcome:
    headers = (*outcome.response_headers, *changes.response_headers)
    return msgspec.structs.replace(outcome, delay=changes.delay, response_headers=headers)


def _placed(selected: Selected, outcome: Outcome) -> Outcome:
    return msgspec.structs.replace(
        outcome,
        route_configuration=selected.configuration.name,
        virtual_host=selected.virtual_host_name,
        route=selected.route_name,
    )


def _apply_fault(exchange: Exchange, selected: Selected, one: HttpFilter, changes: Changes) -> Changes:
    own = HTTPFault.FromString(one.typed_config.value)
    fault = http_filters.fault(own, one.name, selected, exchange.fields)
    answers: tuple[Outcome, ...] = ()
    if fault.delay:
        exchange.steps.append(FilterActed(name=one.name, action=f"delays {fault.delay.share:.0%}"))
    if abort := fault.abort:
        exchange.steps.append(FilterActed(name=one.name, action=f"aborts {abort.share:.0%}"))
        answers = (
            Outcome(
                kind="response",
                probability=abort.share,
                status=abort.status,
                grpc_status=abort.grpc_status,
                flag="FI",
                delay=fault.delay,
                response_headers=changes.response_headers,
            ),
        )
    return msgspec.structs.replace(changes, answers=answers, delay=fault.delay)


def _apply_cors(exchange: Exchange, selected: Selected, one: HttpFilter, changes: Changes) -> Changes:
    done = http_filters.cors(one.name, selected, exchange.fields)
    if done is None:
        return changes
    exchange.steps.append(
        FilterActed(name=one.name, action="answers the preflight" if done.answers else "adds headers")
    )
    if done.answers:
        answer = Outcome(kind="response", status=200, response_headers=done.response_headers)
        return msgspec.structs.replace(changes, answers=(answer,))
    return msgspec.structs.replace(
        changes, response_headers=(*changes.response_headers, *done.response_headers)
    )


def _unknown(one: HttpFilter) -> Iterator[AnyStep]:
    kind = one.typed_config.type_url.rpartition(".")[0].rpartition(".")[0].rpartition(".")[2]
    if kind in _DECIDING:
        yield Unsupported(what=f"HTTP filter {one.name}")


_APPLY: dict[str, Callable[[Exchange, Selected, HttpFilter, Changes], Changes]] = {
    _FAULT: _apply_fault,
    _CORS: _apply_cors,
}


def _requires_tls(virtual_host: VirtualHost, fields: Fields) -> bool:
    return virtual_host.require_tls == VirtualHost.ALL and fields.value(FORWARDED_PROTO) != "https"


def _to_tls(selected: Selected, fields: Fields) -> Outcome:
    return Outcome(
        kind="redirect",
        status=301,
        location=tls_location(fields),
        route_configuration=selected.configuration.name,
        virtual_host=selected.virtual_host_name,
    )
