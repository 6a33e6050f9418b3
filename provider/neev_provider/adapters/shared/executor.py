"""Creates, reads, updates and deletes, for the adapter of any engine.

Once an id is known, every failure carries it: the engine stores the resource, and the next update continues from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from neev_provider.client import Api
from neev_provider.core import lifecycle, stored_state
from neev_provider.core.action import Action
from neev_provider.core.clock import Clock
from neev_provider.core.diff import IMPORTED_KEY
from neev_provider.core.errors import Cancelled, DeadlineExceeded
from neev_provider.core.labels import Owner
from neev_provider.core.lifecycle import AnyResource, ResourceInitFailed, StoredResource
from neev_provider.core.model import Arguments
from neev_provider.core.reference_errors import MissingReference
from neev_provider.core.resource import OperationContext
from neev_provider.core.tasks import first_completed
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import ignore
from neev_provider.core.wait import Deadline, retry_listener

T = TypeVar("T")
CANCEL_GRACE_SECONDS = 0.5
"""Seconds in which a wait ends by itself, with a better message, before it is cancelled."""
UNREADABLE_VALUES_MESSAGE = (
    "The state holds what this version of the provider cannot read; it is kept and counts as not known"
)


class Progress:
    """The status of an operation: the last one is part of the error if the operation exceeds its deadline."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self.last_status = "nothing"

    def __call__(self, status: str) -> None:
        """Report the status."""
        self.last_status = status
        self._report(status)


