"""The durations of snapshots' retention."""

import pytest

from neev_emulator.api.requests import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("720h", 720 * 3600), ("1h30m", 5400), ("1.5h", 5400), ("250ms", 0.25), ("0s", 0), ("2m3s", 123)],
)
def test_durations_are_numbers_with_units(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "1", "h", "-1h", "1d", "1 h", "1h ", "1e3s", "9" * 400 + "h", "100000h"])
def test_an_invalid_duration_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_duration(text)
