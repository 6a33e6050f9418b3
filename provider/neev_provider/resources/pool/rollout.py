"""A pool's plan carried out: all side by side, as far as the bounds of the program allow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

from neev_provider.client import Api
from neev_provider.client.http.rate_limit import MAX_CONCURRENCY
from neev_provider.client.sandboxes import Sandbox as Seen
from neev_provider.core.errors import (
    Cancelled,
    Conflict,
    DeadlineExceeded,
    Forbidden,
    InvalidRequest,
    NeevError,
    NotFound,
    PaymentRequired,
    Unauthorized,
)
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import Done, Deadline, first_completed
from neev_provider.resources.pool.inputs import MOST, SandboxPoolInputs
from neev_provider.resources.pool.plan import AnyLive, Member, Recipe, Wanted, in_service, plan, share
from neev_provider.resources.pool.waiter import Lookout
from neev_provider.resources.sandbox.base import READY, SETTLED, verdict

GRACE = 0.3
"""Seconds for answers that are under way when everything has to stop: what they tell need not be looked up later."""
TAKEN = (
    "Another sandbox has the name, so it is left alone. What this pool made in an update that was interrupted is taken "
    "by the next `pulumi up`; else delete the other one, or give the pool another name."
)
"""What to do about a name that another sandbox has."""
HOPELESS = (Unauthorized, PaymentRequired, Forbidden, InvalidRequest, NotFound)
"""Refusals of one member that every other would meet, too."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a change may go at a time."""

    concurrency: int
    """Members that are being made."""
    unavailable: int
    """Members out of service, of those that are wanted."""
    surge: int
    """Members beyond those that are wanted."""

    @classmethod
    def of(cls, inputs: SandboxPoolInputs) -> Bounds:
        """What the inputs say, or a quarter of the pool."""
        quarter = share(inputs.replicas)
        return cls(
            inputs.max_concurrency or MOST,
            quarter if inputs.max_unavailable is None else inputs.max_unavailable,
            quarter if inputs.max_surge is None else inputs.max_surge,
        )


