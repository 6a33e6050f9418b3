"""Expiration of a sandbox: when it is stopped or deleted without a request.

Pure functions of a record, the account's defaults and the time of the last activity.
"""

from typing import Literal, NamedTuple

from neev_emulator.settings import ExpirationDefaults
from neev_emulator.state.records import SandboxRecord


class ExpirationEvent(NamedTuple):
    """The next change of a sandbox without a request."""

    at: float
    action: Literal["gone", "stop", "delete"]


def idle_expires_at(sandbox: SandboxRecord, account: ExpirationDefaults, touched_at: float) -> float | None:
    """Return when the idle sandbox is stopped; for a paused one, the value at the pause."""
    if sandbox.paused_at is not None:
        return sandbox.idle_deadline
    timeout = _resolve_timeout(sandbox.lifecycle.idle_timeout_seconds, account.idle_timeout_seconds)
    if sandbox.active_from is None:
        return None
    return max(sandbox.active_from, touched_at) + timeout if timeout else None


def hard_expires_at(sandbox: SandboxRecord, account: ExpirationDefaults) -> float | None:
    """Return when the sandbox is stopped regardless of activity."""
    timeout = _resolve_timeout(sandbox.lifecycle.max_lifetime_seconds, account.max_lifetime_seconds)
    return sandbox.lifetime_from + timeout if timeout else None


def next_event(sandbox: SandboxRecord, account: ExpirationDefaults, touched_at: float) -> ExpirationEvent | None:
    """Return the next change of the sandbox without a request."""
    if sandbox.gone_at is not None:
        return ExpirationEvent(sandbox.gone_at, "gone")
    if sandbox.paused_at is not None:
        retention = _resolve_timeout(sandbox.lifecycle.paused_retention_seconds, account.paused_retention_seconds)
        return ExpirationEvent(sandbox.stable_at() + retention, "delete") if retention else None
    times = [idle_expires_at(sandbox, account, touched_at), hard_expires_at(sandbox, account)]
    stop_times = [end for end in times if end is not None]
    return ExpirationEvent(min(stop_times), "stop") if stop_times else None


def _resolve_timeout(own: int | None, account: int) -> int:
    return account if own is None else own
