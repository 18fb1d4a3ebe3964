"""What a DestinationRule is for: the object and the services of its host."""

from lateen.api import facts
from lateen.api.destination_rule import DestinationRule
from lateen.api.meta import Object, Ref
from lateen.engine import Database, deferred
from lateen.model import host as hosts
from lateen.model.destination_rules import head
from lateen.model.service import Service, by_host, of_host


def destination_rule(db: Database, ref: Ref) -> Object[DestinationRule] | None:
    """Return a DestinationRule, or None."""
    found = facts.get(db, ref)
    return found if found is not None and isinstance(found.spec, DestinationRule) else None


def services(db: Database, ref: Ref) -> tuple[Service, ...]:
    """Return the services that a rule's host names or covers, in any namespace."""
    one = head(db, ref)
    if one is None:
        return ()
    if not hosts.is_wildcard(one.host):
        return of_host(db, one.host) or ()
    return _covered(db, one.host)


@deferred
def _covered(db: Database, wildcard: str) -> tuple[Service, ...]:
    """Return the services that a wildcard covers; a firewall in front of all others."""
    known = by_host(db).items()
    return tuple(one for host, group in known if hosts.subset_of(host, wildcard) for one in group)
