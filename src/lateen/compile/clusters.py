"""The clusters of a proxy: one query for all those of a host, and one for each of the others."""

from collections.abc import Iterable, Iterator

from lateen.compile import patches
from lateen.compile.blocks import Block, Joined, Resources, block, by_name
from lateen.compile.patches import Group, Part
from lateen.compile.resource import Resource, resource
from lateen.engine import Database, entry_of, query
from lateen.model import scope
from lateen.model.blocks import divided
from lateen.model.cluster_view import cluster_view, clusters_view
from lateen.model.clusters import outbound
from lateen.model.envoy_filters import Context
from lateen.model.fixed_clusters import FixedClusters, fixed_clusters
from lateen.model.inbound import service_targets
from lateen.model.inbound_clusters import inbound, inbound_ports
from lateen.model.mesh_networks import KUBERNETES
from lateen.model.seen import seen
from lateen.model.sni_clusters import passes_by_name, sni_clusters
from lateen.model.view import View
from lateen.translate import cluster_fixed, names
from lateen.translate.cluster import outbound_cluster
from lateen.translate.cluster_inbound import inbound_cluster

CAPTURE = "LATEEN_CAPTURE"  # node metadata: how capture tells Envoy's traffic from the application's
BY_MARK = "mark"


@query
def clusters(db: Database, view: View) -> Resources:
    """Return every cluster that a proxy gets, sorted by name."""
    if patches.patches(db, view, Group.CLUSTERS):
        return by_name(patches.clusters(db, view, parts(db, view)).values())
    others = block(_made(db, (*_fixed_parts(db, view), *_inbound_parts(db, view))))
    return Joined((*outbound_blocks(db, clusters_view(db, view)), *_sni_blocks(db, view), others))


@query
def outbound_blocks(db: Database, view: View) -> tuple[Block, ...]:
    """Return the outbound clusters of a view; shared by all that see everything alike."""
    return tuple(_outbound_block(db, view, number) for number in _hosts(db, scope.scope_of(db, view).seen))


@query
def _outbound_block(db: Database, view: View, number: int) -> Block:
    hosts = _hosts_of(db, scope.scope_of(db, view).seen, number) or ()
    return block(one for host in hosts for one in host_clusters(db, cluster_view(db, view, host), host))


def _sni_blocks(db: Database, view: View) -> tuple[Block, ...]:
    if not passes_by_name(db, view):
        return ()
    return tuple(_sni_block(db, view, number) for number in _hosts(db, scope.scope_of(db, view).seen))


@query
def _sni_block(db: Database, view: View, number: int) -> Block:
    hosts = _hosts_of(db, scope.scope_of(db, view).seen, number) or ()
    return block(one for host in hosts for one in host_sni_clusters(db, cluster_view(db, view, host), host))


@query
def _hosts(db: Database, place_of: scope.Scope) -> dict[int, tuple[str, ...]]:
    """Divide the hosts of a scope into blocks, by number."""
    return divided(service.host for service in scope.services(db, place_of))


@entry_of(_hosts)
def _hosts_of(db: Database, place_of: scope.Scope, number: int) -> tuple[str, ...] | None:
    return _hosts(db, place_of).get(number)


@query
def host_clusters(db: Database, view: View, host: str) -> tuple[Resource, ...]:
    """Return the clusters of a service: of its ports, and of their subsets."""
    found, kube = seen(db, view, host), kube_cluster(view)
    made = outbound(db, view, found) if found else ()
    return tuple(
        resource(names.outbound_cluster(host, one.port, one.subset), outbound_cluster(one, kube))
        for one in made
    )


def outbound_resource(db: Database, view: View, host: str, name: str) -> Resource | None:
    """Return one cluster of a service by its name; None when there is none, or nothing that it could resolve."""
    return next((one for one in host_clusters(db, view, host) if one.name == name), None)


