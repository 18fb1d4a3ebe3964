"""Which hosts two proxies see otherwise: the few that their namespaces have rules for, and services that not all see.

Asked once for two views, not for each host.
"""

from collections.abc import Iterator

from lateen.engine import Database, query
from lateen.model import scope
from lateen.model.destination_rules import differing, refs_for
from lateen.model.view import View


@query
def unlike(db: Database, one: View, other: View) -> frozenset[str]:
    """Return the hosts of which two views see another service, or follow another rule for it."""
    return ruled_otherwise(db, one, other).union(_other_services(db, one, other))


@query
def ruled_otherwise(db: Database, one: View, other: View) -> frozenset[str]:
    """Return the hosts for which two views follow other rules."""
    if one == other:
        return frozenset()
    hosts = {*_other_services(db, one, other), *_with_own_rules(db, one), *_with_own_rules(db, other)}
    return frozenset(host for host in hosts if refs_for(db, one, host) != refs_for(db, other, host))


def _with_own_rules(db: Database, view: View) -> Iterator[str]:
    services = scope.services_by_host(db, scope.scope_of(db, view))
    return (service.host for service in differing(db, view.namespace, services))


def _other_services(db: Database, one: View, other: View) -> frozenset[str]:
    here, there = (scope.scope_of(db, view) for view in (one, other))
    if here.seen == there.seen:
        return frozenset()
    mine, its = (scope.services_by_host(db, place) for place in (here, there))
    return frozenset(host for host in mine.keys() | its.keys() if mine.get(host) != its.get(host))
