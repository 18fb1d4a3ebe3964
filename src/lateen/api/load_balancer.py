"""Load balancing: `LoadBalancerSettings` of a DestinationRule and the locality settings that MeshConfig shares."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import field

from lateen.api.common import Duration
from lateen.api.message import Message, OneOf, UInt32, UInt64

SimpleLB = Literal["UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"]


class LoadBalancerSettings(OneOf, frozen=True):
    """How an endpoint is chosen."""

    oneofs = (("simple", "consistent_hash", "backend_utilization"),)

    simple: SimpleLB | None = None
    """Unset is LEAST_REQUEST. Envoy: `lb_policy`; PASSTHROUGH is an ORIGINAL_DST cluster."""
    consistent_hash: ConsistentHashLB | None = None
    """Same key, same endpoint. Envoy: RING_HASH or MAGLEV and a `hash_policy` on routes."""
    locality_lb_setting: LocalityLoadBalancerSetting | None = None
    """Preference by locality; unset is the mesh's. Envoy: priorities and locality weights."""
    zone_aware_lb_setting: ZoneAwareLoadBalancerSetting | None = None
    """Envoy's zone aware routing. Envoy: `zone_aware_lb_config`."""
    warmup_duration_secs: Duration | None = None
    """Deprecated spelling of `warmup.duration`."""
    warmup: WarmupConfiguration | None = None
    """Less traffic for new endpoints. Envoy: `slow_start_config`."""
    backend_utilization: dict[str, Any] | None = None
    """In the schema of newer releases, without effect there."""


class ConsistentHashLB(OneOf, frozen=True):
    """Soft affinity by a hash (`LoadBalancerSettings.ConsistentHashLB`)."""

    oneofs = (
        ("http_header_name", "http_cookie", "use_source_ip", "http_query_parameter_name"),
        ("ring_hash", "maglev"),
    )

    http_header_name: str | None = None
    """Hash a request header. Envoy: `hash_policy.header`."""
    http_cookie: HTTPCookie | None = None
    """Hash a cookie. Envoy: `hash_policy.cookie`."""
    use_source_ip: bool | None = None
    """Hash the caller's address. Envoy: `hash_policy.connection_properties`."""
    http_query_parameter_name: str | None = None
    """Hash a query parameter. Envoy: `hash_policy.query_parameter`."""
    ring_hash: RingHash | None = None
    """Ring algorithm, the default. Envoy: `ring_hash_lb_config`."""
    maglev: MagLev | None = None
    """Maglev algorithm. Envoy: `maglev_lb_config`."""
    minimum_ring_size: UInt64 | None = None
    """Deprecated spelling of `ring_hash.minimum_ring_size`."""


class RingHash(Message, frozen=True):
    """Ring hash (`LoadBalancerSettings.ConsistentHashLB.RingHash`)."""

    minimum_ring_size: UInt64 | None = None
    """Unset is 1024. Envoy: `minimum_ring_size`."""


class MagLev(Message, frozen=True):
    """Maglev (`LoadBalancerSettings.ConsistentHashLB.MagLev`)."""

    table_size: UInt64 | None = None
    """A prime below 5000011; unset is Envoy's 65537. Envoy: `table_size`."""


class HTTPCookie(Message, frozen=True):
    """The cookie to hash (`LoadBalancerSettings.ConsistentHashLB.HTTPCookie`)."""

    name: str = ""
    """Required. Envoy: `name`."""
    path: str | None = None
    """Path of a cookie that Envoy makes. Envoy: `path`."""
    ttl: Duration | None = None
    """Lifetime of a cookie that Envoy makes, 0s for a session; unset makes none. Envoy: `ttl`."""
    attributes: tuple[CookieAttribute, ...] = ()
    """More attributes of the cookie. Envoy: `attributes`."""


class CookieAttribute(Message, frozen=True):
    """An attribute such as SameSite (`…ConsistentHashLB.HTTPCookie.Attribute`)."""

    name: str = ""
    """Required."""
    value: str | None = None
    """Unset for attributes without one."""


class LocalityLoadBalancerSetting(Message, frozen=True):
    """Preference by region, zone and subzone."""

    distribute: tuple[LocalityDistribute, ...] = ()
    """Shares per locality of the caller. Envoy: `load_balancing_weight` of localities."""
    failover: tuple[LocalityFailover, ...] = ()
    """Where a region fails over to. Envoy: endpoint priorities."""
    failover_priority: tuple[str, ...] = ()
    """Labels whose agreement makes an endpoint nearer. Envoy: endpoint priorities."""
    enabled: bool | None = None
    """Unset is the mesh's, which is true."""


class LocalityDistribute(Message, frozen=True):
    """Shares for callers in one locality (`LocalityLoadBalancerSetting.Distribute`)."""

    from_: str | None = field(name="from", default=None)
    """`region/zone/subzone`, `*` at the end allowed."""
    to: dict[str, UInt32] = {}
    """Locality to percentage; they add up to 100."""


class LocalityFailover(Message, frozen=True):
    """A region's substitute (`LocalityLoadBalancerSetting.Failover`)."""

    from_: str | None = field(name="from", default=None)
    """Region of the caller."""
    to: str | None = None
    """Region to fail over to."""


class ZoneAwareLoadBalancerSetting(Message, frozen=True):
    """Keep traffic in the zone as far as capacity allows."""

    enabled: bool | None = None
    """Unset is the mesh's."""
    failover: tuple[ZoneAwareFailover, ...] = ()
    """Where a region fails over to."""
    failover_priority: tuple[str, ...] = ()
    """Labels whose agreement makes an endpoint nearer."""
    min_cluster_size: UInt64 | None = None
    """Smaller clusters ignore zones; unset is Envoy's 6. Envoy: `min_cluster_size`."""


class ZoneAwareFailover(Message, frozen=True):
    """A region's substitute (`ZoneAwareLoadBalancerSetting.Failover`)."""

    from_: str | None = field(name="from", default=None)
    """Region of the caller."""
    to: str | None = None
    """Region to fail over to."""


class WarmupConfiguration(Message, frozen=True):
    """Slow start."""

    duration: Duration | None = None
    """How long an endpoint counts as new; required. Envoy: `slow_start_window`."""
    minimum_percent: float | None = None
    """Share of its traffic at the start; unset is 10. Envoy: `min_weight_percent`."""
    aggression: float | None = None
    """Curve of the increase; unset is 1.0, a line. Envoy: `aggression`."""
