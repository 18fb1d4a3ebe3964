"""Random choices kept as all that may happen: values with probabilities instead of one draw."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec
from google.protobuf.duration_pb2 import Duration

from lateen.simulate.trace import Outcome

T = TypeVar("T")


def shares(weighted: Iterable[tuple[T, int]]) -> Sequence[tuple[T, float]]:
    """Turn weights into probabilities; a weight of 0 is never chosen."""
    kept = [(value, weight) for value, weight in weighted if weight]
    total = sum(weight for _, weight in kept)
    return [(value, weight / total) for value, weight in kept]


def nanoseconds(duration: Duration) -> int:
    """Return a duration's length."""
    return duration.seconds * 1_000_000_000 + duration.nanos


def scaled(outcomes: Iterable[Outcome], probability: float) -> list[Outcome]:
    """Multiply the probabilities of outcomes."""
    return [msgspec.structs.replace(one, probability=one.probability * probability) for one in outcomes]
