"""Which hosts two proxies see alike: mostly all, but for the few that their namespaces have rules for, or that not all see.

Asked once for two views, not for each host.
"""

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
    unlike = _ruled_otherwise(db, one, other)
    if here.seen == there.seen:
        return Alike(unlike=unlike)
    if len(its) > 2 * len(mine):
        return Alike(frozenset(host for host in mine if mine[host] == its.get(host)) - unlike)
    others = frozenset(host for host in mine.keys() | its.keys() if mine.get(host) != its.get(host))
    return Alike(unlike=unlike | others)


@query
def _ruled_otherwise(db: Database, one: View, other: View) -> frozenset[str]:
    """Return the hosts of the first view's services for which both, if they see them alike, follow other rules.

    It is apart from what the other view sees: that changes with services that the first does not.
    """
    services = scope.services_by_host(db, scope.scope_of(db, one))
    spaces = {one.namespace, other.namespace}
    found = (service for space in spaces for service in differing(db, space, services))
    return frozenset(
        service.host for service in found if _refs(db, one, service) != _refs(db, other, service)
    )


def _refs(db: Database, view: View, service: Service) -> tuple[Ref, ...]:
    return refs_for_service(db, view.namespace, view.labels, service)
