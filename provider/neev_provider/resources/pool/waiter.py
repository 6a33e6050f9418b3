"""Waiting for many sandboxes that were begun alike: one of them tells when it is worth looking at all."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from math import sqrt

from neev_provider.client import Api
from neev_provider.client.sandboxes import Sandbox as Seen
from neev_provider.core.errors import OperationFailed as FailedError
from neev_provider.core.wait import TRANSIENT_ERRORS, Done, Failed, InProgress, Deadline, WaitStatus, wait_until
from neev_provider.resources.sandbox.base import SETTLED, verdict

CALM = 0.05
"""Seconds between looks at one of two; for more it grows with the root of their number."""
CALMEST = 0.5
"""Seconds between looks at one of very many."""
FEW = 10
"""Sandboxes that are looked at one by one: a list may have as many pages."""
WHAT = f"waiting until it is {' or '.join(SETTLED)}"


class Lookout:
    """Tells each who waits for a sandbox when that is Ready or paused.

    It looks at any one of those that are waited for. When that one is there, others are too, and the list of those that
    are called alike is read. So however many are waited for, most looks are one small request. Its task lives while
    someone waits.
    """

    def __init__(self, api: Api, called: str, patience: Deadline) -> None:
        self._api = api
        self._called = called
        self._patience = patience
        self._waiting: dict[str, asyncio.Future[Seen]] = {}
        self._task: asyncio.Task[None] | None = None

    async def settled(self, id: str) -> Seen:
        """The sandbox, which is Ready and reachable, or paused.

        Raises:
            Failed: it will never be.
            DeadlineExceeded: the time is over.
            Cancelled: at once when the patience is cancelled.
        """
        future: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        self._waiting[id] = future
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            return await future
        finally:
            del self._waiting[id]

    async def aclose(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        """Look as long as someone waits; each news is the end of one wait and the beginning of the next."""
        try:
            while self._open():
                await wait_until(self._look, lambda seen: seen, deadline=self._patience, action=WHAT)
        except Exception as error:  # noqa: BLE001  it belongs to those who wait
            for id in self._open():
                self._waiting[id].set_exception(error)

    async def _look(self, within: float) -> WaitStatus:
        """How one of them is; where it is there or will never be, all have been looked at."""
        waiting = self._open()
        one = random.choice(waiting)  # noqa: S311  no secret
        pause = max(within, min(CALM * sqrt(len(waiting) - 1), CALMEST))
        how = self._told(one, await _outcome(self._api.sandboxes.observe(one, pause)))
        if not isinstance(how, InProgress):
            await self._look_at_all()
        return how if isinstance(how, InProgress) else Done()

    async def _look_at_all(self) -> None:
        """Whoever the list shows is told; who is missing there is looked at by itself when its turn comes."""
        waiting = self._open()
        if len(waiting) > FEW:
            shown = await self._api.sandboxes.list_once(name=self._called)
        else:
            seen = await asyncio.gather(*(_outcome(self._api.sandboxes.observe(id, 0)) for id in waiting))
            shown = tuple(each for each in seen if isinstance(each, Seen))
        for each in shown:
            self._told(each.id, each)

    def _told(self, id: str, seen: Seen | Exception | None) -> WaitStatus:
        """How the sandbox is; who waits for it knows what cannot change any more."""
        if isinstance(seen, TRANSIENT_ERRORS):
            raise seen
        how = Done() if isinstance(seen, Exception) else verdict(seen, SETTLED)
        future = self._waiting.get(id)
        if future is None or future.done():
            return how
        if isinstance(seen, Exception):
            future.set_exception(seen)
        elif isinstance(how, Failed):
            future.set_exception(FailedError(how.reason, action=WHAT))
        elif isinstance(how, Done) and seen is not None:
            future.set_result(seen)
        return how

    def _open(self) -> list[str]:
        return [id for id, future in self._waiting.items() if not future.done()]


async def _outcome(look: Awaitable[Seen | None]) -> Seen | Exception | None:
    """What the look shows, or what kept it from showing anything."""
    try:
        return await look
    except Exception as error:  # noqa: BLE001  it belongs to who waits
        return error
