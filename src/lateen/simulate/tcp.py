"""Connections that are forwarded as bytes: tcp_proxy."""

from envoy.extensions.filters.network.tcp_proxy.v3.tcp_proxy_pb2 import TcpProxy

from lateen.simulate.choices import shares
from lateen.simulate.configuration import Configuration
from lateen.simulate.request import Connection
from lateen.simulate.targets import reach
from lateen.simulate.trace import AnyStep, ClusterReached, Outcome


def forward(
    configuration: Configuration,
    proxy: TcpProxy,
    sni_cluster: str,
    connection: Connection,
    steps: list[AnyStep],
) -> list[Outcome]:
    """Return where the connection may go; `sni_cluster` is what the sni_cluster filter chose, or empty."""
    return [
        to_cluster(configuration, name, connection, share, steps)
        for name, share in ([(sni_cluster, 1.0)] if sni_cluster else _clusters(proxy))
    ]


def _clusters(proxy: TcpProxy) -> list[tuple[str, float]]:
    if proxy.WhichOneof("cluster_specifier") == "weighted_clusters":
        return list(shares((one.name, one.weight) for one in proxy.weighted_clusters.clusters))
    return [(proxy.cluster, 1.0)]


def to_cluster(
    configuration: Configuration, name: str, connection: Connection, share: float, steps: list[AnyStep]
) -> Outcome:
    """Return what becomes of a connection that is sent to a cluster."""
    cluster = configuration.cluster(name)
    if cluster is None:
        steps.append(ClusterReached(cluster=name, found=False))
        return Outcome(kind="reset", probability=share, cluster=name, flag="NC")
    reached = reach(configuration, cluster, f"{connection.address}:{connection.port}")
    steps.append(ClusterReached(cluster=name, found=True, kind=reached.kind, reason=reached.reason))
    if not reached.targets and reached.reason != "the extension decides":
        return Outcome(kind="reset", probability=share, cluster=name, flag="UH")
    return Outcome(kind="cluster", probability=share, cluster=name, endpoints=reached.targets)
