"""The wait for a sandbox that the platform resumes because a request for its runtime arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from neev_provider.core.tasks import first_completed
from neev_provider.core.wait import Deadline


@dataclass
class ResumeWait:
    """How the calls of one session wait while the platform resumes the sandbox."""

    deadline: Deadline
    on_resume: Callable[[], None]
    """Called when the platform resumes the sandbox for a call."""
    is_waiting: bool = field(default=False, init=False)
    """Whether a call has not reached the sandbox yet, because the platform is resuming it."""

    async def wait(self, seconds: float) -> bool:
        """Return whether the call may be sent again after these seconds; False if the operation ends before."""
        if self.deadline.cancelled.is_set() or seconds >= self.deadline.remaining:
            return False
        if not self.is_waiting:
            self.is_waiting = True
            self.on_resume()
        self.deadline.on_progress(f"Resuming, {self.deadline.elapsed:.0f} s")
        sleep = asyncio.ensure_future(self.deadline.clock.sleep(seconds))
        await first_completed(sleep, self.deadline.cancelled.wait())
        return not self.deadline.cancelled.is_set()


@dataclass
class RuntimeCall:
    """One call of a runtime."""

    resume_wait: ResumeWait | None = None
    status: int | None = None
    """The status of the response."""


# the official SDK is between a call and its HTTP client
CURRENT_CALL: ContextVar[RuntimeCall] = ContextVar("current runtime call")


@contextmanager
def runtime_call(resume_wait: ResumeWait | None) -> Iterator[RuntimeCall]:
    """Yield the call that the requests within the block belong to."""
    call = RuntimeCall(resume_wait)
    token = CURRENT_CALL.set(call)
    try:
        yield call
    finally:
        CURRENT_CALL.reset(token)
