"""Supervised processes: what a sandbox's runtime reports of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ProcessInfo:
    """A supervised process and the command that it was started with."""

    id: str
    argv: tuple[str, ...]
    is_running: bool
    exit_code: int | None
    """128 plus the number of the signal that ended it, if one did; None while it runs."""
    started_at_ms: int
    """Milliseconds since 1970."""


@dataclass(frozen=True)
class LogPage:
    """The output of a process from a cursor."""

    entries: Sequence[tuple[Literal["stdout", "stderr"], str]]
    cursor: int
    """Where the next page begins."""
    is_running: bool
