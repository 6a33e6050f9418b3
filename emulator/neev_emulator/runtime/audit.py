"""What was done in a sandbox: which operation, on what, how it ended, and how long it took."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from neev_emulator.runtime.errors import RuntimeFailure

_KEPT_RECORDS = 1000
_LONGEST_TARGET = 512


@dataclass(frozen=True)
class AuditRecord:
    """One operation. ``at`` is when it began, in seconds since the epoch."""

    at: float
    tool: str
    command: str | None
    target: str | None
    outcome: Literal["success", "error"]
    reason_code: str
    duration_ms: int


@dataclass
class Operation:
    """An operation under way; its reason code says how it ended once it has."""

    reason_code: str = "ok"


class Audit:
    """The latest records of a sandbox, and when it was last busy."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._records: deque[AuditRecord] = deque(maxlen=_KEPT_RECORDS)
        self._under_way = 0
        self._touched_at = now()

    @property
    def records(self) -> tuple[AuditRecord, ...]:
        """The operations that have ended, oldest first."""
        return tuple(self._records)

    @property
    def touched_at(self) -> float:
        """When something was last going on: now, while anything is."""
        return self._now() if self._under_way else self._touched_at

    def touch(self) -> None:
        """Something is going on that is no operation of its own."""
        self._touched_at = self._now()

    @contextmanager
    def operation(self, tool: str, *, command: str | None = None, target: str | None = None) -> Iterator[Operation]:
        """What happens inside is recorded when it ends."""
        operation, at, started = Operation(), self._now(), time.monotonic()
        self._under_way += 1
        try:
            yield operation
        except BaseException as error:
            operation.reason_code = error.reason_code if isinstance(error, RuntimeFailure) else "internal"
            raise
        finally:
            self._under_way -= 1
            self.touch()
            self._records.append(
                AuditRecord(
                    at=at,
                    tool=tool,
                    command=command and _program_only(command),
                    target=target and _shortened(target),
                    outcome="success" if operation.reason_code == "ok" else "error",
                    reason_code=operation.reason_code,
                    duration_ms=round((time.monotonic() - started) * 1000),
                )
            )


def _program_only(command: str) -> str:
    """The program, unless it looks like a whole command line, whose arguments are nobody's business."""
    return "[redacted]" if any(character.isspace() for character in command) else _shortened(command)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TARGET else f"{text[:_LONGEST_TARGET]}..."