class Rollout:
    """One operation on the members of a pool; every member is tried, whatever becomes of the others."""

    def __init__(  # noqa: PLR0913  what it works with, each by its name
        self,
        api: Api,
        wanted: Wanted,
        members: Collection[Member],
        listed: Collection[Seen],
        *,
        new: Recipe,
        bounds: Bounds,
        call: OperationContext,
    ) -> None:
        self._api = api
        self._wanted = wanted
        self._new = new
        self._bounds = bounds
        self._call = call
        left = call.deadline.timeout - call.deadline.elapsed
        self._patience = Deadline(left, call.deadline.clock, call.deadline.cancelled, lambda _phase: self._tell())
        self._lookout = Lookout(api, f"{wanted.pool}-", self._patience)
        self._listed = {each.name: each for each in listed}
        todo = plan(wanted, members)
        self._to_make = deque([*(each.name for each in todo.mend), *todo.make])
        self._to_change = deque(todo.change)
        self._to_remove = deque(todo.remove)
        self.lives: dict[str, AnyLive] = {each.name: each.live for each in members}
        """Every member that there is, as it was seen last."""
        self.failures: dict[str, Exception] = {}
        """What went wrong, by the member's name."""
        busy = {each.name for each in (*todo.mend, *todo.change, *todo.remove)}
        self._done = self.lives.keys() - busy
        self._there = set(self.lives)
        self._serving = {name for name, live in self.lives.items() if in_service(live)}
        self._making: set[str] = set()
        self._sending: set[str] = set()
        self._changing: set[str] = set()
        self._hopeless = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Everything has been tried, or the time is over."""
        await first_completed(self._work(), self._given_up())

    async def _work(self) -> None:
        try:
            self._start_what_may()
            while self._tasks:
                self._news.clear()
                await self._news.wait()
                self._start_what_may()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, self._lookout.aclose(), return_exceptions=True)

    async def _given_up(self) -> None:
        clock = self._patience.clock
        await first_completed(self._patience.cancelled.wait(), clock.sleep(self._left()))
        await clock.sleep(GRACE)

    def _start_what_may(self) -> None:
        if self._patience.cancelled.is_set() or self._left() <= 0:
            return
        while self._to_make and self._may_make(self._to_make[0]):
            name = self._to_make.popleft()
            for names in (self._making, self._sending, self._there):
                names.add(name)
            self._start(name, partial(self._make, name))
        while self._to_change and self._may_change(self._to_change[0]):
            member = self._to_change.popleft()
            if self._disturbs(member):
                self._changing.add(member.name)
            self._start(member.name, partial(self._change, member))
        while self._to_remove and self._may_remove(self._to_remove[0]):
            member = self._to_remove.popleft()
            self._serving.discard(member.name)
            self._start(member.name, partial(self._remove, member.name))

    def _may_make(self, name: str) -> bool:
        fits = name in self._there or len(self._there) < self._wanted.replicas + self._bounds.surge
        # those that the client has not sent yet can still be called off when the first are refused
        room = len(self._making) < self._bounds.concurrency and len(self._sending) < MAX_CONCURRENCY
        return fits and room and not self._hopeless

    def _may_change(self, member: Member) -> bool:
        return not self._disturbs(member) or len(self._changing) < max(1, self._bounds.unavailable)

    def _disturbs(self, member: Member) -> bool:
        # pausing takes a member out of service as asked, and one that does not run serves nobody yet
        return member.live.outputs.phase == READY and not self._wanted.recipe.paused

    def _may_remove(self, member: Member) -> bool:
        spare = len(self._serving) - (self._wanted.replicas - self._bounds.unavailable)
        return member.name not in self._serving or spare > 0

    def _start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.create_task(self._tried(name, work))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._news.set()

    async def _tried(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """The work is done, or why it is not is known."""
        try:
            await work()
            self._done.add(name)
        except asyncio.CancelledError:
            self.failures[name] = self._out_of_time(name)
            raise
        except Exception as error:  # noqa: BLE001  also a bug of ours keeps no other member from being tried
            self.failures[name] = error
        finally:
            for names in (self._making, self._sending, self._changing):
                names.discard(name)
            self._note(name)
            self._tell()

    def _note(self, name: str) -> None:
        """What is there and what serves is known anew."""
        live = self.lives.get(name)
        if live is None:
            self._there.discard(name)
        if live is not None and in_service(live):
            self._serving.add(name)
        else:
            self._serving.discard(name)

    def _left(self) -> float:
        return self._patience.timeout - self._patience.elapsed

    def _out_of_time(self, name: str) -> NeevError:
        if self._patience.cancelled.is_set():
            return Cancelled(name)
        return DeadlineExceeded(name, self._patience.elapsed, "under way")

    async def _make(self, name: str) -> None:
        """The member is there and as asked for; one that is broken has made place for it."""
        if name in self.lives:
            await self._remove(name)
        call = replace(self._member_call(), created=True)
        try:
            live = await self._wanted.kind.create(self._api, self._named(self._new, name), call)
        except Conflict as conflict:
            # whoever has the name, nothing proves that it is the pool's
            conflict.hint = TAKEN
            raise
        except HOPELESS:
            self._hopeless = True
            raise
        self.lives[name] = live
        self._sending.discard(name)
        self._news.set()
        seen = await self._lookout.settled(live.id)
        self.lives[name] = await self._wanted.kind.matched(self._api, seen, self._named(self._new, name), call)

    async def _change(self, member: Member) -> None:
        # what the list has just shown as settled need not be looked at again
        listed = self._listed.get(member.name)
        settled = listed is not None and isinstance(verdict(listed, SETTLED), Done)
        seen = listed if listed and settled else await self._lookout.settled(member.live.id)
        recipe = self._named(self._wanted.recipe, member.name)
        # told that nothing else was asked for before, it leaves alone who sleeps by himself
        was = recipe.model_copy(update={"paused": None}) if self._wanted.wakes else recipe
        kind, call = self._wanted.kind, self._member_call()
        self.lives[member.name] = await kind.matched(self._api, seen, recipe, call, was)

    async def _remove(self, name: str) -> None:
        await self._wanted.kind.delete(self._api, self.lives[name].id, self._member_call())
        del self.lives[name]

    def _named(self, recipe: Recipe, name: str) -> Recipe:
        return recipe.model_copy(update={"name": name})

    def _member_call(self) -> OperationContext:
        return OperationContext(self._call.resource_name, self._patience)

    def _tell(self) -> None:
        spent, replicas = self._call.deadline.elapsed, self._wanted.replicas
        self._call.deadline.on_progress(f"{len(self._done)} of {replicas} ready, {spent:.0f} s")
