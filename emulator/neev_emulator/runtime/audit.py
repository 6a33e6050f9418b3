"""The audit log of a sandbox: its operations, their targets, outcomes and durations."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from neev_emulator.runtime.errors import RuntimeApiError

_MAX_RECORDS = 1000
_MAX_TARGET_LENGTH = 512


@dataclass(frozen=True)
class AuditRecord:
    """One operation. `at` is its start, in seconds since the epoch."""

    at: float
    tool: str
    command: str | None
    target: str | None
    outcome: Literal["success", "error"]
    reason_code: str
    duration_ms: int


@dataclass
class AuditedOperation:
    """An operation in progress; `reason_code` is its outcome once it has ended."""

    reason_code: str = "ok"


class AuditLog:
    """The latest records of a sandbox, and the time of its last activity."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._records: deque[AuditRecord] = deque(maxlen=_MAX_RECORDS)
        self._active_count = 0
        self._touched_at = now()

    @property
    def records(self) -> tuple[AuditRecord, ...]:
        """Return the operations that have ended, the oldest first."""
        return tuple(self._records)

    @property
    def touched_at(self) -> float:
        """Return the time of the last activity; the current time while an operation is in progress."""
        return self._now() if self._active_count else self._touched_at

    def touch(self) -> None:
        """Count this moment as activity."""
        self._touched_at = self._now()

    @contextmanager
    def record_operation(
        self, tool: str, *, command: str | None = None, target: str | None = None
    ) -> Iterator[AuditedOperation]:
        """Record an operation when the block ends."""
        operation, at, started = AuditedOperation(), self._now(), time.monotonic()
        self._active_count += 1
        try:
            yield operation
        except BaseException as error:
            operation.reason_code = error.reason_code if isinstance(error, RuntimeApiError) else "internal"
            raise
        finally:
            self._active_count -= 1
            self.touch()
            self._records.append(
                AuditRecord(
                    at=at,
                    tool=tool,
                    command=command and _redact_arguments(command),
                    target=target and _truncate(target),
                    outcome="success" if operation.reason_code == "ok" else "error",
                    reason_code=operation.reason_code,
                    duration_ms=round((time.monotonic() - started) * 1000),
                )
            )


def _redact_arguments(command: str) -> str:
    """Return the program; redact a whole command line, whose arguments may be secret."""
    return "[redacted]" if any(character.isspace() for character in command) else _truncate(command)


def _truncate(text: str) -> str:
    return text if len(text) <= _MAX_TARGET_LENGTH else f"{text[:_MAX_TARGET_LENGTH]}..."
