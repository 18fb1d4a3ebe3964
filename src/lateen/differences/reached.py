"""The clusters that a proxy's listeners and routes may lead to: of a gateway few, and the others change no request.

Of the two sides of a comparison the same hosts are asked for: what one side leads to and the other does not is there on
both, so that a cluster that differs is told from one that nobody asked for.
"""

import re
from collections.abc import Iterable, Iterator

from lateen.api import facts
from lateen.compile import clusters, types
from lateen.compile.resource import Resource
from lateen.compile.resources import resources
from lateen.engine import Database
from lateen.model import scope
from lateen.model.cluster_view import cluster_view
from lateen.model.sni_clusters import passes_by_name
from lateen.model.view import View
from lateen.translate import names

_START = re.compile(rb"outbound\|")
_MANY = 0.5
"""The share of a proxy's hosts from which on all clusters are asked for: together they are shared by many proxies."""
_INBOUND = "inbound|"


Hosts = frozenset[str] | None
"""Hosts of services; None is all."""


def led_to(db: Database, view: View, leading: Iterable[Resource]) -> Hosts:
    """Return the hosts that a proxy's listeners and route configurations lead to; all when they are most."""
    if _is_open(db, view):
        return None
    known = scope.services_by_host(db, scope.scope_of(db, view))
    hosts = frozenset(host for one in leading for host in named_hosts(one.body)).intersection(known)
    return hosts if len(hosts) < _MANY * len(known) else None


def together(one: Hosts, other: Hosts) -> Hosts:
    """Return the hosts that either side leads to."""
    return None if one is None or other is None else one | other


def reached(db: Database, view: View, hosts: Hosts) -> list[Resource]:
    """Return the outbound clusters of those hosts that a proxy knows, and the fixed ones, sorted by name."""
    if hosts is None:
        everything = resources(db, types.CLUSTER, view, None)
        return [one for one in everything if not one.name.startswith(_INBOUND)]
    known = scope.services_by_host(db, scope.scope_of(db, view))
    found = (one for host in hosts if host in known for one in _of_host(db, view, host))
    return sorted((*found, *clusters.fixed(db, view)), key=lambda one: one.name)


def named_hosts(body: bytes) -> Iterator[str]:
    """Yield the hosts of the outbound clusters that a message names, perhaps several times, and perhaps others.

    A name is a string in the message, and the length of a string stands before it.
    """
    for found in _START.finditer(body):
        start = found.start()
        length, before = body[start - 1 : start], body[start - 2 : start - 1]
        size = length[0] if length else 0
        if before and before[0] > 0x7F:  # of two bytes, the lower one first
            size = size << 7 | before[0] & 0x7F
        parts = names.parse_cluster(body[start : start + size].decode(errors="replace"))
        if parts is not None:
            yield parts[3]


def _is_open(db: Database, view: View) -> bool:
    """Tell whether requests may reach clusters that no message names: by a server name, or by what a patch says."""
    return bool(facts.refs(db, "EnvoyFilter")) or passes_by_name(db, view)


def _of_host(db: Database, view: View, host: str) -> Iterable[Resource]:
    return clusters.host_clusters(db, cluster_view(db, view, host), host)