class Executor:
    """The operations of one configured provider."""

    def __init__(self, connect: Callable[[], Awaitable[Api]], clock: Clock) -> None:
        self.connect = connect
        self._clock = clock
        self._cancelled = asyncio.Event()
        self._started_creates: dict[str, StoredResource] = {}
        self._reported: set[tuple[str, str]] = set()

    def cancel(self) -> None:
        """End every operation at once, with what exists."""
        self._cancelled.set()

    def operation_context(  # noqa: PLR0913  every argument has a name
        self,
        resource_name: str,
        timeout: float,
        *,
        address: str = "",
        secret_inputs: frozenset[str] = frozenset(),
        owner: Owner | None = None,
        report: Callable[[str], None] = ignore,
        log: Callable[[str], None] = ignore,
        warn: Callable[[str], None] = ignore,
    ) -> OperationContext:
        """Return the context of an operation that begins now and may take `timeout` seconds."""
        deadline = Deadline(timeout, self._clock, self._cancelled, Progress(report))
        return OperationContext(
            resource_name, deadline, address=address, log=log, warn=warn, secret_inputs=secret_inputs, owner=owner
        )

    async def create(
        self,
        resource: AnyResource,
        context: OperationContext,
        raw_inputs: Mapping[str, Any],
        *,
        convert: Callable[[StoredResource], T],
    ) -> T:
        """Create the resource, or continue an attempt of this process at the same address with the same inputs.

        Return the result of `convert`, which makes the engine's form of the resource.

        Raises:
            ResourceInitFailed: the resource exists and is not ready, or cannot be converted.
        """
        resource = resource.connect(await self.connect())
        # an engine that repeats a create in the same process passes no id
        address = context.address
        started = self._started_creates.get(address)
        just_created = started is None or started.inputs != raw_inputs
        if started is None or just_created:
            started = await lifecycle.start_create(resource, raw_inputs, context)
        self._started_creates[address] = started
        finish = lifecycle.finish_create(resource, started, context, just_created=just_created)
        try:
            stored = await self._run_until_deadline(finish, context)
            converted = convert(stored)
        except MissingReference:
            del self._started_creates[address]  # nothing was created
            raise
        except ResourceInitFailed as failure:
            self._started_creates[address] = failure.stored
            raise
        except Exception as error:
            raise ResourceInitFailed(started) from error
        del self._started_creates[address]
        resource.note_inputs(stored.id, raw_inputs, stored.state)
        return converted

    async def update(  # noqa: PLR0913  the engine's own arguments
        self,
        resource: AnyResource,
        context: OperationContext,
        id: str,
        *,
        old_inputs: Mapping[str, Any],
        state: Mapping[str, Any],
        new_inputs: Mapping[str, Any],
        convert: Callable[[StoredResource], T],
    ) -> T:
        """Update the resource; without a change, finish what an earlier operation started.

        Return the result of `convert`, as `create` does.

        Raises:
            ResourceInitFailed: the resource is not as the inputs say; always raised instead of another error.
        """
        inputs: dict[str, Any] = {"old_inputs": old_inputs, "state": state, "new_inputs": new_inputs}
        try:
            self._log_ignored(context, _ignored_properties(resource, state))
            resource = resource.connect(await self.connect())
            compute_diff = run_in_thread(partial(lifecycle.compute_diff, resource, **inputs))
            if (await self.run_unless_cancelled(compute_diff, context.resource_name)).changes:
                operation = lifecycle.update(resource, id, **inputs, context=context)
                stored = await self._run_until_deadline(operation, context)
            else:
                started = StoredResource(id, new_inputs, state)
                operation = lifecycle.finish_create(resource, started, context)
                stored = _keep_imported_flag(await self._run_until_deadline(operation, context), state)
            converted = convert(stored)
        except ResourceInitFailed:
            raise
        except Exception as error:
            raise ResourceInitFailed(StoredResource(id, old_inputs, state)) from error
        self._started_creates.pop(context.address, None)
        return converted

    async def read(
        self,
        resource: AnyResource,
        context: OperationContext,
        id: str,
        raw_inputs: Mapping[str, Any] | None,
        state: Mapping[str, Any],
    ) -> StoredResource | None:
        """Read the resource, or return `None` if it is gone. Inputs that lack a required one are those of an import."""
        resource = resource.connect(await self.connect())
        stored = await self._run_until_deadline(lifecycle.read(resource, id, raw_inputs, state), context)
        if stored is None:
            return None
        self._log_ignored(context, stored.ignored)
        return _keep_imported_flag(stored, state)

    async def delete(self, resource: AnyResource, context: OperationContext, id: str, state: Mapping[str, Any]) -> None:
        """Delete the resource."""
        self._log_ignored(context, _ignored_properties(resource, state))
        resource = resource.connect(await self.connect())
        operation = lifecycle.delete(resource, id, replace(context, state=state))
        await self._run_until_deadline(operation, context)
        self._started_creates.pop(context.address, None)

    async def invoke(self, action: Action[Any], context: OperationContext, arguments: Arguments) -> None:
        """Do the action."""
        await self._run_until_deadline(action.invoke(await self.connect(), arguments, context), context)

    async def run_unless_cancelled(self, awaitable: Awaitable[T], action: str) -> T:
        """Return the result; raise `Cancelled` as soon as the provider is cancelled."""
        future = asyncio.ensure_future(awaitable)
        await first_completed(future, self._cancelled.wait())
        if future.cancelled():
            raise Cancelled(action, hint="")
        return future.result()

    async def wait_for_cancel(self) -> None:
        """Wait until the provider is cancelled and the grace period is over."""
        await self._cancelled.wait()
        await self._clock.sleep(CANCEL_GRACE_SECONDS)

    async def _run_until_deadline(self, awaitable: Awaitable[T], context: OperationContext) -> T:
        """Return the result; cancel the operation soon after the deadline or the cancellation, wherever it hangs."""
        deadline = context.deadline
        with retry_listener(deadline.on_progress):
            future = asyncio.ensure_future(awaitable)
        await first_completed(
            future,
            self._clock.sleep(deadline.remaining + CANCEL_GRACE_SECONDS),
            self.wait_for_cancel(),
        )
        if not future.cancelled():
            return future.result()
        if deadline.cancelled.is_set():
            raise Cancelled(context.resource_name)
        last_status = getattr(deadline.on_progress, "last_status", "nothing")
        raise DeadlineExceeded(context.resource_name, deadline.timeout, last_status)

    def _log_ignored(self, context: OperationContext, ignored: Collection[str]) -> None:
        """Log once which stored values this version cannot read."""
        names = [name for name in ignored if (context.address, name) not in self._reported]
        if names:
            self._reported.update((context.address, name) for name in names)
            context.log(f"{UNREADABLE_VALUES_MESSAGE}: {', '.join(names)}")


def _ignored_properties(resource: AnyResource, state: Mapping[str, Any]) -> tuple[str, ...]:
    return stored_state.ignored_properties(resource, state, stored_state.readable_state(resource, state))


def _keep_imported_flag(stored: StoredResource, old_state: Mapping[str, Any]) -> StoredResource:
    """Return the resource marked as imported if the state was: a read adds no inputs that the API does not return."""
    if not old_state.get(IMPORTED_KEY):
        return stored
    return replace(stored, state={**stored.state, IMPORTED_KEY: True})
