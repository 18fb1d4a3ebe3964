"""A request tried on a twin, as often as it takes to see what is decided at random, and on backends that fail."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Protocol

import msgspec

from lateen.simulate.request import Connection, Request
from lateen.simulate.trace import FilterChainChosen, Outcome, Trace
from lateen.twin.backend import Behaviour
from lateen.twin.caller import Answer
from lateen.twin.envoy import Loaded
from lateen.twin.runnable import FLAGS, Target

SAMPLE = 400
"""Requests that are sent where shares are to be seen."""
MOST_TRIES = 10
"""Retries that are counted; more would take too long."""
_SIGMAS = 4.5
"""Deviations that are put down to chance: beyond them once in 100,000 samples."""
_PATIENCE = 2.0  # seconds until a copy of a request must have arrived
_MARK = "x-lateen-twin-number"
_numbers = count()
_GRPC = {"cancelled": 1, "deadline-exceeded": 4, "internal": 13, "resource-exhausted": 8, "unavailable": 14}


class Reached(Protocol):
    """Knows who gave an answer."""

    def target(self, answer: Answer) -> Target | None:
        """Return the cluster and endpoint; None when the proxy answered by itself."""


class Copies(msgspec.Struct, frozen=True):
    """A request that was answered, and the clusters that got copies of it."""

    answer: Answer
    clusters: tuple[str, ...]


def asked(loaded: Loaded, trace: Trace, connection: Connection, request: Request | None) -> Answer:
    """Send a request, or bytes where there is none or the proxy only passes TLS on."""
    decrypts = any(isinstance(step, FilterChainChosen) and step.terminates_tls for step in trace.steps)
    if request is None or (connection.tls is not None and not decrypts):
        return loaded.exchange_bytes(connection, handshake=decrypts)
    return loaded.ask(connection, request)


def by_chance(seen: int, share: float, times: int = SAMPLE) -> bool:
    """Tell whether a count is what a share gives, give or take what chance does."""
    deviation = math.sqrt(times * share * (1 - share))
    return abs(seen - times * share) <= _SIGMAS * deviation + 0.5


def spread(answers: Iterable[Answer], loaded: Reached) -> Counter[str]:
    """Count answers by who gave them: a cluster, or `503 UH` of the proxy's own."""
    return Counter(ending(one, loaded) for one in answers)


def ending(answer: Answer, loaded: Reached) -> str:
    """Say who answered: a cluster's name, or the proxy's own status and flags."""
    target = loaded.target(answer)
    if target is not None:
        return target.cluster
    if not answer.status:
        return "closed"
    flags = answer.header(FLAGS) or "-"
    return f"{answer.status}" if flags == "-" else f"{answer.status} {flags}"


def expected_spread(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the shares that a simulation predicts, by the words of `ending` (without flags)."""
    shares: dict[str, float] = {}
    for one in outcomes:
        words = one.cluster if one.kind == "cluster" else "closed" if one.kind == "reset" else str(one.status)
        shares[words] = shares.get(words, 0.0) + one.probability
    return shares


def copies(loaded: Loaded, connection: Connection, request: Request, expected: int) -> Copies:
    """Send a request and wait until an expected number of copies has arrived."""
    backend = loaded.backend
    mark = (_MARK, str(next(_numbers)))  # copies of earlier requests may still be on their way
    backend.forget()
    answer = loaded.ask(connection, msgspec.structs.replace(request, headers=(*request.headers, mark)))
    own = bool(answer.upstream)
    heard = backend.heard(expected + own, _PATIENCE, mark)
    if own:
        heard.remove(
            next(one for one in heard if one.address == answer.upstream and one.path == answer.seen_path)
        )
    return Copies(answer, tuple(sorted(loaded.reached(one.address).cluster for one in heard)))


def attempts(loaded: Loaded, connection: Connection, request: Request, failure: Behaviour) -> int:
    """Count how often a request arrives at backends that fail."""
    backend = loaded.backend
    backend.forget()
    backend.behaviour = failure
    try:
        loaded.ask(connection, request)
    finally:
        backend.behaviour = Behaviour()
    return len(backend.heard())


def failures(conditions: str, codes: Iterable[int]) -> list[Behaviour]:
    """Return failures that a retry policy repeats, one for each condition that a backend can show; empty when none."""
    found = []
    words = conditions.split(",")
    if "retriable-status-codes" in words:
        found += [Behaviour(code) for code in list(codes)[:1]]
    if {"reset", "5xx", "gateway-error"} & {*words}:
        found.append(Behaviour(0))
    found += [Behaviour(503)] if {"5xx", "gateway-error"} & {*words} else []
    found += [Behaviour(409)] if "retriable-4xx" in words else []
    found += [Behaviour(200, (("grpc-status", str(_GRPC[word])),)) for word in words if word in _GRPC]
    return found


def is_retried(failure: Behaviour, conditions: str, codes: Iterable[int]) -> bool:
    """Tell whether a retry policy repeats a failure (Envoy: router_filter, x-envoy-retry-on and x-envoy-retry-grpc-on)."""
    words = {*conditions.split(",")}
    if not failure.status:
        return bool(words & {"reset", "5xx", "gateway-error"})
    grpc = dict(failure.headers).get("grpc-status")
    if grpc is not None:
        return any(word in words for word, number in _GRPC.items() if str(number) == grpc)
    status = failure.status
    return (
        ("5xx" in words and status >= 500)
        or ("gateway-error" in words and status in (502, 503, 504))
        or ("retriable-4xx" in words and status == 409)
        or ("retriable-status-codes" in words and status in set(codes))
    )


def limit_told(answer: Answer) -> str:
    """Return the milliseconds that Envoy tells the upstream it will wait; empty for no limit."""
    return answer.seen("x-envoy-expected-rq-timeout-ms") or ""


def limit_of(outcome: Outcome) -> str:
    """Return what `limit_told` will be: the shorter one of the timeout and that of a try."""
    a_try = outcome.retry.per_try_timeout if outcome.retry is not None else None
    known = [one for one in (outcome.timeout, a_try) if one]
    return str(min(known) // 1_000_000) if known else ""
