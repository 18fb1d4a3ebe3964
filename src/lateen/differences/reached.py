"""The clusters that a proxy's listeners and routes may lead to: of a gateway few, and the others change no request."""

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


def reached(db: Database, view: View, leading: Iterable[Resource]) -> list[Resource]:
    """Return the outbound and the fixed clusters that matter to requests.

    Args:
        db: the facts.
        view: the proxy's.
        leading: its listeners and route configurations.
    """
    known = scope.services_by_host(db, scope.scope_of(db, view))
    if not _is_open(db, view):
        hosts = {host for one in leading for host in named_hosts(one.body)}.intersection(known)
        if len(hosts) < _MANY * len(known):
            found = (one for host in hosts for one in _of_host(db, view, host))
            return sorted((*found, *clusters.fixed(db, view)), key=lambda one: one.name)
    return [one for one in resources(db, types.CLUSTER, view, None) if not one.name.startswith(_INBOUND)]


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
