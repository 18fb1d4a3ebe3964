"""Which hosts two proxies see alike: mostly all, but for the few that their namespaces have rules for, or that not all see.

Asked once for two views, not for each host.
"""

from collections.abc import Iterator

import msgspec

from lateen.api.meta import Ref
from lateen.engine import Database, query
from lateen.model import scope
from lateen.model.destination_rules import differing, refs_for_service
from lateen.model.service import Service
from lateen.model.view import View


class Alike(msgspec.Struct, frozen=True):
    """The hosts that two views see alike, said in the shorter way."""

    hosts: frozenset[str] | None = None
    """None is all hosts, those that neither sees included."""
    unlike: frozenset[str] = frozenset()
    """But not these."""

    def __contains__(self, host: str) -> bool:
        """Tell whether a host is seen alike."""
        return (self.hosts is None or host in self.hosts) and host not in self.unlike

    @property
    def is_everything(self) -> bool:
        """Every host is seen alike."""
        return self.hosts is None and not self.unlike


@query
def alike(db: Database, one: View, other: View) -> Alike:
    """Return the hosts of which two views see the same service, and follow the same rule for it."""
    if one == other:
        return Alike()
    here, there = (scope.scope_of(db, view) for view in (one, other))
    mine, its = (scope.services_by_host(db, place) for place in (here, there))
    unlike = frozenset(_ruled_otherwise(db, one, other, mine))
    if here.seen == there.seen:
        return Alike(unlike=unlike)
    if len(its) > 2 * len(mine):
        return Alike(frozenset(host for host in mine if mine[host] == its.get(host)) - unlike)
    others = frozenset(host for host in mine.keys() | its.keys() if mine.get(host) != its.get(host))
    return Alike(unlike=unlike | others)


def _ruled_otherwise(db: Database, one: View, other: View, services: dict[str, Service]) -> Iterator[str]:
    """Yield the hosts for which two views, if both see these services, follow other rules."""
    for namespace in {one.namespace, other.namespace}:
        for service in differing(db, namespace, services):
            if _refs(db, one, service) != _refs(db, other, service):
                yield service.host


def _refs(db: Database, view: View, service: Service) -> tuple[Ref, ...]:
    return refs_for_service(db, view.namespace, view.labels, service)
