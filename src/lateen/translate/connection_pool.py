"""TCP settings of a cluster's connections (Envoy: `upstream_connection_options`)."""

from collections.abc import Iterable

from envoy.config.cluster.v3.cluster_pb2 import UpstreamConnectionOptions
from envoy.config.core.v3 import address_pb2

from lateen.api.destination_rule import TcpKeepalive
from lateen.translate.message import SECOND, optional_uint32


def connection_options(keepalives: Iterable[TcpKeepalive]) -> UpstreamConnectionOptions | None:
    """Switch TCP keep-alive on when anyone asks for it; of several settings the last word on each field counts."""
    layers = tuple(keepalives)
    if not layers:
        return None
    probes = [one.probes for one in layers if one.probes]
    times = [one.time for one in layers if one.time is not None]
    intervals = [one.interval for one in layers if one.interval is not None]
    return UpstreamConnectionOptions(
        tcp_keepalive=address_pb2.TcpKeepalive(
            keepalive_probes=optional_uint32(probes[-1] if probes else None),
            keepalive_time=optional_uint32(times[-1] // SECOND if times else None),
            keepalive_interval=optional_uint32(intervals[-1] // SECOND if intervals else None),
        )
    )
