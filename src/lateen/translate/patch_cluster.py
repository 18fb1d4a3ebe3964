"""Patches of clusters. Source: pilot/pkg/networking/core/envoyfilter/cluster_patch.go."""

from collections.abc import Iterable

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.base_pb2 import TransportSocket

from lateen.model.envoy_filters import Context
from lateen.translate import message
from lateen.translate.names import parse_cluster
from lateen.translate.patch import Patch, Patched
from lateen.translate.patch_run import Run

Hosts = tuple[str, ...]
_BY_SNI = "outbound_."


def touches(name: str, hosts: Hosts, context: Context, patches: Iterable[Patch]) -> bool:
    """Tell whether any patch changes a cluster; cheap, without opening it."""
    return any(one.operation != "ADD" and one.is_for(context) and _is(name, hosts, one) for one in patches)


def patched(name: str, body: bytes, context: Context, patches: Iterable[Patch], hosts: Hosts = ()) -> Patched:
    """Return a cluster after all patches.

    Args:
        name: of the cluster.
        body: the cluster.
        context: what it is for.
        patches: those for clusters.
        hosts: the services behind an inbound cluster, whose name has none.
    """
    cluster, run = Cluster.FromString(body), Run(context, patches)
    for patch in run.of("CLUSTER"):
        if not _is(cluster.name, hosts, patch):
            continue
        if patch.operation == "REMOVE":
            return Patched(name, None, run.failures)
        if patch.merges:
            _merge(run, cluster, patch)
    return Patched(cluster.name, message.serialized(cluster), run.failures)


def added(context: Context, patches: Iterable[Patch]) -> list[tuple[str, bytes]]:
    """Return the clusters that patches add, with their names; one without a name cannot be sent."""
    mine = (one.message() for one in patches if one.apply_to == "CLUSTER" and one.adds_in(context))
    return [(one.name, message.serialized(one)) for one in mine if isinstance(one, Cluster) and one.name]


def _merge(run: Run, cluster: Cluster, patch: Patch) -> None:
    """Merge into a cluster; a value with a transport socket changes nothing but that.

    It merges into the socket of its name. Without one it becomes the cluster's, but not beside `transport_socket_matches`,
    where it would not be valid.
    """
    value = patch.message()
    assert isinstance(value, Cluster)
    if not value.HasField("transport_socket"):
        run.merge(cluster, patch)
        return
    socket = value.transport_socket
    there = next((one for one in _sockets(cluster) if one.name == socket.name), None)
    if there is not None:
        run.merge_transport_socket(there, socket, patch)
    elif not cluster.transport_socket_matches:
        cluster.transport_socket.CopyFrom(socket)


def _sockets(cluster: Cluster) -> list[TransportSocket]:
    if cluster.transport_socket_matches:
        matches = cluster.transport_socket_matches
        return [one.transport_socket for one in matches if one.HasField("transport_socket")]
    return [cluster.transport_socket] if cluster.HasField("transport_socket") else []


def _is(name: str, hosts: Hosts, patch: Patch) -> bool:
    match = patch.match.cluster
    if match is None:
        return True
    if match.name:
        return match.name == name
    plain = name.replace("_.", "|", 3) if name.startswith(_BY_SNI) else name
    direction, port, subset, host = parse_cluster(plain) or ("", 0, "", "")
    services = hosts if direction == "inbound" and hosts else (host,)
    return (
        (not match.subset or match.subset == subset)
        and (not match.service or match.service in services)
        and (not match.port_number or match.port_number == port)
    )
