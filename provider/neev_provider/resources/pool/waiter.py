"""Waiting for many sandboxes that were begun alike: one of them tells when it is worth looking at all."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from math import sqrt

from neev_provider.client import Api
from neev_provider.client.sandboxes import Sandbox as Seen
from neev_provider.core.errors import OperationFailed as FailedError
from neev_provider.core.wait import TRANSIENT_ERRORS, Deadline, Done, Failed, InProgress, WaitStatus, wait_until
from neev_provider.resources.pausable import STABLE_PHASES
from neev_provider.resources.sandbox.base import classify_phase

BASE_PROBE_INTERVAL = 0.05
"""Seconds between looks at one of two; for more it grows with the root of their number."""
MAX_PROBE_INTERVAL = 0.5
"""Seconds between looks at one of very many."""
MAX_SINGLE_READS = 10
"""Sandboxes that are looked at one by one: a list may have as many pages."""
WAIT_ACTION = f"waiting until it is {' or '.join(STABLE_PHASES)}"


class PoolWaiter:
    """Tells each who waits for a sandbox when that is Ready or paused.

    It looks at any one of those that are waited for. When that one is there, others are too, and the list of those that
    are called alike is read. So however many are waited for, most looks are one small request. Its task lives while
    someone waits.
    """

    def __init__(self, api: Api, name_prefix: str, deadline: Deadline) -> None:
        self._api = api
        self._name_prefix = name_prefix
        self._deadline = deadline
        self._futures: dict[str, asyncio.Future[Seen]] = {}
        self._task: asyncio.Task[None] | None = None

    async def wait(self, id: str) -> Seen:
        """The sandbox, which is Ready and reachable, or paused.

        Raises:
            Failed: it will never be.
            DeadlineExceeded: the time is over.
            Cancelled: at once when the patience is cancelled.
        """
        future: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        self._futures[id] = future
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            return await future
        finally:
            del self._futures[id]

    async def aclose(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        """Look as long as someone waits; each news is the end of one wait and the beginning of the next."""
        try:
            while self._pending_ids():
                await wait_until(self._probe_one, lambda seen: seen, deadline=self._deadline, action=WAIT_ACTION)
        except Exception as error:  # noqa: BLE001  it belongs to those who wait
            for id in self._pending_ids():
                self._futures[id].set_exception(error)

    async def _probe_one(self, max_delay: float) -> WaitStatus:
        """How one of them is; where it is there or will never be, all have been looked at."""
        waiting = self._pending_ids()
        one = random.choice(waiting)  # noqa: S311  no secret
        pause = max(max_delay, min(BASE_PROBE_INTERVAL * sqrt(len(waiting) - 1), MAX_PROBE_INTERVAL))
        how = self._resolve(one, await _result_or_error(self._api.sandboxes.observe(one, pause)))
        if not isinstance(how, InProgress):
            await self._poll_all()
        return how if isinstance(how, InProgress) else Done()

    async def _poll_all(self) -> None:
        """Whoever the list shows is told; who is missing there is looked at by itself when its turn comes."""
        waiting = self._pending_ids()
        if len(waiting) > MAX_SINGLE_READS:
            shown = await self._api.sandboxes.list_once(name=self._name_prefix)
        else:
            seen = await asyncio.gather(*(_result_or_error(self._api.sandboxes.observe(id, 0)) for id in waiting))
            shown = tuple(each for each in seen if isinstance(each, Seen))
        for each in shown:
            self._resolve(each.id, each)

    def _resolve(self, id: str, result: Seen | Exception | None) -> WaitStatus:
        """How the sandbox is; who waits for it knows what cannot change any more."""
        if isinstance(result, TRANSIENT_ERRORS):
            raise result
        how = Done() if isinstance(result, Exception) else classify_phase(result, STABLE_PHASES)
        future = self._futures.get(id)
        if future is None or future.done():
            return how
        if isinstance(result, Exception):
            future.set_exception(result)
        elif isinstance(how, Failed):
            future.set_exception(FailedError(how.reason, action=WAIT_ACTION, hint=how.hint))
        elif isinstance(how, Done) and result is not None:
            future.set_result(result)
        return how

    def _pending_ids(self) -> list[str]:
        return [id for id, future in self._futures.items() if not future.done()]


async def _result_or_error(awaitable: Awaitable[Seen | None]) -> Seen | Exception | None:
    """What the look shows, or what kept it from showing anything."""
    try:
        return await awaitable
    except Exception as error:  # noqa: BLE001  it belongs to who waits
        return error
