import pytest
from hypothesis import given
from hypothesis import strategies as st

from lateen.api.duration import Duration


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("30ms", 30_000_000),
        ("0.5s", 500_000_000),
        (".5s", 500_000_000),
        ("1.s", 1_000_000_000),
        ("1h30m", 5_400_000_000_000),
        ("1h0m0.25s", 3_600_250_000_000),
        ("7ns", 7),
        ("3us", 3_000),
        ("3µs", 3_000),
        ("-2s", -2_000_000_000),
        ("+2s", 2_000_000_000),
        ("2562047h", 2562047 * 3600 * 10**9),
    ],
)
def test_go_syntax(text, nanoseconds):
    assert Duration.parse(text) == nanoseconds


@pytest.mark.parametrize(
    "text", ["", "5", "s", ".s", "5 s", "5sec", "1d", "5S", "1s ", "--1s", "1e3s", "9999999h", "٣s", "1,5s"]
)
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="duration"):
        Duration.parse(text)


@given(st.integers(min_value=-(2**62), max_value=2**62))
def test_text_reads_back_as_the_same_span(nanoseconds):
    assert Duration.parse(str(Duration(nanoseconds))) == nanoseconds


def test_seconds_and_text():
    assert Duration.parse("1500ms").seconds == 1.5
    assert [str(Duration(value)) for value in (0, 250_000_000, 1_500_000_000, 90 * 10**9)] == [
        "0s",
        "250ms",
        "1.5s",
        "90s",
    ]
