"""What a look found: how it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from neev_provider.core.errors import NeevError
from neev_provider.core.redaction import redact


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    """As it should be."""
    WARN = "warn"
    """Worth a thought; it works."""
    BAD = "bad"
    """Something does not work, or will not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    what: str
    remedy: str = ""


def ok(what: str) -> Finding:
    """It is as it should be."""
    return Finding(Level.OK, what)


def warn(what: str, remedy: str) -> Finding:
    """It works, and is worth a thought."""
    return Finding(Level.WARN, what, remedy)


def bad(what: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(Level.BAD, what, remedy)


def of_error(error: NeevError, about: str) -> Finding:
    """What the error says, and what it advises."""
    # a secret of several lines is known by its lines, so it is struck before they become one
    return bad(f"{about}: {' '.join(redact(error.summary).split())}", error.hint)
