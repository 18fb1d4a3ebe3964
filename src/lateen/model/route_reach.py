"""Whom a VirtualService's HTTP routes are for and where they lead: equal while everything else about them changes."""

from collections.abc import Iterable, Iterator

import msgspec

from lateen.api import facts
from lateen.api.meta import Ref
from lateen.api.virtual_service import HTTPMatchRequest, HTTPRoute
from lateen.engine import Database, query
from lateen.model.delegates import http_routes
from lateen.model.routing_match import Caller, applies

EVERYBODY = HTTPMatchRequest()


class Reach(msgspec.Struct, frozen=True):
    """Of the routes of a root VirtualService, its delegates' included."""

    conditions: tuple[HTTPMatchRequest, ...]
    """What their conditions say of callers and listeners, each once; nothing of requests."""
    hosts: tuple[str, ...]
    """The destinations' and the mirrors', each once, sorted."""
    asks_callers: bool = False
    """Some condition is about who calls."""

    def is_for(self, caller: Caller) -> bool:
        """Tell whether any route is made for a caller."""
        return any(applies(condition, caller) for condition in self.conditions)

    def is_alike(self, caller: Caller, other: Caller) -> bool:
        """Tell whether the same conditions hold for two callers of the same listener."""
        if not self.asks_callers:
            return True
        return all(applies(one, caller) == applies(one, other) for one in self.conditions)


@query
def reach(db: Database, ref: Ref) -> Reach:
    """Return whom the routes of a VirtualService are for, and where they lead."""
    found = http_routes(db, ref)
    conditions: list[HTTPMatchRequest] = []
    for one in _conditions(found):
        if one not in conditions:
            conditions.append(one)
    return Reach(
        conditions=tuple(conditions),
        hosts=tuple(sorted({host for route in found for host in _hosts(route)})),
        asks_callers=any(one.source_labels or one.source_namespace for one in conditions),
    )


@query
def asking_callers(db: Database) -> tuple[Ref, ...]:
    """Return the few VirtualServices with conditions about the caller."""
    return tuple(ref for ref in facts.refs(db, "VirtualService") if reach(db, ref).asks_callers)


def _conditions(routes: Iterable[HTTPRoute]) -> Iterator[HTTPMatchRequest]:
    for route in routes:
        if not route.match:
            yield EVERYBODY
        for one in route.match:
            if one.port or one.gateways or one.source_labels or one.source_namespace:
                yield HTTPMatchRequest(
                    port=one.port,
                    gateways=one.gateways,
                    source_labels=one.source_labels,
                    source_namespace=one.source_namespace,
                )
            else:
                yield EVERYBODY


def _hosts(route: HTTPRoute) -> Iterator[str]:
    found = [one.destination for one in route.route]
    found += [route.mirror, *(one.destination for one in route.mirrors)]
    yield from (one.host for one in found if one is not None)
