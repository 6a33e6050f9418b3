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
    ERROR = "bad"
    """Something does not work, or will not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    what: str
    remedy: str = ""


def ok(message: str) -> Finding:
    """It is as it should be."""
    return Finding(Level.OK, message)


def warn(message: str, remedy: str) -> Finding:
    """It works, and is worth a thought."""
    return Finding(Level.WARN, message, remedy)


def fail(message: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(Level.ERROR, message, remedy)


def from_error(error: NeevError, subject: str) -> Finding:
    """What the error says, and what it advises."""
    # a secret of several lines is known by its lines, so it is struck before they become one
    return fail(f"{subject}: {' '.join(redact(error.summary).split())}", error.hint)
