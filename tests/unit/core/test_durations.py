"""Durations in the format of the engines' timeouts."""

import pytest

from neev_provider.core.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("2.2m", 132),
        (".5m", 30),
        ("3.s", 3),
        ("250ms", 0.25),
        ("1s500us", 1.0005),
        ("1s500µs", 1.0005),
        ("1000000000ns", 1),
        ("0", 0),
        ("0s", 0),
    ],
)
def test_a_duration_is_a_number_of_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "1", "h", "-1h", "+1h", "1d", "1h 30m", "1h30", " 1h", "1h\n", "1,5h", ".s", "1\u0661s"]
)
def test_an_invalid_duration_is_rejected_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be a duration, such as 90s, 30m or 1h30m \(is ") as caught:
        parse_duration(text)
    assert repr(text) in str(caught.value)
