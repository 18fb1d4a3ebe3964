"""The traffic policy that a cluster follows: rule, port entry, subset, the subset's port entry, mesh.

Sources: pilot/pkg/networking/util/util.go (GetPortLevelTrafficPolicy, MergeSubsetTrafficPolicy) and
cluster_traffic_policy.go (applyDefaultTrafficPolicy); for hash policies route.go (HashForHTTPDestination).
"""

import msgspec

from lateen.api import facts
from lateen.api.destination_rule import (
    ClientTLSSettings,
    ConnectionPoolSettings,
    OutlierDetection,
    PortTrafficPolicy,
    ProxyProtocol,
    RetryBudget,
    Subset,
    TrafficPolicy,
    TunnelSettings,
)
from lateen.api.load_balancer import ConsistentHashLB, LoadBalancerSettings
from lateen.engine import Database
from lateen.model.destination_rules import Rule


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """The blocks of a traffic policy that apply; None is the default."""

    load_balancer: LoadBalancerSettings | None = None
    connection_pool: ConnectionPoolSettings | None = None
    outlier_detection: OutlierDetection | None = None
    tls: ClientTLSSettings | None = None
    tunnel: TunnelSettings | None = None
    proxy_protocol: ProxyProtocol | None = None
    retry_budget: RetryBudget | None = None


PER_PORT = ("load_balancer", "connection_pool", "outlier_detection", "tls")
EVERYWHERE = (*PER_PORT, "tunnel", "proxy_protocol", "retry_budget")
_NOTHING = Policy()


def policy(db: Database, rule: Rule | None, port: int, subset: Subset | None = None) -> Policy:
    """Return what the cluster of a service's port, or of one subset of it, follows."""
    base = with_mesh_default(db, _of_port(rule.traffic_policy, port)[0] if rule else _NOTHING)
    return of_subset(base, subset, port)


def declared(rule: Rule | None, port: int, subset: Subset | None = None) -> Policy:
    """Return the same without the mesh's default: what decides about endpoints (endpoint_builder.go)."""
    if rule is None:
        return _NOTHING
    return of_subset(_of_port(rule.traffic_policy, port)[0], subset, port)


def hash_policy(rule: Rule | None, port: int | None, subset: str) -> ConsistentHashLB | None:
    """Return the consistent hash of a route's destination: subset's port entry, subset, port entry, rule.

    Port entries count only when the destination sets its port; without a VirtualService pass the service's port.
    """
    if rule is None:
        return None
    chosen = rule.subset(subset) if subset else None
    own, own_port = _hashes(chosen.traffic_policy if chosen else None, port)
    top, top_port = _hashes(rule.traffic_policy, port)
    return own_port or own or top_port or top


def with_mesh_default(db: Database, base: Policy) -> Policy:
    """Fill connection pool and outlier detection, where unset, from the mesh's defaultTrafficPolicy; whole blocks."""
    default = facts.mesh_config(db).default_traffic_policy
    if default is None:
        return base
    return msgspec.structs.replace(
        base,
        connection_pool=base.connection_pool or default.connection_pool,
        outlier_detection=base.outlier_detection or default.outlier_detection,
    )


def of_port(declared_policy: TrafficPolicy | None, port: int) -> Policy:
    """Resolve a policy for a port: its entry replaces everything, what that omits goes back to the default."""
    return _of_port(declared_policy, port)[0]


def _of_port(declared_policy: TrafficPolicy | None, port: int) -> tuple[Policy, bool]:
    if declared_policy is None:
        return _NOTHING, False
    entry = _entry(declared_policy, port)
    if entry is not None:
        return Policy(**{block: getattr(entry, block) for block in PER_PORT}), True
    return Policy(**{block: getattr(declared_policy, block) for block in EVERYWHERE}), False


def of_subset(base: Policy, subset: Subset | None, port: int) -> Policy:
    """Put a subset's policy over the rule's: block by block, or the four port blocks wholesale with a port entry.

    Returns:
        `base` itself where the subset has none.
    """
    if subset is None or subset.traffic_policy is None:
        return base
    own, has_entry = _of_port(subset.traffic_policy, port)
    blocks = {block: getattr(own, block) for block in EVERYWHERE}
    kept = PER_PORT if has_entry else ()
    return msgspec.structs.replace(base, **{b: v for b, v in blocks.items() if v is not None or b in kept})


def _entry(declared_policy: TrafficPolicy, port: int) -> PortTrafficPolicy | None:
    entries = declared_policy.port_level_settings
    return next((entry for entry in entries if entry.port and entry.port.number == port), None)


def _hashes(
    declared_policy: TrafficPolicy | None, port: int | None
) -> tuple[ConsistentHashLB | None, ConsistentHashLB | None]:
    """Return the hash of a policy and that of its port entry."""
    if declared_policy is None:
        return None, None
    entry = _entry(declared_policy, port) if port is not None else None
    return _hash(declared_policy.load_balancer), _hash(entry.load_balancer if entry else None)


def _hash(balancer: LoadBalancerSettings | None) -> ConsistentHashLB | None:
    return balancer.consistent_hash if balancer else None
