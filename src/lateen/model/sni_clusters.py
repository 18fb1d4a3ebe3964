"""The clusters of a gateway that passes the mesh's TLS on unread, where the SNI names the cluster (AUTO_PASSTHROUGH).

Nobody can tell from the outside whether such a connection is mutual TLS, so only endpoints that insist on it are
behind these clusters. Source: pilot/pkg/networking/core/cluster.go (buildOutboundSniDnatClusters), ep_filters.go.
"""

from collections.abc import Iterable, Iterator

import msgspec

from lateen.api.destination_rule import Subset
from lateen.engine import Database, query
from lateen.model.cluster_discovery import Discovery
from lateen.model.clusters import Cluster, outbound
from lateen.model.gateway import Kind, gateway_listeners
from lateen.model.load_assignment import load_assignment, load_assignments
from lateen.model.locality import Group
from lateen.model.seen import Seen
from lateen.model.traffic_policy import Policy, policy
from lateen.model.view import View

SPEAKS_MTLS = "istio"  # an endpoint's tlsMode


def sni_clusters(db: Database, view: View, seen: Seen) -> Iterator[Cluster]:
    """Describe these clusters of a service: the outbound ones, without any TLS of their own."""
    for one in outbound(db, view, seen):
        traits, chosen = one.traits, policy(db, seen.rule, one.port, seen.subset(one.subset))
        groups = mtls_only(one.groups) if _may_be_mtls(chosen) else ()
        without_any = traits.discovery.is_dns and not any(group.members for group in groups)
        if traits.discovery is Discovery.DYNAMIC or without_any:
            continue
        bare = msgspec.structs.replace(traits.policy, proxy_protocol=None)
        plain = msgspec.structs.replace(traits, tls=None, policy=bare)
        yield msgspec.structs.replace(one, by_sni=True, traits=plain, groups=groups)


def sni_assignment(
    db: Database, view: View, seen: Seen, port: int, subset: Subset | None
) -> tuple[Group, ...]:
    """Return the endpoints of one of these clusters."""
    return _assigned(db, seen, port, subset, load_assignment(db, view, seen, port, subset))


def sni_assignments(
    db: Database, view: View, seen: Seen, port: int
) -> Iterator[tuple[str, tuple[Group, ...]]]:
    """Yield the endpoints of these clusters of a port by subset, the whole service's first."""
    for name, groups in load_assignments(db, view, seen, port):
        yield name, _assigned(db, seen, port, seen.subset(name), groups)


def _assigned(
    db: Database, seen: Seen, port: int, subset: Subset | None, groups: tuple[Group, ...]
) -> tuple[Group, ...]:
    return mtls_only(groups) if _may_be_mtls(policy(db, seen.rule, port, subset)) else ()


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
def passes_by_name(db: Database, view: View) -> bool:
    """Tell whether a proxy has these clusters, of every service inside the mesh: some server of it asks for them."""
    found = gateway_listeners(db, view)
    return any(server.kind is Kind.AUTO_PASSTHROUGH for listener in found for server in listener.servers)
