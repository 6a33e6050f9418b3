"""Execution of a pool's plan. Changes run concurrently within the limits of the inputs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

from neev_provider.client import Api
from neev_provider.client.http.rate_limit import MAX_CONCURRENCY
from neev_provider.client.sandboxes import Sandbox
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
from neev_provider.core.tasks import first_completed
from neev_provider.core.wait import Deadline, Done
from neev_provider.resources.pausable import READY, STABLE_PHASES
from neev_provider.resources.pool.inputs import MAX_REPLICAS, SandboxPoolInputs
from neev_provider.resources.pool.plan import (
    DesiredPool,
    Member,
    MemberTemplate,
    SandboxObservation,
    default_quarter,
    is_in_service,
    plan,
)
from neev_provider.resources.sandbox.base import classify_phase

STOP_GRACE_SECONDS = 0.3
"""Grace period for pending responses after a stop, in seconds. A received response saves a later lookup."""
NAME_TAKEN_HINT = (
    "Another sandbox has the name, so it is left alone. What this pool made in an update that was interrupted is taken "
    "by the next update; else delete the other one, or give the pool another name."
)
"""Hint for a name that another sandbox has."""
FATAL_ERRORS = (Unauthorized, PaymentRequired, Forbidden, InvalidRequest, NotFound)
"""Errors of one member that every other member would get too."""


@dataclass(frozen=True, slots=True)
class RolloutLimits:
    """Limits of simultaneous changes."""

    max_concurrency: int
    """Maximum number of members that are created at the same time."""
    max_unavailable: int
    """Maximum number of desired members that are out of service."""
    max_surge: int
    """Maximum number of members beyond the desired number."""

    @classmethod
    def from_inputs(cls, inputs: SandboxPoolInputs) -> RolloutLimits:
        """Return the limits of the inputs. `max_unavailable` and `max_surge` default to a quarter of the pool."""
        quarter = default_quarter(inputs.replicas)
        return cls(
            inputs.max_concurrency or MAX_REPLICAS,
            quarter if inputs.max_unavailable is None else inputs.max_unavailable,
            quarter if inputs.max_surge is None else inputs.max_surge,
        )


class Rollout:
    """One operation on the members of a pool. A failed member does not stop the others."""

    def __init__(  # noqa: PLR0913  what it works with, each by its name
        self,
        api: Api,
        desired: DesiredPool,
        members: Collection[Member],
        sandboxes: Collection[Sandbox],
        *,
        new_member_inputs: MemberTemplate,
        limits: RolloutLimits,
        context: OperationContext,
    ) -> None:
        self._resource = desired.resource.connect(api)
        self._desired = desired
        self._new_member_inputs = new_member_inputs
        self._limits = limits
        self._context = context
        remaining = context.deadline.remaining
        self._deadline = Deadline(
            remaining, context.deadline.clock, context.deadline.cancelled, lambda _phase: self._report_progress()
        )
        self._sandboxes_by_name = {sandbox.name: sandbox for sandbox in sandboxes}
        todo = plan(desired, members)
        self._to_create = deque([*(member.name for member in todo.recreate), *todo.create])
        self._to_update = deque(todo.update)
        self._to_delete = deque(todo.delete)
        self.observations: dict[str, SandboxObservation] = {member.name: member.observation for member in members}
        """Last observation of every existing member, by name."""
        self.failures: dict[str, Exception] = {}
        """Error of every failed member, by name."""
        changing = {member.name for member in (*todo.recreate, *todo.update, *todo.delete)}
        self._completed = self.observations.keys() - changing
        self._existing = set(self.observations)
        self._in_service = {name for name, observation in self.observations.items() if is_in_service(observation)}
        self._creating: set[str] = set()
        self._pending_requests: set[str] = set()
        self._updating: set[str] = set()
        self._has_fatal_error = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._state_changed = asyncio.Event()

    async def run(self) -> None:
        """Run until every change was tried, the deadline passes, or the operation is cancelled."""
        await first_completed(self._run_tasks(), self._wait_for_stop())

    async def _run_tasks(self) -> None:
        try:
            self._start_allowed()
            while self._tasks:
                self._state_changed.clear()
                await self._state_changed.wait()
                self._start_allowed()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _wait_for_stop(self) -> None:
        clock = self._deadline.clock
        await first_completed(self._deadline.cancelled.wait(), clock.sleep(self._remaining_seconds()))
        await clock.sleep(STOP_GRACE_SECONDS)

    def _start_allowed(self) -> None:
        if self._deadline.cancelled.is_set() or self._remaining_seconds() <= 0:
            return
        while self._to_create and self._can_create(self._to_create[0]):
            name = self._to_create.popleft()
            for names in (self._creating, self._pending_requests, self._existing):
                names.add(name)
            self._start(name, partial(self._create, name))
        while self._to_update and self._can_update(self._to_update[0]):
            member = self._to_update.popleft()
            if self._is_disruptive(member):
                self._updating.add(member.name)
            self._start(member.name, partial(self._update, member))
        while self._to_delete and self._can_delete(self._to_delete[0]):
            member = self._to_delete.popleft()
            self._in_service.discard(member.name)
            self._start(member.name, partial(self._delete, member.name))

    def _can_create(self, name: str) -> bool:
        fits = name in self._existing or len(self._existing) < self._desired.replicas + self._limits.max_surge
        # few pending requests at a time: after a fatal error, the other creates are not sent
        lease = len(self._creating) < self._limits.max_concurrency and len(self._pending_requests) < MAX_CONCURRENCY
        return fits and lease and not self._has_fatal_error

    def _can_update(self, member: Member) -> bool:
        return not self._is_disruptive(member) or len(self._updating) < max(1, self._limits.max_unavailable)

    def _is_disruptive(self, member: Member) -> bool:
        # a pause is intended, and a member that is not running is already out of service
        return member.observation.outputs.phase == READY and not self._desired.template.paused

    def _can_delete(self, member: Member) -> bool:
        spare = len(self._in_service) - (self._desired.replicas - self._limits.max_unavailable)
        return member.name not in self._in_service or spare > 0

    def _start(self, name: str, operation: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.create_task(self._run_one(name, operation))
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._state_changed.set()

    async def _run_one(self, name: str, operation: Callable[[], Awaitable[None]]) -> None:
        """Run the operation of one member, and record its error if it fails."""
        try:
            await operation()
            self._completed.add(name)
        except asyncio.CancelledError:
            self.failures[name] = self._interrupted_error(name)
            raise
        except Exception as error:  # noqa: BLE001  also a bug of ours keeps no other member from being tried
            self.failures[name] = error
        finally:
            for names in (self._creating, self._pending_requests, self._updating):
                names.discard(name)
            self._record_member_state(name)
            self._report_progress()

    def _record_member_state(self, name: str) -> None:
        """Update whether the member exists and whether it is in service."""
        observation = self.observations.get(name)
        if observation is None:
            self._existing.discard(name)
        if observation is not None and is_in_service(observation):
            self._in_service.add(name)
        else:
            self._in_service.discard(name)

    def _remaining_seconds(self) -> float:
        return self._deadline.remaining

    def _interrupted_error(self, name: str) -> NeevError:
        if self._deadline.cancelled.is_set():
            return Cancelled(name)
        return DeadlineExceeded(name, self._deadline.elapsed, "under way")

    async def _create(self, name: str) -> None:
        """Create the member, and apply its inputs. Delete a broken member with the same name first."""
        if name in self.observations:
            await self._delete(name)
        context = replace(self._member_context(), just_created=True)
        try:
            observation = await self._resource.create(self._with_name(self._new_member_inputs, name), context)
        except Conflict as conflict:
            # nothing proves that the sandbox with this name belongs to the pool
            conflict.hint = NAME_TAKEN_HINT
            raise
        except FATAL_ERRORS:
            self._has_fatal_error = True
            raise
        self.observations[name] = observation
        self._pending_requests.discard(name)
        self._state_changed.set()
        sandbox = await self._resource.wait_for_phase(observation.id, context)
        self.observations[name] = await self._resource.apply(
            sandbox, self._with_name(self._new_member_inputs, name), context
        )

    async def _update(self, member: Member) -> None:
        # a sandbox that the list shows in a stable phase is not read again
        listed_sandbox = self._sandboxes_by_name.get(member.name)
        is_stable = listed_sandbox is not None and isinstance(classify_phase(listed_sandbox, STABLE_PHASES), Done)
        context = self._member_context()
        sandbox = (
            listed_sandbox
            if listed_sandbox and is_stable
            else await self._resource.wait_for_phase(member.observation.id, context)
        )
        template = self._with_name(self._desired.template, member.name)
        # without a change of `paused`, `apply_power` does not resume a member that the API paused when idle
        old_template = template.model_copy(update={"paused": None}) if self._desired.resumes_members else template
        self.observations[member.name] = await self._resource.apply(sandbox, template, context, old_template)

    async def _delete(self, name: str) -> None:
        await self._resource.delete(self.observations[name].id, self._member_context())
        del self.observations[name]

    def _with_name(self, template: MemberTemplate, name: str) -> MemberTemplate:
        return template.model_copy(update={"name": name})

    def _member_context(self) -> OperationContext:
        return OperationContext(self._context.resource_name, self._deadline, owner=self._context.owner)

    def _report_progress(self) -> None:
        elapsed, replicas = self._context.deadline.elapsed, self._desired.replicas
        self._context.deadline.on_progress(f"{len(self._completed)} of {replicas} ready, {elapsed:.0f} s")
