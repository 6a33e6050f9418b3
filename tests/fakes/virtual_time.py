"""An event loop whose time jumps to the next timer whenever nothing else is left to do.

Hours pass in milliseconds, in exactly the order in which they would have passed; nothing real may be waited for.
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
    """The clock of a virtual loop; `await asyncio.sleep()` is virtual there as well."""

    def now(self) -> float:
        return EPOCH + self.monotonic()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        # Less than the time of a loop can hold would be slept for ever.
        await asyncio.sleep(max(seconds, 1e-6) if seconds > 0 else 0)


class _SkippingSelector(selectors.DefaultSelector):
    """Never blocks: the time until the next timer is skipped."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped_seconds = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not events and timeout is None:
            raise AssertionError("everyone waits for something that nobody will do")
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
        """Do the work at once, in no executor: what a thread does takes no virtual time."""
        return asyncio.ensure_future(_run_now(func, *args), loop=self)


async def _run_now(func: Callable[..., T], *args: Any) -> T:
    return func(*args)


def in_virtual_time(test: Callable[ParamsT, Coroutine[Any, Any, T]]) -> Callable[ParamsT, T]:
    """Run an async test on a loop of its own in which waiting takes no time.

    The jitter of waits is drawn from the same seed each time, so that no measurement depends on it.
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
