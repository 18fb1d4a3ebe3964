"""HTTPRetry → RetryPolicy (pilot/pkg/networking/core/route/retry/retry.go)."""

from functools import lru_cache
from http import HTTPStatus

from envoy.config.route.v3.route_components_pb2 import RetryPolicy
from envoy.extensions.retry.host.previous_hosts.v3.previous_hosts_pb2 import PreviousHostsPredicate
from envoy.extensions.retry.priority.previous_priorities.v3.previous_priorities_config_pb2 import (
    PreviousPrioritiesConfig,
)

from lateen.api.virtual_service import HTTPRetry
from lateen.model import defaults
from lateen.translate import message

PREVIOUS_HOSTS = "envoy.retry_host_predicates.previous_hosts"
PREVIOUS_PRIORITIES = "envoy.retry_priorities.previous_priorities"
PRIORITY_UPDATE_FREQUENCY = 2  # retry.go: look for another priority after every second attempt
INBOUND_RETRY_ON = "reset-before-request"  # never reached the application, so safe for any method
STATUS_CODES = frozenset(int(status) for status in HTTPStatus)
BY_STATUS = "retriable-status-codes"
_BUILT_IN = HTTPRetry(attempts=defaults.RETRY_ATTEMPTS)


@lru_cache(64)
def retry_policy(retries: HTTPRetry | None, *, hashed: bool) -> RetryPolicy | None:
    """Return the policy of an outbound route; None switches retries off.

    Most routes have the same, so it is made once: copy it, and do not change it.

    Args:
        retries: the rule's or the mesh's; None is Istio's default, without attempts it switches retries off.
        hashed: a consistent hash chooses the endpoint, so that a retry goes to the same one unless told otherwise.
    """
    chosen = retries or _BUILT_IN
    if (chosen.attempts or 0) <= 0:
        return None
    policy = _base(chosen, defaults.RETRY_ON)
    policy.host_selection_retry_max_attempts = defaults.RETRY_HOST_SELECTION_ATTEMPTS
    avoid = chosen.retry_ignore_previous_hosts
    if avoid if avoid is not None else not hashed:
        predicate = policy.retry_host_predicate.add(name=PREVIOUS_HOSTS)
        predicate.typed_config.CopyFrom(message.any_of(PreviousHostsPredicate()))
    if chosen.per_try_timeout is not None:
        policy.per_try_timeout.CopyFrom(message.duration(chosen.per_try_timeout))
    if chosen.retry_remote_localities:
        policy.retry_priority.name = PREVIOUS_PRIORITIES
        frequency = PreviousPrioritiesConfig(update_frequency=PRIORITY_UPDATE_FREQUENCY)
        policy.retry_priority.typed_config.CopyFrom(message.any_of(frequency))
    return policy


def inbound_retry_policy(retries: HTTPRetry | None) -> RetryPolicy | None:
    """Return the policy towards the own application: only `attempts`, `retryOn` and `backoff` mean something there."""
    chosen = retries or _BUILT_IN
    return _base(chosen, INBOUND_RETRY_ON) if (chosen.attempts or 0) > 0 else None


def _base(chosen: HTTPRetry, default: str) -> RetryPolicy:
    conditions, codes = retry_conditions(chosen.retry_on or default)
    policy = RetryPolicy(
        num_retries=message.uint32(chosen.attempts or 0), retry_on=conditions, retriable_status_codes=codes
    )
    if chosen.backoff is not None:
        policy.retry_back_off.base_interval.CopyFrom(message.duration(chosen.backoff))
    return policy


def retry_conditions(retry_on: str) -> tuple[str, list[int]]:
    """Split `retryOn` into Envoy's conditions and status codes; codes bring the condition that reads them."""
    parts = [part.strip() for part in retry_on.split(",") if part.strip()]
    codes = [int(part) for part in parts if part.isdecimal() and int(part) in STATUS_CODES]
    words = [part for part in parts if not (part.isdecimal() and int(part) in STATUS_CODES)]
    if codes and not any(BY_STATUS in word for word in words):
        words.append(BY_STATUS)
    return ",".join(words), codes
