"""The clusters of a gateway that passes the mesh's TLS on unread, where the SNI names the cluster (AUTO_PASSTHROUGH).

Nobody can tell from the outside whether such a connection is mutual TLS, so only endpoints that insist on it are
behind these clusters. Source: pilot/pkg/networking/core/cluster.go (buildOutboundSniDnatClusters), ep_filters.go.
"""

from collections.abc import Iterable

import msgspec

from lateen.engine import Database, query
from lateen.model import scope
from lateen.model.cluster_discovery import Discovery
from lateen.model.clusters import Cluster, outbound, outbound_keys
from lateen.model.gateway import Kind, gateway_listeners
from lateen.model.load_assignment import load_assignment
from lateen.model.locality import Group
from lateen.model.traffic_policy import Policy, policy
from lateen.model.view import View

SPEAKS_MTLS = "istio"  # an endpoint's tlsMode


@query
def sni_keys(db: Database, view: View) -> tuple[tuple[str, int, str], ...]:
    """Return (host, port, subset) of these clusters: of every service inside the mesh, if a server asks for them."""
    if not _passes_by_name(db, view):
        return ()
    here = scope.services(db, scope.scope_of(db, view))
    inside = {service.host for service in here if not service.external}
    return tuple(key for key in outbound_keys(db, view) if key[0] in inside)


@query
def sni_cluster(db: Database, view: View, host: str, port: int, subset: str) -> Cluster | None:
    """Describe one of these clusters: the outbound one, without any TLS of its own."""
    one = outbound(db, view, host, port, subset)
    if one is None or one.discovery is Discovery.DYNAMIC:
        return None
    groups = mtls_only(one.groups) if _may_be_mtls(one.policy) else ()
    if one.discovery.is_dns and not any(group.members for group in groups):
        return None
    plain = msgspec.structs.replace(one.policy, tls=None, proxy_protocol=None)
    return msgspec.structs.replace(one, by_sni=True, tls=None, policy=plain, groups=groups)


@query
def sni_assignment(db: Database, view: View, host: str, port: int, subset: str) -> tuple[Group, ...]:
    """Return the endpoints of one of these clusters."""
    if not _may_be_mtls(policy(db, view, host, port, subset)):
        return ()
    return mtls_only(load_assignment(db, view, host, port, subset))


def _may_be_mtls(chosen: Policy) -> bool:
    return chosen.tls is None or chosen.tls.mode == "ISTIO_MUTUAL"


def mtls_only(groups: Iterable[Group]) -> tuple[Group, ...]:
    """Keep the endpoints that speak the mesh's TLS, and the localities that have any.

    Those that say so count, too: here it is the client who speaks it to them, and the gateway passes it on.
    """
    kept = []
    for group in groups:
        members = tuple(one for one in group.members if one.mtls or one.endpoint.tls_mode == SPEAKS_MTLS)
        if members:
            weight = sum(member.weight for member in members)
            kept.append(msgspec.structs.replace(group, members=members, weight=weight))
    return tuple(kept)


@query
def _passes_by_name(db: Database, view: View) -> bool:
    found = gateway_listeners(db, view)
    return any(server.kind is Kind.AUTO_PASSTHROUGH for listener in found for server in listener.servers)
