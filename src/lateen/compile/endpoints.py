"""The endpoints of clusters, as one proxy sees them: one query for all clusters of a host."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lateen.compile.blocks import Block, Joined, block
from lateen.compile.clusters import kube_cluster
from lateen.compile.resource import Resource, resource
from lateen.engine import Database, query
from lateen.model.blocks import divided
from lateen.model.cluster_view import cluster_view
from lateen.model.load_assignment import load_assignment, load_assignments
from lateen.model.locality import Group
from lateen.model.seen import seen
from lateen.model.sni_clusters import sni_assignment, sni_assignments
from lateen.model.view import View
from lateen.translate import names
from lateen.translate.endpoint import cluster_load_assignment, localities, named

OUTBOUND = "outbound"
_OF_OUTBOUND = names.outbound_cluster, load_assignments
_OF_SNI = names.sni_of_outbound, sni_assignments


class Asked(NamedTuple):
    """The cluster whose endpoints are asked for by a name."""

    name: str
    host: str
    port: int
    subset: str
    by_sni: bool


@query
def endpoints(db: Database, view: View, wanted: tuple[str, ...]) -> Joined:
    """Return the endpoints of clusters by their names; a name that is no outbound cluster's has none."""
    return Joined(_block(db, view, wanted, number) for number in _divided(db, wanted))


def endpoint(db: Database, view: View, cluster_name: str) -> Resource | None:
    """Return a cluster's endpoints; None for a name that is no outbound cluster's.

    A cluster without any endpoint, or of an unknown service, is answered too: with none, so that Envoy stops waiting.
    """
    asked = _asked(cluster_name)
    return next(_of_names(db, view, asked.host, (cluster_name,)), None) if asked else None


@query
def host_endpoints(db: Database, view: View, host: str, by_sni: bool) -> tuple[Resource, ...]:  # noqa: FBT001  a key
    """Return the endpoints of all clusters of a host that ask for them, or of those that pass the mesh's TLS on."""
    found = seen(db, view, host)
    if found is None or found.service.resolution.is_dns:
        return ()
    naming, assignments = _OF_SNI if by_sni else _OF_OUTBOUND
    assigned = (
        (naming(host, port.number, subset), groups)
        for port in found.ports
        for subset, groups in assignments(db, view, found, port.number)
    )
    return tuple(_resources(assigned, kube_cluster(view)))


def _resources(assigned: Iterable[tuple[str, tuple[Group, ...]]], kube_cluster: str) -> Iterator[Resource]:
    """Make the resources of clusters that come one after the other, of which many have the very same endpoints."""
    known: dict[int, tuple[tuple[Group, ...], bytes]] = {}
    for name, groups in assigned:
        if id(groups) not in known:
            known[id(groups)] = (
                groups,
                localities(groups, kube_cluster),
            )  # kept, so that its identity is its own
        yield resource(name, named(name, known[id(groups)][1]))


@query
def _block(db: Database, view: View, wanted: tuple[str, ...], number: int) -> Block:
    hosts = _divided(db, wanted)[number]
    return block(one for host, its in hosts for one in _of_names(db, view, host, its))


@query
def _divided(_db: Database, wanted: tuple[str, ...]) -> dict[int, tuple[tuple[str, tuple[str, ...]], ...]]:
    """Divide clusters into blocks: in each, hosts with the names of their clusters."""
    by_host: dict[str, list[str]] = {}
    for name in wanted:
        asked = _asked(name)
        if asked is not None:
            by_host.setdefault(asked.host, []).append(name)
    return {
        number: tuple((host, tuple(by_host[host])) for host in hosts)
        for number, hosts in divided(by_host).items()
    }


def _of_names(db: Database, view: View, host: str, wanted: Iterable[str]) -> Iterator[Resource]:
    own = cluster_view(db, view, host)
    known = {one.name: one for one in host_endpoints(db, own, host, False)}
    for name in wanted:
        yield known.get(name) or _further(db, own, name)


def _further(db: Database, view: View, name: str) -> Resource:
    asked = _asked(name)
    assert asked is not None
    own = host_endpoints(db, view, asked.host, True) if asked.by_sni else ()
    return next((one for one in own if one.name == name), None) or _undeclared(db, view, asked)


@query
def _undeclared(db: Database, view: View, asked: Asked) -> Resource:
    """Return the endpoints of a cluster that is not there, or no more: a subset that nobody declares has all."""
    found, assignment = seen(db, view, asked.host), sni_assignment if asked.by_sni else load_assignment
    groups = assignment(db, view, found, asked.port, found.subset(asked.subset)) if found else ()
    return resource(asked.name, cluster_load_assignment(asked.name, groups, kube_cluster(view)))


def _asked(cluster_name: str) -> Asked | None:
    parts, by_sni = names.parse_cluster(cluster_name), False
    if parts is None or parts[0] != OUTBOUND:
        parts, by_sni = names.parse_cluster(cluster_name.replace("_.", "|", 3)), "|" not in cluster_name
    if parts is None or parts[0] != OUTBOUND:
        return None
    return Asked(cluster_name, parts[3], parts[1], parts[2], by_sni)