@query
def host_sni_clusters(db: Database, view: View, host: str) -> tuple[Resource, ...]:
    """Return the clusters of a service that pass the mesh's TLS on, by its SNI; none of one outside the mesh."""
    found, kube = seen(db, view, host), kube_cluster(view)
    made = sni_clusters(db, view, found) if found and not found.service.external else ()
    return tuple(
        resource(names.sni_of_outbound(host, one.port, one.subset), outbound_cluster(one, kube))
        for one in made
    )


def sni_resource(db: Database, view: View, host: str, name: str) -> Resource | None:
    """Return one of the clusters that pass the mesh's TLS on."""
    return next((one for one in host_sni_clusters(db, view, host) if one.name == name), None)


@query
def inbound_resource(db: Database, view: View, port: int) -> Resource | None:
    """Return the cluster of one of the application's ports."""
    one = inbound(db, view, port)
    return (
        resource(names.inbound_cluster(port), inbound_cluster(one, marked=is_marked(view))) if one else None
    )


@query
def fixed(db: Database, view: View) -> tuple[Resource, ...]:
    """Return the clusters that do not depend on services; a gateway passes nothing through."""
    settings = fixed_clusters(db, view)
    return tuple(resource(name, body) for name, body in _fixed(settings, view))


@query
def fixed_resource(db: Database, view: View, name: str) -> Resource | None:
    """Return one of the clusters that do not depend on services."""
    return next((one for one in fixed(db, view) if one.name == name), None)


def kube_cluster(view: View) -> str:
    """Name the Kubernetes cluster that endpoints are said to be in."""
    return view.meta("CLUSTER_ID") or KUBERNETES


def is_marked(view: View) -> bool:
    """Tell whether capture goes by socket marks, so that calls to the application need one."""
    return view.meta(CAPTURE) == BY_MARK


def parts(db: Database, view: View) -> Iterator[Part]:
    """Yield every cluster that is made for a proxy, before patches."""
    yield from _fixed_parts(db, view)
    yield from _outbound_parts(db, view)
    yield from _sni_parts(db, view)
    yield from _inbound_parts(db, view)


def _fixed_parts(db: Database, view: View) -> Iterator[Part]:
    outwards = patches.context_of(view)
    for one in fixed(db, view):
        inwards = one.name == names.INBOUND_PASSTHROUGH
        yield Part(Context.SIDECAR_INBOUND if inwards else outwards, fixed_resource, (view, one.name))


def _outbound_parts(db: Database, view: View) -> Iterator[Part]:
    outwards = patches.context_of(view)
    for service in scope.services(db, scope.scope_of(db, view)):
        own = cluster_view(db, view, service.host)
        for one in host_clusters(db, own, service.host):
            yield Part(outwards, outbound_resource, (own, service.host, one.name))


def _sni_parts(db: Database, view: View) -> Iterator[Part]:
    outwards = patches.context_of(view)
    services = scope.services(db, scope.scope_of(db, view)) if passes_by_name(db, view) else ()
    for service in services:
        own = cluster_view(db, view, service.host)
        for one in host_sni_clusters(db, own, service.host):
            yield Part(outwards, sni_resource, (own, service.host, one.name))


def _inbound_parts(db: Database, view: View) -> Iterator[Part]:
    for port in inbound_ports(db, view):
        hosts = {one.host: None for one in service_targets(db, view) if one.target_port == port}
        yield Part(Context.SIDECAR_INBOUND, inbound_resource, (view, port), tuple(hosts))


def _made(db: Database, wanted: Iterable[Part]) -> Iterator[Resource]:
    found = (part.source(db, *part.args) for part in wanted)
    return (one for one in found if one is not None)


def _fixed(settings: FixedClusters, view: View) -> Iterable[tuple[str, bytes]]:
    yield names.BLACK_HOLE, cluster_fixed.black_hole(settings)
    if view.is_router:
        return
    yield names.PASSTHROUGH, cluster_fixed.passthrough(settings)
    yield names.INBOUND_PASSTHROUGH, cluster_fixed.inbound_passthrough(settings, marked=is_marked(view))
    if settings.dynamic:
        yield names.DYNAMIC_DNS, cluster_fixed.dynamic_dns(settings)
