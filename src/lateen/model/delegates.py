"""A VirtualService's HTTP routes as they are meant: names fully qualified, delegates' routes in their place.

Sources: pilot/pkg/model/virtualservice.go (ResolveVirtualServiceShortnames, MergeHTTPRoutes) and
virtualservice_controller.go (which delegate is found).
"""

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
from lateen.model.defaults import CLUSTER_DOMAIN
from lateen.model.virtual_services import gateway_name

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
    match = tuple(_of_gateways(condition, namespace) for condition in route.match)
    weighted = tuple(_weighted(destination, namespace) for destination in route.route)
    if not route.mirror and not route.mirrors:
        return msgspec.structs.replace(route, match=match, route=weighted)
    return msgspec.structs.replace(
        route,
        match=match,
        route=weighted,
        mirror=_destination(route.mirror, namespace) if route.mirror else None,
        mirrors=tuple(_mirrored(mirror, namespace) for mirror in route.mirrors),
    )


def _of_gateways(condition: HTTPMatchRequest, namespace: str) -> HTTPMatchRequest:
    if not condition.gateways:
        return condition
    names = tuple(gateway_name(name, namespace) for name in condition.gateways)
    return msgspec.structs.replace(condition, gateways=names)


def _weighted(weighted: HTTPRouteDestination, namespace: str) -> HTTPRouteDestination:
    if weighted.destination is None:
        return weighted
    return msgspec.structs.replace(weighted, destination=_destination(weighted.destination, namespace))


def _mirrored(mirror: HTTPMirrorPolicy, namespace: str) -> HTTPMirrorPolicy:
    if mirror.destination is None:
        return mirror
    return msgspec.structs.replace(mirror, destination=_destination(mirror.destination, namespace))


def _destination(destination: Destination, namespace: str) -> Destination:
    host = hosts.fqdn(destination.host or "", namespace, CLUSTER_DOMAIN).lower()
    return msgspec.structs.replace(destination, host=host)
