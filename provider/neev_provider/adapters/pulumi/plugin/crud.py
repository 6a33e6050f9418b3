"""Creates, reads, updates and deletes, as the engine calls them.

Once an id is known, every error hands it to the engine, which keeps the resource and has the next update go on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from neev_provider.adapters.pulumi.marshal import (
    mark_declared_secrets,
    marshal,
    restore_secrets,
    reveal,
    secret_names,
    unmarshal,
    unmarshal_plain,
)
from neev_provider.adapters.pulumi.plugin.engine_client import EngineClient, Progress, announce_create
from neev_provider.adapters.pulumi.plugin.grpc_errors import init_failed, user_message
from neev_provider.adapters.pulumi.plugin.plan import marshal_state, name_of
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.client import Api
from neev_provider.core import lifecycle, stored_state
from neev_provider.core.clock import Clock
from neev_provider.core.diff import IMPORTED_KEY
from neev_provider.core.errors import Cancelled, DeadlineExceeded
from neev_provider.core.lifecycle import AnyResource, ResourceInitFailed, StoredResource
from neev_provider.core.reference_errors import DeleteBeforeReplaceRequired, MissingReference, NameConflict
from neev_provider.core.resource import OperationContext
from neev_provider.core.threads import run_in_thread
from neev_provider.core.wait import Deadline, first_completed, retry_listener

StoredT = TypeVar("StoredT", StoredResource, StoredResource | None)
T = TypeVar("T")
IMPORT_HINT = (
    "Choose another name; or take what has it into this stack, where no other stack has it: "
    "`pulumi import {program} {id}`."
)
CANCEL_GRACE_SECONDS = 0.5
"""Seconds in which a wait ends by itself, with better words, before it is ended."""

UNREADABLE_VALUES_MESSAGE = (
    "The state holds what this version of the provider cannot read; it is kept and counts as not known"
)


class CrudHandler:
    """The operations of one configured provider."""

    def __init__(self, api: Callable[[], Awaitable[Api]], engine: EngineClient, clock: Clock) -> None:
        self._api = api
        self._engine = engine
        self._clock = clock
        self._cancelled = asyncio.Event()
        self._started_creates: dict[str, StoredResource] = {}
        self._reported: set[tuple[str, str]] = set()

    def cancel(self) -> None:
        """Every operation ends at once, with what it has."""
        self._cancelled.set()

    async def run_unless_cancelled(self, awaitable: Awaitable[T], subject: str) -> T:
        """The result of the work; raises ``Cancelled`` as soon as everything is to end."""
        future = asyncio.ensure_future(awaitable)
        await first_completed(future, self._cancelled.wait())
        if future.cancelled():
            raise Cancelled(subject, hint="")
        return future.result()

    async def create(self, resource: AnyResource, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """The resource exists and is ready; where an earlier call made it already, that one is."""
        marked = unmarshal(request.properties)
        call = self._operation_context(resource, request, resource.timeouts.create, marked)
        named = resource.name_property
        with announce_create(call.resource_name, reveal(marked).get(named.name) if named else None):
            return await self._create(resource, request, marked, call)

    async def _create(
        self,
        resource: AnyResource,
        request: provider_pb2.CreateRequest,
        with_secrets: Mapping[str, Any],
        context: OperationContext,
    ) -> provider_pb2.CreateResponse:
        asked = reveal(with_secrets)
        resource = resource.connect(await self._api())
        # an error hook repeats the call in the same process, and knows of no id
        known = self._started_creates.get(request.urn)
        fresh = known is None or known.inputs != asked
        try:
            begun = await lifecycle.start_create(resource, asked, context) if known is None or fresh else known
        except DeleteBeforeReplaceRequired:
            raise
        except NameConflict as error:
            program = f"{PACKAGE}:index:{resource.name} {name_of(request)}"
            error.hint = IMPORT_HINT.format(program=program, id=error.existing_id)
            raise
        self._started_creates[request.urn] = begun
        try:
            stored = await self._run_until_deadline(
                lifecycle.finish_create(resource, begun, context, just_created=fresh), context
            )
            properties = marshal_state(resource, stored.state, with_secrets)
        except MissingReference:
            del self._started_creates[request.urn]  # nothing was made
            raise
        except Exception as error:
            if isinstance(error, ResourceInitFailed):
                begun = self._started_creates[request.urn] = error.stored
            partial = _partial_state(resource, begun, request.properties, with_secrets)
            raise init_failed(_failure_reason(error, context), id=begun.id, properties=partial) from error
        del self._started_creates[request.urn]
        return provider_pb2.CreateResponse(id=stored.id, properties=properties)

    async def update(self, resource: AnyResource, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """The resource is as the new inputs say; without a change, what an earlier call began is finished."""
        marked, before = unmarshal(request.news), unmarshal(request.olds)
        call = self._operation_context(resource, request, resource.timeouts.update, marked)
        try:
            old, state, new = unmarshal_plain(request.old_inputs), reveal(before), reveal(marked)
            self._log_unreadable_values(resource, request.urn, state)
            resource = resource.connect(await self._api())
            planned = run_in_thread(
                partial(lifecycle.compute_diff, resource, old_inputs=old, state=state, new_inputs=new)
            )
            if (await self.run_unless_cancelled(planned, call.resource_name)).changes:
                work = lifecycle.update(resource, request.id, old_inputs=old, state=state, new_inputs=new, context=call)
            else:
                work = _keep_imported_flag(
                    lifecycle.finish_create(resource, StoredResource(request.id, new, state), call), state
                )
            stored = await self._run_until_deadline(work, call)
            properties = marshal_state(resource, stored.state, marked, before)
        except Exception as error:
            olds = request.olds
            if isinstance(error, ResourceInitFailed):
                olds = _partial_state(resource, error.stored, olds, before, marked)
            raise init_failed(_failure_reason(error, call), id=request.id, properties=olds) from error
        self._started_creates.pop(request.urn, None)
        return provider_pb2.UpdateResponse(properties=properties)

    async def read(self, resource: AnyResource, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """The resource as it is now; an empty answer where it is gone."""
        inputs, properties = unmarshal(request.inputs), unmarshal(request.properties)
        call = self._operation_context(resource, request, resource.timeouts.read, properties)
        asked = reveal(inputs)
        # imported, or described too little to be anything but imported
        known = request.HasField("inputs") and not stored_state.missing_inputs(resource, asked)
        resource = resource.connect(await self._api())
        work = lifecycle.read(resource, request.id, asked if known else None, reveal(properties))
        stored = await self._run_until_deadline(_keep_imported_flag(work, properties), call)
        if stored is None:
            return provider_pb2.ReadResponse()
        marks = {**properties, **inputs}
        self._log_unreadable_values(resource, request.urn, reveal(marks))
        answer = provider_pb2.ReadResponse(
            id=stored.id,
            properties=marshal_state(resource, stored.state, inputs, properties),
            inputs=marshal(
                mark_declared_secrets(resource.inputs.properties, restore_secrets(dict(stored.inputs), marks))
            ),
        )
        if stored.problem:
            reason = f"{call.resource_name}: {stored.problem}"
            raise init_failed(reason, id=stored.id, properties=answer.properties, inputs=answer.inputs)
        return answer

    async def delete(self, resource: AnyResource, request: provider_pb2.DeleteRequest) -> None:
        """The resource is gone."""
        marked = {**unmarshal(request.properties), **unmarshal(request.old_inputs)}
        call = self._operation_context(resource, request, resource.timeouts.delete, marked)
        stored = reveal(marked)
        self._log_unreadable_values(resource, request.urn, stored)
        work = lifecycle.delete(resource.connect(await self._api()), request.id, replace(call, state=stored))
        await self._run_until_deadline(work, call)
        self._started_creates.pop(request.urn, None)

    def _log_unreadable_values(self, resource: AnyResource, urn: str, values: Mapping[str, Any]) -> None:
        """Say once which stored values this version cannot read."""
        names = [
            name for name in stored_state.ignored_properties(resource, values) if (urn, name) not in self._reported
        ]
        if names:
            self._reported.update((urn, name) for name in names)
            self._engine.log(urn, f"{UNREADABLE_VALUES_MESSAGE}: {', '.join(names)}")

    def _operation_context(
        self, resource: AnyResource, request: Any, default: float, with_secrets: Mapping[str, Any]
    ) -> OperationContext:
        progress = Progress(self._engine, request.urn, self._clock)
        patience = Deadline(request.timeout or default, self._clock, self._cancelled, progress)
        name = f"{resource.name} {name_of(request)}"
        secret = secret_names(resource.inputs.properties, with_secrets) & resource.inputs.properties.keys()
        return OperationContext(
            name, patience, log=lambda text: self._engine.log(request.urn, text), secret_inputs=secret
        )

    async def _run_until_deadline(self, awaitable: Awaitable[T], context: OperationContext) -> T:
        """The result of the work, which is given up soon after its deadline or the wish to stop, wherever it hangs."""
        patience = context.deadline
        with retry_listener(patience.on_progress):
            future = asyncio.ensure_future(awaitable)
        await first_completed(
            future,
            self._clock.sleep(patience.timeout - patience.elapsed + CANCEL_GRACE_SECONDS),
            self._wait_for_cancel(),
        )
        await first_completed(self._engine.flush(), self._wait_for_cancel())
        if not future.cancelled():
            return future.result()
        if patience.cancelled.is_set():
            raise Cancelled(context.resource_name)
        last = patience.on_progress.last_status if isinstance(patience.on_progress, Progress) else "nothing"
        raise DeadlineExceeded(context.resource_name, patience.timeout, last)

    async def _wait_for_cancel(self) -> None:
        await self._cancelled.wait()
        await self._clock.sleep(CANCEL_GRACE_SECONDS)


async def _keep_imported_flag(awaitable: Awaitable[StoredT], old_state: Mapping[str, Any]) -> StoredT:
    """What the work gives, marked as imported where the state was: it has learned nothing of what cannot be read."""
    stored = await awaitable
    if stored is None or not old_state.get(IMPORTED_KEY):
        return stored
    return replace(stored, state={**stored.state, IMPORTED_KEY: True})


def _failure_reason(error: Exception, context: OperationContext) -> str:
    return user_message(error.cause if isinstance(error, ResourceInitFailed) else error, context.resource_name)


def _partial_state(
    resource: AnyResource, stored: StoredResource, fallback: struct_pb2.Struct, *with_secrets: Mapping[str, Any]
) -> struct_pb2.Struct:
    """What is known of a thing that is not ready; whatever happens, something."""
    with contextlib.suppress(Exception):
        return marshal_state(resource, stored.state, *with_secrets)
    return fallback
