"""Durations as Go writes them, such as `1h30m`, which the engines' timeouts use."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_SECONDS_BY_UNIT: Final = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
}
_PART: Final = r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|ms|s|m|h)"
_DURATION: Final = re.compile(rf"0|(?:{_PART})+")


def parse_duration(text: str) -> float:
    """Return the seconds of a duration of hours, minutes, seconds and parts of a second: 5400 of `1h30m`.

    Raises:
        ValueError: the text is not a duration, or is negative.
    """
    if not _DURATION.fullmatch(text):
        raise ValueError(f"must be a duration, such as 90s, 30m or 1h30m (is {text!r})")
    return float(sum(Decimal(number) * _SECONDS_BY_UNIT[unit] for number, unit in re.findall(_PART, text)))
