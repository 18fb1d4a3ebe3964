"""Where the routes of a compiled virtual host come from: object, rule and match of each, in the order of matching.

The same queries that made the bytes are asked again, so the order is theirs (translate/virtual_host.py, `joined`).
"""

from collections.abc import Iterator

import msgspec

from lateen.api.meta import Ref
from lateen.engine import Database
from lateen.model import routing, routing_match
from lateen.model.delegates import delegate_ref, http_routes, qualified_routes
from lateen.model.gateway_routing import gateway_virtual_hosts
from lateen.model.routing import Route, ServiceSource, Source
from lateen.model.routing_sidecar import VirtualHost, listener_of, virtual_hosts
from lateen.model.routing_view import routing_view
from lateen.model.service import by_host
from lateen.model.view import View
from lateen.simulate.explain_types import Cause, because
from lateen.translate import names


class Origin(msgspec.Struct, frozen=True):
    """One route's place in YAML."""

    ref: Ref
    rule: str = ""
    """`spec.http[2]`; empty for the default route of a service."""
    match: str = ""
    """`spec.http[2].match[0]`; the rule itself when it has no match."""
    route: Route | None = None

    def at(self, field: str = "") -> Cause:
        """Name a field of the rule."""
        return because(self.ref, f"{self.rule}.{field}" if field else self.rule)


def virtual_host_of(db: Database, view: View, configuration: str, name: str) -> VirtualHost | None:
    """Return the virtual host of a route configuration by its compiled name."""
    if view.is_router:
        found = gateway_virtual_hosts(db, view, configuration) or ()
    else:
        listener = listener_of(configuration)
        found = virtual_hosts(db, routing_view(db, view), listener) if listener else ()
    return next((one for one in found if names.virtual_host(one.host, one.port) == name), None)


def origins_of(db: Database, view: View, one: VirtualHost) -> tuple[Origin, ...]:
    """Return the origin of each route, in the order of the virtual host."""
    seen = view if view.is_router else routing_view(db, view)
    every = [origin for source in one.sources for origin in _of_source(db, seen, source)]
    last = [origin for origin in every if origin.route is not None and origin.route.is_catch_all]
    return (*(origin for origin in every if origin not in last), *last)


def _of_source(db: Database, view: View, source: Source | ServiceSource) -> Iterator[Origin]:
    if isinstance(source, ServiceSource):
        services = by_host(db).get(source.host, ())
        yield Origin(services[0].origin if services else Ref("Service", "", source.host))
        return
    places = _rules(db, source.ref)
    resolved = routing.routes(db, view, source)
    for route, (rule, match) in zip(resolved, _taken(db, view, source), strict=False):
        ref, path = places[rule] if rule < len(places) else (source.ref, "spec.http")
        has_match = route.condition is not None and ref == source.ref
        yield Origin(ref, path, f"{path}.match[{match}]" if has_match else path, route)


def _taken(db: Database, view: View, source: Source) -> Iterator[tuple[int, int]]:
    """Yield the place of rule and match of every route that `routing.routes` makes."""
    caller = routing.caller_of(view, source)
    for number, http in enumerate(http_routes(db, source.ref)):
        for place, condition in enumerate(http.match or (None,)):
            if condition is None or routing_match.applies(condition, caller):
                yield number, place


def _rules(db: Database, ref: Ref) -> list[tuple[Ref, str]]:
    """Return object and path of each rule of a root, its delegates' in their place."""
    found: list[tuple[Ref, str]] = []
    for number, rule in enumerate(qualified_routes(db, ref)):
        target = delegate_ref(rule, ref.namespace)
        if target is None:
            found.append((ref, f"spec.http[{number}]"))
            continue
        leaves = enumerate(qualified_routes(db, target))
        found += [
            (target, f"spec.http[{place}]")
            for place, leaf in leaves
            if routing_match.joined(rule.match, leaf.match) is not None
        ]
    return found


def host_cause(one: VirtualHost, origins: tuple[Origin, ...], db: Database) -> Cause | None:
    """Name what made a virtual host: a VirtualService's `hosts`, or the service."""
    source = one.sources[0] if one.sources else None
    if isinstance(source, Source):
        return because(source.ref, "spec.hosts")
    if source is not None:
        services = by_host(db).get(source.host, ())
        return because(services[0].origin) if services else None
    return origins[0].at() if origins else None
