"""The parts of a VirtualService with the paths at which they are written."""

from collections.abc import Iterator, Sequence

from lateen.api import facts
from lateen.api.common import Destination, StringMatch
from lateen.api.meta import Object, Ref
from lateen.api.virtual_service import (
    HTTPMatchRequest,
    HTTPRoute,
    HTTPRouteDestination,
    RouteDestination,
    TCPRoute,
    TLSRoute,
    VirtualService,
)
from lateen.engine import Database
from lateen.model.selectors import Condition

MAPS = ("headers", "query_params", "without_headers")
TEXTS = ("uri", "scheme", "method", "authority")
YAML = {"query_params": "queryParams", "without_headers": "withoutHeaders"}


def virtual_service(db: Database, ref: Ref) -> Object[VirtualService] | None:
    """Return a VirtualService, or None."""
    found = facts.get(db, ref)
    return found if found is not None and isinstance(found.spec, VirtualService) else None


def _routes(spec: VirtualService) -> tuple[tuple[str, tuple[HTTPRoute | TLSRoute | TCPRoute, ...]], ...]:
    return ("http", spec.http), ("tls", spec.tls), ("tcp", spec.tcp)


def gateway_names(spec: VirtualService) -> Iterator[tuple[str, str]]:
    """Yield every gateway that is named, in the object or in one of its matches."""
    for index, name in enumerate(spec.gateways):
        yield f"spec.gateways[{index}]", name
    for kind, routes in _routes(spec):
        for number, route in enumerate(routes):
            conditions: Sequence[Condition] = route.match
            for position, condition in enumerate(conditions):
                for index, name in enumerate(condition.gateways):
                    yield f"spec.{kind}[{number}].match[{position}].gateways[{index}]", name


def destinations(spec: VirtualService) -> Iterator[tuple[str, Destination]]:
    """Yield every destination of routes and mirrors."""
    for number, route in enumerate(spec.http):
        yield from mirrors(f"spec.http[{number}]", route)
    for kind, routes in _routes(spec):
        for number, one in enumerate(routes):
            shares: Sequence[HTTPRouteDestination | RouteDestination] = one.route
            for index, weighted in enumerate(shares):
                if weighted.destination is not None:
                    yield f"spec.{kind}[{number}].route[{index}].destination", weighted.destination


def mirrors(base: str, route: HTTPRoute) -> Iterator[tuple[str, Destination]]:
    """Yield the destinations that get copies of a route's requests."""
    if route.mirror is not None:
        yield f"{base}.mirror", route.mirror
    for index, mirror in enumerate(route.mirrors):
        if mirror.destination is not None:
            yield f"{base}.mirrors[{index}].destination", mirror.destination


def texts(spec: VirtualService) -> Iterator[tuple[str, StringMatch]]:
    """Yield every condition on a text in the HTTP rules, CORS origins included."""
    for number, route in enumerate(spec.http):
        base = f"spec.http[{number}]"
        for position, condition in enumerate(route.match):
            yield from texts_of(f"{base}.match[{position}]", condition)
        for index, origin in enumerate(route.cors_policy.allow_origins if route.cors_policy else ()):
            yield f"{base}.corsPolicy.allowOrigins[{index}]", origin


def texts_of(base: str, condition: HTTPMatchRequest) -> Iterator[tuple[str, StringMatch]]:
    """Yield the conditions on texts of one match."""
    for field in TEXTS:
        wanted = getattr(condition, field)
        if wanted is not None:
            yield f"{base}.{field}", wanted
    for field in MAPS:
        for key, wanted in getattr(condition, field).items():
            yield f"{base}.{YAML.get(field, field)}[{key}]", wanted


def rule_name(index: int, route: HTTPRoute) -> str:
    """Call a rule by its place, counted from 1, and its name."""
    return f"rule {index + 1}" + (f" ({route.name})" if route.name else "")
