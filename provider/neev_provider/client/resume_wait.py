"""The wait for a sandbox that the platform resumes because a request for its runtime arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from neev_provider.core.tasks import first_completed
from neev_provider.core.wait import Deadline

RESUMING_REASON = "sandbox_waking"
"""The API's reason for a request that did not reach the sandbox, because the platform is resuming it."""


@dataclass
class ResumeWait:
    """How the calls of one session wait while the platform resumes the sandbox."""

    deadline: Deadline
    on_resume: Callable[[], None]
    """Called once, when the platform resumes the sandbox for a call."""
    is_waiting: bool = field(default=False, init=False)
    """Whether a call has not reached the sandbox yet, because the platform is resuming it."""
    _is_reported: bool = field(default=False, init=False)

    async def wait(self, seconds: float) -> bool:
        """Return whether the call may be sent again after these seconds; False if the operation ends before."""
        if self.deadline.cancelled.is_set() or seconds >= self.deadline.remaining:
            return False
        if not self._is_reported:
            self._is_reported = True
            self.on_resume()
        self.is_waiting = True
        self.deadline.on_progress(f"Resuming, {self.deadline.elapsed:.0f} s")
        sleep = asyncio.ensure_future(self.deadline.clock.sleep(seconds))
        await first_completed(sleep, self.deadline.cancelled.wait())
        # the request that follows may reach the sandbox
        self.is_waiting = self.deadline.cancelled.is_set()
        return not self.is_waiting


@dataclass
class RuntimeCall:
    """One call of a runtime."""

    resume_wait: ResumeWait | None = None
    status: int | None = None
    """The status of the response."""
    content_range: str = ""
    """The header Content-Range of the response: `bytes FIRST-LAST/TOTAL`."""
    is_resuming: bool = False
    """Whether the response says that the platform is resuming the sandbox."""


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
