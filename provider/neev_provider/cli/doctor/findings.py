"""Findings: what a check reports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from neev_provider.adapters.shared.hints import PULUMI, Vocabulary, render_text
from neev_provider.core.errors import NeevError
from neev_provider.core.redaction import redact


class Level(StrEnum):
    """Severity of a finding."""

    OK = "ok"
    """No problem."""
    WARN = "warn"
    """Works, but may cause problems."""
    ERROR = "error"
    """Does not work, or will fail."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: its level, a message, and a remedy."""

    level: Level
    what: str
    remedy: str = ""


def ok(message: str) -> Finding:
    """Return a finding without a problem."""
    return Finding(Level.OK, message)


def warn(message: str, remedy: str) -> Finding:
    """Return a warning."""
    return Finding(Level.WARN, message, remedy)


def fail(message: str, remedy: str) -> Finding:
    """Return an error."""
    return Finding(Level.ERROR, message, remedy)


def from_error(error: NeevError, subject: str, vocabulary: Vocabulary = PULUMI) -> Finding:
    """Return the finding of an error in the words of an engine: its summary, with its hint as the remedy."""
    # redact first: a secret of several lines is redacted line by line, and the lines are joined here
    summary = " ".join(redact(render_text(error.summary, vocabulary)).split())
    return fail(f"{subject}: {summary}", render_text(error.hint, vocabulary))
