"""The clusters of a proxy: one query, and one resource, for each."""

from collections.abc import Iterable, Iterator

from lateen.compile import patches
from lateen.compile.patches import Group, Part
from lateen.compile.resource import Resource, resource
from lateen.engine import Database, query
from lateen.model.cluster_view import cluster_view, clusters_view
from lateen.model.clusters import outbound, outbound_keys
from lateen.model.envoy_filters import Context
from lateen.model.fixed_clusters import FixedClusters, fixed_clusters
from lateen.model.inbound import service_targets
from lateen.model.inbound_clusters import inbound, inbound_ports
from lateen.model.mesh_networks import KUBERNETES
from lateen.model.sni_clusters import sni_cluster, sni_keys
from lateen.model.view import View
from lateen.translate import cluster_fixed, names
from lateen.translate.cluster import outbound_cluster
from lateen.translate.cluster_inbound import inbound_cluster

CAPTURE = "LATEEN_CAPTURE"  # node metadata: how capture tells Envoy's traffic from the application's
BY_MARK = "mark"


@query
def clusters(db: Database, view: View) -> tuple[Resource, ...]:
    """Return every cluster that a proxy gets, sorted by name."""
    if patches.patches(db, view, Group.CLUSTERS):
        found = patches.clusters(db, view, parts(db, view))
        return tuple(found[name] for name in sorted(found))
    others = _made(db, (*_fixed_parts(db, view), *_sni_parts(db, view), *_inbound_parts(db, view)))
    return tuple(sorted((*_outbound(db, clusters_view(db, view)), *others), key=_name))


@query
def _outbound(db: Database, view: View) -> tuple[Resource, ...]:
    """Return the outbound clusters of a view, sorted by name; shared by all that see everything alike."""
    return tuple(sorted(_made(db, _outbound_parts(db, view)), key=_name))


@query
def outbound_resource(db: Database, view: View, host: str, port: int, subset: str) -> Resource | None:
    """Return the cluster of a service's port, or of one subset of it; None when it has nothing to resolve."""
    one = outbound(db, view, host, port, subset)
    if one is None:
        return None
    return resource(names.outbound_cluster(host, port, subset), outbound_cluster(one, kube_cluster(view)))


@query
def sni_resource(db: Database, view: View, host: str, port: int, subset: str) -> Resource | None:
    """Return the cluster that passes the mesh's TLS on, by its SNI."""
    one = sni_cluster(db, view, host, port, subset)
    if one is None:
        return None
    return resource(names.sni_of_outbound(host, port, subset), outbound_cluster(one, kube_cluster(view)))


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
    for host, port, subset in outbound_keys(db, view):
        args = (cluster_view(db, view, host), host, port, subset)
        yield Part(outwards, outbound_resource, args)


def _sni_parts(db: Database, view: View) -> Iterator[Part]:
    outwards = patches.context_of(view)
    for host, port, subset in sni_keys(db, view):
        yield Part(outwards, sni_resource, (cluster_view(db, view, host), host, port, subset))


def _inbound_parts(db: Database, view: View) -> Iterator[Part]:
    for port in inbound_ports(db, view):
        hosts = {one.host: None for one in service_targets(db, view) if one.target_port == port}
        yield Part(Context.SIDECAR_INBOUND, inbound_resource, (view, port), tuple(hosts))


def _made(db: Database, wanted: Iterable[Part]) -> Iterator[Resource]:
    found = (part.source(db, *part.args) for part in wanted)
    return (one for one in found if one is not None)


def _name(one: Resource) -> str:
    return one.name


def _fixed(settings: FixedClusters, view: View) -> Iterable[tuple[str, bytes]]:
    yield names.BLACK_HOLE, cluster_fixed.black_hole(settings)
    if view.is_router:
        return
    yield names.PASSTHROUGH, cluster_fixed.passthrough(settings)
    yield names.INBOUND_PASSTHROUGH, cluster_fixed.inbound_passthrough(settings, marked=is_marked(view))
    if settings.dynamic:
        yield names.DYNAMIC_DNS, cluster_fixed.dynamic_dns(settings)
