"""Which services each namespace sees: those exported to it. Most namespaces see the same, and share one list.

A namespace is *particular* when some service is exported to it by name, or it declares one that not everybody sees or
whose host other namespaces declare as well. Any other sees what one sees that nobody speaks of.
"""

import msgspec

from lateen.engine import Database, entry_of, query
from lateen.model import visibility
from lateen.model.service import Service, all_services, by_host


class Audience(msgspec.Struct, frozen=True):
    """What makes namespaces see different services; stays equal while services change and do not come, go or move."""

    particular: frozenset[str] = frozenset()
    """Namespaces."""
    hiding: frozenset[str] = frozenset()
    """Namespaces that declare a service which they do not see themselves."""
    contested: frozenset[str] = frozenset()
    """Hosts that several namespaces declare."""


@query
def audience(db: Database) -> Audience:
    """Return who does not see what everybody sees, and why."""
    restricted = _restricted(db)
    owners = {host: {one.namespace for one in found} for host, found in by_host(db).items() if len(found) > 1}
    contested = {host: spaces for host, spaces in owners.items() if len(spaces) > 1}
    named = {space for one in restricted for space in (one.namespace, *one.export_to)}
    return Audience(
        particular=frozenset(named.union(*contested.values())),
        hiding=frozenset(
            one.namespace for one in restricted if not visibility.visible_to(one.export_to, one.namespace)
        ),
        contested=frozenset(contested),
    )


@query
def visible_services(db: Database, namespace: str) -> tuple[Service, ...]:
    """Return the services exported to a namespace: those not public first, oldest first in both groups."""
    restricted = _restricted(db)
    if not restricted:
        return all_services(db)
    own = (one for one in restricted if visibility.visible_to(one.export_to, namespace))
    return (*own, *_public(db))


@query
def _restricted(db: Database) -> tuple[Service, ...]:
    public = (visibility.PUBLIC,)
    return tuple([one for one in all_services(db) if one.export_to != public])


@query
def _public(db: Database) -> tuple[Service, ...]:
    public = (visibility.PUBLIC,)
    return tuple([one for one in all_services(db) if one.export_to == public])


@query
def _by_namespace(db: Database) -> dict[str, tuple[Service, ...]]:
    index: dict[str, list[Service]] = {}
    for one in all_services(db):
        index.setdefault(one.namespace, []).append(one)
    return {namespace: tuple(found) for namespace, found in index.items()}


@entry_of(_by_namespace)
def in_namespace(db: Database, namespace: str) -> tuple[Service, ...] | None:
    """Return the services that one namespace declares, oldest first; None for none."""
    return _by_namespace(db).get(namespace)


def visible_of(db: Database, namespaces: tuple[str, ...], namespace: str) -> tuple[Service, ...]:
    """Return what a namespace sees of the services of some namespaces, in the order of `visible_services`."""
    declared = (one for space in namespaces for one in in_namespace(db, space) or ())
    seen = (one for one in declared if visibility.visible_to(one.export_to, namespace))
    return tuple(sorted(seen, key=lambda one: (visibility.is_public(one.export_to), one.age)))
