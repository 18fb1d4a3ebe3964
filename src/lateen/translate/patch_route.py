"""Patches of route configurations, virtual hosts and routes.

Source: pilot/pkg/networking/core/envoyfilter/rc_patch.go; names of gateways' routes: pilot/pkg/model/gateway.go.
"""

from collections.abc import Iterable

import msgspec
from envoy.config.route.v3.route_components_pb2 import Route, VirtualHost
from envoy.config.route.v3.route_pb2 import RouteConfiguration

from lateen.api.envoy_filter import RouteConfigurationMatch, VirtualHostMatch
from lateen.model.envoy_filters import Context
from lateen.translate import message
from lateen.translate.names import parse_cluster
from lateen.translate.patch import Patch, Patched
from lateen.translate.patch_list import edited, replace_all
from lateen.translate.patch_run import Run

_ACTIONS = {"route": "ROUTE", "redirect": "REDIRECT", "direct_response": "DIRECT_RESPONSE"}


class GatewayRoute(msgspec.Struct, frozen=True):
    """What the name of a gateway's route configuration says."""

    port: int = 0
    """The port that is opened."""
    port_name: str = ""
    gateway: str = ""
    """`namespace/name`."""


def gateway_route(name: str) -> GatewayRoute:
    """Read `http.PORT` or `https.PORT.PORTNAME.GATEWAY.NAMESPACE`."""
    head, _, rest = name.partition(".")
    if head == "http":
        return GatewayRoute(_number(rest))
    parts = rest.split(".")
    if head == "https" and len(parts) == 4:
        return GatewayRoute(_number(parts[0]), parts[1], f"{parts[3]}/{parts[2]}")
    return GatewayRoute()


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def patched(
    name: str, body: bytes, context: Context, patches: Iterable[Patch], ports: frozenset[int] = frozenset()
) -> Patched:
    """Return a route configuration after all patches; its name stays, as it was asked for.

    Args:
        name: of the route configuration.
        body: the route configuration.
        context: what it is for.
        patches: those for routes.
        ports: on a gateway, the declared ports of the servers whose routes these are.
    """
    configuration, run = RouteConfiguration.FromString(body), Run(context, patches)
    patch_route_configuration(run, configuration, context, ports)
    return Patched(name, message.serialized(configuration), run.failures)


def patch_route_configuration(
    run: Run,
    configuration: RouteConfiguration,
    context: Context = Context.SIDECAR_INBOUND,
    ports: frozenset[int] = frozenset(),
) -> None:
    """Change a route configuration."""

    def mine(kind: str) -> list[Patch]:
        return [one for one in run.of(kind) if _is_configuration(configuration.name, one, context, ports)]

    for patch in mine("ROUTE_CONFIGURATION"):
        if patch.merges:
            run.merge(configuration, patch)
    hosts, removed = mine("VIRTUAL_HOST"), set()
    for one in configuration.virtual_hosts:
        if _patch_virtual_host(run, one, hosts):
            _patch_routes(run, one, mine("HTTP_ROUTE"))
        else:
            removed.add(one.name)
    for patch in hosts:
        if patch.operation == "ADD":
            configuration.virtual_hosts.append(_virtual_host(patch))
    replace_all(
        configuration.virtual_hosts, [h for h in configuration.virtual_hosts if h.name not in removed]
    )


def _patch_virtual_host(run: Run, one: VirtualHost, patches: list[Patch]) -> bool:
    """Patch a virtual host but not its routes; return False when it is to be removed."""
    for patch in patches:
        if not _is_virtual_host(one, patch):
            continue
        if patch.operation == "REMOVE":
            return False
        if patch.merges:
            run.merge(one, patch)
        elif patch.operation == "REPLACE":
            one.CopyFrom(_virtual_host(patch))
    return True


def _patch_routes(run: Run, host: VirtualHost, patches: list[Patch]) -> None:
    here = [patch for patch in patches if _is_virtual_host(host, patch)]
    if not here:
        return
    routes = [one for one in host.routes if _patch_route(run, one, host, here)]
    for patch in here:
        routes = _inserted(routes, patch, host)
    replace_all(host.routes, routes)


def _patch_route(run: Run, one: Route, host: VirtualHost, patches: list[Patch]) -> bool:
    """Merge into a route; return False when it is to be removed."""
    for patch in patches:
        if _is_virtual_host(host, patch) and _is_route(one, patch):
            if patch.operation == "REMOVE":
                return False
            if patch.merges:
                run.merge(one, patch)
    return True


def _inserted(routes: list[Route], patch: Patch, host: VirtualHost) -> list[Route]:
    """Add a route. INSERT_FIRST with a named route that is not there does nothing."""
    match = _vhost_match(patch)
    named = match is not None and match.route is not None
    inserts = patch.operation in ("ADD", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST")
    if not inserts or not _is_virtual_host(host, patch):
        return routes
    if patch.operation == "INSERT_FIRST" and named and not any(_is_route(one, patch) for one in routes):
        return routes
    return edited(routes, patch, lambda one: _is_route(one, patch), named=named)


def _is_configuration(name: str, patch: Patch, context: Context, ports: frozenset[int]) -> bool:
    match = patch.match.route_configuration
    if match is None:
        return True
    if match.name and match.name != name:
        return False
    if context == Context.GATEWAY:
        return _is_gateway_configuration(name, match, ports)
    return not match.port_number or match.port_number == _port_of(name)


def _is_gateway_configuration(name: str, match: RouteConfigurationMatch, ports: frozenset[int]) -> bool:
    found = gateway_route(name)
    return (
        (not match.port_name or match.port_name == found.port_name)
        and (not match.gateway or match.gateway == found.gateway)
        and (not match.port_number or match.port_number in (ports or {found.port}))
    )


def _port_of(name: str) -> int:
    """Return the port of a sidecar's route configuration: `9080`, or an inbound cluster's; 0 for one that is sniffed."""
    parts = parse_cluster(name)
    return parts[1] if parts and parts[0] == "inbound" else _number(name)


def _vhost_match(patch: Patch) -> VirtualHostMatch | None:
    match = patch.match.route_configuration
    return match.vhost if match else None


def _is_virtual_host(one: VirtualHost, patch: Patch) -> bool:
    match = _vhost_match(patch)
    if match is None:
        return True
    named = not match.name or match.name == one.name
    return named and (not match.domain_name or match.domain_name in one.domains)


def _is_route(one: Route, patch: Patch) -> bool:
    vhost = _vhost_match(patch)
    match = vhost.route if vhost else None
    if match is None:
        return True
    if match.name and match.name != one.name:
        return False
    action = _ACTIONS.get(one.WhichOneof("action") or "")
    return match.action in (None, "ANY", action) or action is None


def _virtual_host(patch: Patch) -> VirtualHost:
    value = patch.message()
    assert isinstance(value, VirtualHost)
    return value
