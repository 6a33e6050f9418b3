"""An event loop whose time skips to the next timer if no other work is pending.

The order of events is that of real time. Tests must not await input, output or threads.
"""

import asyncio
import functools
import random
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from tests.fakes.clock import EPOCH

ParamsT = ParamSpec("ParamsT")
T = TypeVar("T")


class VirtualClock:
    """The clock of a virtual loop, in which `asyncio.sleep()` takes no real time either."""

    def now(self) -> float:
        return EPOCH + self.monotonic()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        # A delay below the resolution of the loop's time would never end.
        await asyncio.sleep(max(seconds, 1e-6) if seconds > 0 else 0)


class _SkippingSelector(selectors.DefaultSelector):
    """A selector that never blocks: it skips the time until the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped_seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not events and timeout is None:
            raise AssertionError("every task waits, and no timer is pending")
        if not events and timeout:
            self.skipped_seconds += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping_selector = _SkippingSelector()
        super().__init__(self._skipping_selector)

    def time(self) -> float:
        return self._skipping_selector.skipped_seconds

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """Run the function at once, without an executor: a thread's work takes no virtual time."""
        return asyncio.ensure_future(_run_now(func, *args), loop=self)


async def _run_now(func: Callable[..., T], *args: Any) -> T:
    return func(*args)


def in_virtual_time(test: Callable[ParamsT, Coroutine[Any, Any, T]]) -> Callable[ParamsT, T]:
    """Run an async test on its own virtual loop, in which waiting takes no real time.

    The random seed is fixed, so that the jitter of waits is reproducible.
    """

    @functools.wraps(test)
    def run(*args: ParamsT.args, **kwargs: ParamsT.kwargs) -> T:
        drawn = random.getstate()
        random.seed(0)
        try:
            with asyncio.Runner(loop_factory=VirtualLoop) as runner:
                return runner.run(test(*args, **kwargs))
        finally:
            random.setstate(drawn)

    return run
