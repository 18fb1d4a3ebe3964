"""The choice of an endpoint (Envoy: `lb_policy`, its settings, and `common_lb_config`)."""

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.core.v3.base_pb2 import RuntimeDouble
from envoy.config.core.v3.health_check_pb2 import DEGRADED, DRAINING, HEALTHY, UNKNOWN, HealthStatusSet
from envoy.type.v3.percent_pb2 import Percent
from google.protobuf.wrappers_pb2 import UInt64Value

from lateen.api.load_balancer import ConsistentHashLB, LoadBalancerSettings, WarmupConfiguration
from lateen.model.locality import Preference
from lateen.translate.message import duration, optional_duration

MINIMUM_RING_SIZE = 1024
WARMUP_AGGRESSION = 1.0
WARMUP_PERCENT = 10.0
_RUNTIME_KEY = "("  # Istio's: a key that nobody can set, as Envoy demands one


def apply_load_balancer(cluster: Cluster, settings: LoadBalancerSettings | None) -> None:
    """Set the policy; LEAST_REQUEST is the default (cluster_traffic_policy.go applyLoadBalancer)."""
    slow_start = _slow_start(settings) if settings else None
    match settings.simple if settings else None:
        case "RANDOM":
            cluster.lb_policy = Cluster.RANDOM
        case "ROUND_ROBIN":
            cluster.lb_policy = Cluster.ROUND_ROBIN
            if slow_start is not None:
                cluster.round_robin_lb_config.slow_start_config.CopyFrom(slow_start)
        case _:
            cluster.lb_policy = Cluster.LEAST_REQUEST
            if slow_start is not None:
                cluster.least_request_lb_config.slow_start_config.CopyFrom(slow_start)
    if settings is not None and settings.consistent_hash is not None:
        _apply_hash(cluster, settings.consistent_hash)


def _apply_hash(cluster: Cluster, settings: ConsistentHashLB) -> None:
    cluster.ClearField("least_request_lb_config")
    if settings.maglev is not None:
        cluster.lb_policy = Cluster.MAGLEV
        if settings.maglev.table_size:
            cluster.maglev_lb_config.table_size.value = settings.maglev.table_size
        return
    cluster.lb_policy = Cluster.RING_HASH
    if settings.ring_hash is None:
        cluster.ring_hash_lb_config.minimum_ring_size.value = settings.minimum_ring_size or MINIMUM_RING_SIZE
    elif settings.ring_hash.minimum_ring_size:
        cluster.ring_hash_lb_config.minimum_ring_size.value = settings.ring_hash.minimum_ring_size


def _slow_start(settings: LoadBalancerSettings) -> Cluster.SlowStartConfig | None:
    if settings.warmup is not None:
        return _warmup(settings.warmup)
    if settings.warmup_duration_secs is not None:
        return Cluster.SlowStartConfig(slow_start_window=duration(settings.warmup_duration_secs))
    return None


def _warmup(warmup: WarmupConfiguration) -> Cluster.SlowStartConfig:
    aggression = WARMUP_AGGRESSION if warmup.aggression is None else warmup.aggression
    percent = WARMUP_PERCENT if warmup.minimum_percent is None else warmup.minimum_percent
    return Cluster.SlowStartConfig(
        slow_start_window=optional_duration(warmup.duration),
        aggression=RuntimeDouble(default_value=aggression, runtime_key=_RUNTIME_KEY),
        min_weight_percent=Percent(value=percent),
    )


def common_lb_config(
    panic_percent: int, preference: Preference | None, *, detects: bool, keeps_draining: bool
) -> Cluster.CommonLbConfig:
    """Say what holds for any policy: when to panic, and whether localities have weights.

    Weights of localities count only where somebody chose them, for otherwise they would disturb the policy.
    """
    built = Cluster.CommonLbConfig(healthy_panic_threshold=Percent(value=panic_percent))
    if keeps_draining:
        built.override_host_status.CopyFrom(HealthStatusSet(statuses=[HEALTHY, DRAINING, UNKNOWN, DEGRADED]))
    if preference is None:
        return built
    if preference.zone_aware:
        built.zone_aware_lb_config.CopyFrom(_zone_aware(preference))
    elif preference.distribute or _fails_over(preference, detects=detects):
        built.locality_weighted_lb_config.SetInParent()
    return built


def _fails_over(preference: Preference, *, detects: bool) -> bool:
    return (detects or preference.force) and bool(preference.failover or preference.failover_priority)


def _zone_aware(preference: Preference) -> cluster_pb2.Cluster.CommonLbConfig.ZoneAwareLbConfig:
    size = preference.min_cluster_size
    return Cluster.CommonLbConfig.ZoneAwareLbConfig(
        routing_enabled=None if preference.routing else Percent(value=0),
        min_cluster_size=None if size is None else UInt64Value(value=size),
    )
