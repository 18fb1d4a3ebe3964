"""A VirtualService's HTTP routes as they are meant: names fully qualified, delegates' routes in their place.

Sources: pilot/pkg/model/virtualservice.go (ResolveVirtualServiceShortnames, MergeHTTPRoutes) and
virtualservice_controller.go (which delegate is found).
"""

from collections.abc import Callable
from operator import is_
from typing import TypeVar

import msgspec

from lateen.api import facts
from lateen.api.common import Destination
from lateen.api.meta import Ref
from lateen.api.virtual_service import (
    HTTPMatchRequest,
    HTTPMirrorPolicy,
    HTTPRoute,
    HTTPRouteDestination,
    VirtualService,
)
from lateen.engine import Database, query
from lateen.model import host as hosts
from lateen.model import routing_match, visibility
from lateen.model.virtual_services import gateway_name

T = TypeVar("T")
HTTPRoutes = tuple[HTTPRoute, ...]
# What a delegate's route takes from the root's when it does not set it itself; whole fields, nothing is merged deeper.
INHERITED = (
    "rewrite", "direct_response", "timeout", "retries", "fault", "mirror", "mirror_percent", "mirror_percentage",
    "mirrors", "cors_policy", "headers",
)  # fmt: skip


def http_routes(db: Database, ref: Ref) -> HTTPRoutes:
    """Return the HTTP routes of a root VirtualService in order.

    A route whose delegate is missing, is not exported to the root's namespace, or has hosts of its own is left out; so
    is a delegate's route whose conditions exclude the root's. No query: an answer would hold copies of what facts hold.
    """
    found: list[HTTPRoute] = []
    for route in qualified_routes(db, ref):
        found += [route] if route.delegate is None else _delegated(db, route, ref.namespace)
    return tuple(found)


def qualified_routes(db: Database, ref: Ref) -> HTTPRoutes:
    """Return one object's own HTTP routes with hosts and gateways resolved in its own namespace."""
    found = facts.get(db, ref)
    if found is None or not isinstance(found.spec, VirtualService):
        return ()
    return tuple(_qualified(route, ref.namespace) for route in found.spec.http)


@query
def delegate_export(db: Database, ref: Ref) -> tuple[str, ...] | None:
    """Return the effective `exportTo` of a delegate; None when there is no such delegate (one with hosts is none)."""
    found = facts.get(db, ref)
    if found is None or not isinstance(found.spec, VirtualService) or found.spec.hosts:
        return None
    default = facts.mesh_config(db).default_virtual_service_export_to
    return visibility.effective(found.spec.export_to, ref.namespace, default)


def delegate_ref(route: HTTPRoute, namespace: str) -> Ref | None:
    """Name the delegate of a route of a VirtualService in this namespace."""
    if route.delegate is None:
        return None
    return Ref("VirtualService", route.delegate.namespace or namespace, route.delegate.name or "")


def _delegated(db: Database, root: HTTPRoute, namespace: str) -> list[HTTPRoute]:
    ref = delegate_ref(root, namespace)
    exported = delegate_export(db, ref) if ref else None
    if ref is None or exported is None or not visibility.visible_to(exported, namespace):
        return []
    merged = (_merged(root, leaf) for leaf in qualified_routes(db, ref))
    return [route for route in merged if route is not None]


def _merged(root: HTTPRoute, leaf: HTTPRoute) -> HTTPRoute | None:
    conditions = routing_match.joined(root.match, leaf.match)
    if conditions is None:
        return None
    inherited = {field: getattr(root, field) for field in INHERITED if not _is_set(getattr(leaf, field))}
    name = routing_match.joined_name(root.name, leaf.name)
    return msgspec.structs.replace(leaf, match=conditions, name=name, delegate=None, **inherited)


def _is_set(value: object) -> bool:
    return value is not None and value != ()


def _qualified(route: HTTPRoute, namespace: str) -> HTTPRoute:
    """Resolve what a route names; the very same route when it is written so, as most are."""
    match = _each(_of_gateways, route.match, namespace)
    weighted = _each(_weighted, route.route, namespace)
    mirror = _destination(route.mirror, namespace) if route.mirror else None
    mirrors = _each(_mirrored, route.mirrors, namespace)
    if (
        match is route.match
        and weighted is route.route
        and mirror is route.mirror
        and mirrors is route.mirrors
    ):
        return route
    return msgspec.structs.replace(route, match=match, route=weighted, mirror=mirror, mirrors=mirrors)


def _each(resolve: Callable[[T, str], T], several: tuple[T, ...], namespace: str) -> tuple[T, ...]:
    found = [resolve(one, namespace) for one in several]
    return several if all(map(is_, found, several)) else tuple(found)


def _of_gateways(condition: HTTPMatchRequest, namespace: str) -> HTTPMatchRequest:
    if not condition.gateways:
        return condition
    names = tuple(gateway_name(name, namespace) for name in condition.gateways)
    return msgspec.structs.replace(condition, gateways=names)


def _weighted(weighted: HTTPRouteDestination, namespace: str) -> HTTPRouteDestination:
    named = weighted.destination
    own = _destination(named, namespace) if named is not None else None
    return weighted if own is named else msgspec.structs.replace(weighted, destination=own)


def _mirrored(mirror: HTTPMirrorPolicy, namespace: str) -> HTTPMirrorPolicy:
    named = mirror.destination
    own = _destination(named, namespace) if named is not None else None
    return mirror if own is named else msgspec.structs.replace(mirror, destination=own)


def _destination(destination: Destination, namespace: str) -> Destination:
    host = hosts.canonical(destination.host or "", namespace)
    return destination if host == destination.host else msgspec.structs.replace(destination, host=host)
