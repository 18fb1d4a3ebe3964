"""What is put down to chance, and which failures a retry policy repeats."""

import pytest

from lateen.twin.backend import Behaviour
from lateen.twin.trial import by_chance, failures, is_retried

CLOSED, GRPC = Behaviour(0), Behaviour(200, (("grpc-status", "14"),))


@pytest.mark.parametrize(
    ("seen", "share", "times", "accepted"),
    [(3, 1.0, 3, "yes"), (2, 1.0, 3, "no"), (0, 0.0, 400, "yes"), (1, 0.0, 400, "no"),
     (360, 0.9, 400, "yes"), (200, 0.9, 400, "no"), (0, 0.01, 400, "yes"), (40, 0.01, 400, "no")],
)  # fmt: skip
def test_chance(seen: int, share: float, times: int, accepted: str) -> None:
    assert by_chance(seen, share, times) is (accepted == "yes")


@pytest.mark.parametrize(
    ("conditions", "codes", "expected"),
    [("5xx", (), [CLOSED, Behaviour(503)]), ("retriable-status-codes", (418, 503), [Behaviour(418)]),
     ("connect-failure,unavailable", (), [GRPC]), ("connect-failure,refused-stream", (), [])],
)  # fmt: skip
def test_failures_of_a_policy_are_those_that_it_repeats(
    conditions: str, codes: tuple[int, ...], expected: list[Behaviour]
) -> None:
    assert failures(conditions, codes) == expected
    assert all(is_retried(one, conditions, codes) for one in expected)


@pytest.mark.parametrize(
    ("failure", "conditions"),
    [(CLOSED, "retriable-status-codes"), (Behaviour(500), "gateway-error"), (Behaviour(404), "5xx"), (GRPC, "5xx,cancelled")],
)  # fmt: skip
def test_other_failures_are_not_repeated(failure: Behaviour, conditions: str) -> None:
    assert not is_retried(failure, conditions, ())
