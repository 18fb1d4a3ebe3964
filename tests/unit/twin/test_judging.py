"""Headers that an upstream saw, against what a rule is expected to do with them."""

import pytest

from lateen.twin.judging import compared

SENT = {"a": "1", "b": "2"}


@pytest.mark.parametrize("own", ["x-request-id", "x-envoy-attempt-count", "grpc-timeout"])
def test_what_envoy_adds_by_itself_is_no_change(own: str) -> None:
    assert [*compared("request", {}, SENT, {**SENT, own: "1"})] == []


def test_other_headers_must_stay_as_they_are() -> None:
    assert [*compared("request", {}, SENT, {"a": "1", "c": "3"})] == [
        "headers.request: b should be '2', is None",
        "headers.request: c should be None, is '3'",
    ]
    assert [*compared("request", {"remove": ["b"], "set": {"c": "3"}}, SENT, {"a": "1", "c": "3"})] == []
