"""Limits of a cluster: connections, requests, retries (Envoy: `circuit_breakers`)."""

from envoy.config.cluster.v3.circuit_breaker_pb2 import CircuitBreakers
from envoy.type.v3.percent_pb2 import Percent

from lateen.api.destination_rule import ConnectionPoolSettings, RetryBudget
from lateen.model.defaults import UNLIMITED
from lateen.translate.message import duration, uint32

RETRY_BUDGET_PERCENT = 20.0  # cluster_traffic_policy.go applyRetryBudget
RETRY_BUDGET_CONCURRENCY = 3
BUDGET_INTERVAL, _LENGTH_DELIMITED = 3, 2  # a field's number and wire type


def circuit_breakers(pool: ConnectionPoolSettings | None, budget: RetryBudget | None) -> CircuitBreakers:
    """Limit what is set; the rest is as good as unlimited, unlike Envoy's own 1024 and 3."""
    tcp = pool.tcp if pool else None
    http = pool.http if pool else None
    threshold = CircuitBreakers.Thresholds(
        max_connections=uint32((tcp.max_connections if tcp else None) or UNLIMITED),
        max_pending_requests=uint32((http.http1_max_pending_requests if http else None) or UNLIMITED),
        max_requests=uint32((http.http2_max_requests if http else None) or UNLIMITED),
        max_retries=uint32((http.max_retries if http else None) or UNLIMITED),
        retry_budget=_retry_budget(budget),
    )
    return CircuitBreakers(thresholds=[threshold])


def _retry_budget(budget: RetryBudget | None) -> CircuitBreakers.Thresholds.RetryBudget | None:
    if budget is None:
        return None
    percent = RETRY_BUDGET_PERCENT if budget.percent is None else budget.percent
    built = CircuitBreakers.Thresholds.RetryBudget(
        budget_percent=Percent(value=percent),
        min_retry_concurrency=uint32(budget.min_retry_concurrency or RETRY_BUDGET_CONCURRENCY),
    )
    if budget.budget_interval is not None:
        built.MergeFromString(_budget_interval(budget.budget_interval))
    return built


def _budget_interval(nanoseconds: int) -> bytes:
    """Encode `budget_interval`, field 3, which Envoy knows and the installed modules do not yet."""
    body = duration(nanoseconds).SerializeToString(deterministic=True)
    return bytes((BUDGET_INTERVAL << 3 | _LENGTH_DELIMITED, len(body))) + body
