"""Durations as Go writes them, such as `90s` and `1h30m`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_UNITS: Final[Mapping[str, float]] = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")


def parse_duration(text: str) -> float:
    """Return the seconds of a duration.

    Raises:
        ValueError: the text is no duration, or none above zero.
    """
    parts = _PART.findall(text)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != text or seconds <= 0:
        raise ValueError(f"must be a duration above zero such as 90s, 10m or 1h30m (is {text})")
    return seconds
