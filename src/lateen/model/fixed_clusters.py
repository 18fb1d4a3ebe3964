"""What the clusters that every proxy has take from the mesh's configuration."""

import msgspec

from lateen.api import facts
from lateen.api.destination_rule import ConnectionPoolSettings, TcpKeepalive
from lateen.engine import Database, query
from lateen.model import mesh, scope
from lateen.model.clusters import connect_timeout, keepalives
from lateen.model.defaults import INBOUND_SOURCE_ADDRESS
from lateen.model.families import DUAL, INBOUND_SOURCE_ADDRESS6, V6, source
from lateen.model.http_settings import cluster_buffer
from lateen.model.traffic_policy import Policy
from lateen.model.upstream_tls import Target, UpstreamTLS, upstream_tls
from lateen.model.view import View


class FixedClusters(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the fixed clusters. Durations in nanoseconds."""

    connect_timeout: int
    """Of pass-through traffic: the mesh's default policy limits it too."""
    mesh_connect_timeout: int
    sources: tuple[str, ...] = (INBOUND_SOURCE_ADDRESS,)
    """Where pass-through calls to the application come from."""
    buffer_bytes: int | None = None
    """Of one connection; None is Envoy's default."""
    pool: ConnectionPoolSettings | None = None
    keepalives: tuple[TcpKeepalive, ...] = ()
    mesh_keepalives: tuple[TcpKeepalive, ...] = ()
    preserve_case: bool = False
    """HTTP/1 header names keep their case."""
    dynamic: bool = False
    """Unknown hosts are resolved by the proxy: ALLOW_ANY_DYNAMIC_DNS."""
    dynamic_tls: UpstreamTLS | None = None
    only_v6: bool = False
    """Names that the proxy looks up are of IPv6 only."""


@query
def fixed_clusters(db: Database, view: View) -> FixedClusters:
    """Return the settings for a proxy."""
    config = facts.mesh_config(db)
    default = config.default_traffic_policy
    limited = Policy(connection_pool=default.connection_pool if default else None)
    headers = mesh.proxy_settings(db, view).proxy_headers
    outbound = config.outbound_traffic_policy
    return FixedClusters(
        connect_timeout=connect_timeout(db, limited),
        mesh_connect_timeout=connect_timeout(db, Policy()),
        sources=(source(view.families), *((INBOUND_SOURCE_ADDRESS6,) if view.families == DUAL else ())),
        buffer_bytes=cluster_buffer(db, view),
        pool=limited.connection_pool,
        keepalives=keepalives(db, limited),
        mesh_keepalives=keepalives(db, Policy()),
        preserve_case=bool(headers and headers.preserve_http1_header_case),
        dynamic=not view.is_router
        and scope.outbound_mode(db, scope.scope_of(db, view)) == "ALLOW_ANY_DYNAMIC_DNS",
        dynamic_tls=upstream_tls(
            outbound.tls if outbound else None, Target(dynamic=True), config.tls_defaults
        ),
        only_v6=view.families == V6,
    )
