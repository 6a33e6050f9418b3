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
    decode,
    decode_plain,
    encode,
    plain,
    sealed_as,
    sealed_by,
    secret_names,
)
from neev_provider.adapters.pulumi.plugin.engine_client import Engine, Progress, making
from neev_provider.adapters.pulumi.plugin.grpc_errors import half_made, told
from neev_provider.adapters.pulumi.plugin.plan import name_of, state_on_wire
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.client import Api
from neev_provider.core import lifecycle, stored_state
from neev_provider.core.clock import Clock
from neev_provider.core.diff import IMPORTED_KEY
from neev_provider.core.errors import Cancelled, DeadlineExceeded
from neev_provider.core.lifecycle import AnyResource, StoredResource, ResourceInitFailed
from neev_provider.core.reference_errors import MissingReference, NameConflict, DeleteBeforeReplaceRequired
from neev_provider.core.resource import OperationContext
from neev_provider.core.threads import run_in_thread
from neev_provider.core.wait import Deadline, first_completed, retry_listener

S = TypeVar("S", StoredResource, StoredResource | None)
T = TypeVar("T")
IMPORT = (
    "Choose another name; or take what has it into this stack, where no other stack has it: "
    "`pulumi import {program} {id}`."
)
GRACE = 0.5
"""Seconds in which a wait ends by itself, with better words, before it is ended."""

PASSED_OVER = "The state holds what this version of the provider cannot read; it is kept and counts as not known"


class Operations:
    """The operations of one configured provider."""

    def __init__(self, api: Callable[[], Awaitable[Api]], engine: Engine, clock: Clock) -> None:
        self._api = api
        self._engine = engine
        self._clock = clock
        self._cancelled = asyncio.Event()
        self._begun: dict[str, StoredResource] = {}
        self._told: set[tuple[str, str]] = set()

    def cancel(self) -> None:
        """Every operation ends at once, with what it has."""
        self._cancelled.set()

    async def unless_cancelled(self, work: Awaitable[T], what: str) -> T:
        """The result of the work; raises ``Cancelled`` as soon as everything is to end."""
        future = asyncio.ensure_future(work)
        await first_completed(future, self._cancelled.wait())
        if future.cancelled():
            raise Cancelled(what, hint="")
        return future.result()

    async def create(self, resource: AnyResource, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """The resource exists and is ready; where an earlier call made it already, that one is."""
        marked = decode(request.properties)
        call = self._call(resource, request, resource.timeouts.create, marked)
        named = resource.name_property
        with making(call.resource_name, plain(marked).get(named.name) if named else None):
            return await self._create(resource, request, marked, call)

    async def _create(
        self,
        resource: AnyResource,
        request: provider_pb2.CreateRequest,
        marked: Mapping[str, Any],
        call: OperationContext,
    ) -> provider_pb2.CreateResponse:
        asked = plain(marked)
        api = await self._api()
        # an error hook repeats the call in the same process, and knows of no id
        known = self._begun.get(request.urn)
        fresh = known is None or known.inputs != asked
        try:
            begun = await lifecycle.start_create(resource, api, asked, call) if known is None or fresh else known
        except DeleteBeforeReplaceRequired:
            raise
        except NameConflict as error:
            program = f"{PACKAGE}:index:{resource.name} {name_of(request)}"
            error.hint = IMPORT.format(program=program, id=error.existing_id)
            raise
        self._begun[request.urn] = begun
        try:
            stored = await self._bounded(lifecycle.finish_create(resource, api, begun, call, just_created=fresh), call)
            properties = state_on_wire(resource, stored.state, marked)
        except MissingReference:
            del self._begun[request.urn]  # nothing was made
            raise
        except Exception as error:
            if isinstance(error, ResourceInitFailed):
                begun = self._begun[request.urn] = error.stored
            partial = _partial(resource, begun, request.properties, marked)
            raise half_made(_reason(error, call), id=begun.id, properties=partial) from error
        del self._begun[request.urn]
        return provider_pb2.CreateResponse(id=stored.id, properties=properties)

    async def update(self, resource: AnyResource, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """The resource is as the new inputs say; without a change, what an earlier call began is finished."""
        marked, before = decode(request.news), decode(request.olds)
        call = self._call(resource, request, resource.timeouts.update, marked)
        try:
            old, state, new = decode_plain(request.old_inputs), plain(before), plain(marked)
            self._say_what_is_passed_over(resource, request.urn, state)
            api = await self._api()
            planned = run_in_thread(
                partial(lifecycle.compute_diff, resource, old_inputs=old, state=state, new_inputs=new)
            )
            if (await self.unless_cancelled(planned, call.resource_name)).changes:
                work = lifecycle.update(
                    resource, api, request.id, old_inputs=old, state=state, new_inputs=new, context=call
                )
            else:
                work = _still_imported(
                    lifecycle.finish_create(resource, api, StoredResource(request.id, new, state), call), state
                )
            stored = await self._bounded(work, call)
            properties = state_on_wire(resource, stored.state, marked, before)
        except Exception as error:
            olds = request.olds
            if isinstance(error, ResourceInitFailed):
                olds = _partial(resource, error.stored, olds, before, marked)
            raise half_made(_reason(error, call), id=request.id, properties=olds) from error
        self._begun.pop(request.urn, None)
        return provider_pb2.UpdateResponse(properties=properties)

    async def read(self, resource: AnyResource, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """The resource as it is now; an empty answer where it is gone."""
        inputs, properties = decode(request.inputs), decode(request.properties)
        call = self._call(resource, request, resource.timeouts.read, properties)
        asked = plain(inputs)
        # imported, or described too little to be anything but imported
        known = request.HasField("inputs") and not stored_state.missing_inputs(resource, asked)
        api = await self._api()
        work = lifecycle.read(resource, api, request.id, asked if known else None, plain(properties))
        stored = await self._bounded(_still_imported(work, properties), call)
        if stored is None:
            return provider_pb2.ReadResponse()
        marks = {**properties, **inputs}
        self._say_what_is_passed_over(resource, request.urn, plain(marks))
        answer = provider_pb2.ReadResponse(
            id=stored.id,
            properties=state_on_wire(resource, stored.state, inputs, properties),
            inputs=encode(sealed_by(resource.inputs.properties, sealed_as(dict(stored.inputs), marks))),
        )
        if stored.problem:
            reason = f"{call.resource_name}: {stored.problem}"
            raise half_made(reason, id=stored.id, properties=answer.properties, inputs=answer.inputs)
        return answer

    async def delete(self, resource: AnyResource, request: provider_pb2.DeleteRequest) -> None:
        """The resource is gone."""
        marked = {**decode(request.properties), **decode(request.old_inputs)}
        call = self._call(resource, request, resource.timeouts.delete, marked)
        stored = plain(marked)
        self._say_what_is_passed_over(resource, request.urn, stored)
        work = lifecycle.delete(resource, await self._api(), request.id, replace(call, stored=stored))
        await self._bounded(work, call)
        self._begun.pop(request.urn, None)

    def _say_what_is_passed_over(self, resource: AnyResource, urn: str, values: Mapping[str, Any]) -> None:
        """Say once which stored values this version cannot read."""
        names = [name for name in stored_state.ignored_properties(resource, values) if (urn, name) not in self._told]
        if names:
            self._told.update((urn, name) for name in names)
            self._engine.log(urn, f"{PASSED_OVER}: {', '.join(names)}")

    def _call(self, resource: AnyResource, request: Any, default: float, marked: Mapping[str, Any]) -> OperationContext:
        progress = Progress(self._engine, request.urn, self._clock)
        patience = Deadline(request.timeout or default, self._clock, self._cancelled, progress)
        name = f"{resource.name} {name_of(request)}"
        secret = secret_names(resource.inputs.properties, marked) & resource.inputs.properties.keys()
        return OperationContext(
            name, patience, log=lambda text: self._engine.log(request.urn, text), secret_inputs=secret
        )

    async def _bounded(self, work: Awaitable[T], call: OperationContext) -> T:
        """The result of the work, which is given up soon after its deadline or the wish to stop, wherever it hangs."""
        patience = call.deadline
        with retry_listener(patience.on_progress):
            future = asyncio.ensure_future(work)
        await first_completed(future, self._clock.sleep(patience.timeout - patience.elapsed + GRACE), self._stopped())
        await first_completed(self._engine.heard(), self._stopped())
        if not future.cancelled():
            return future.result()
        if patience.cancelled.is_set():
            raise Cancelled(call.resource_name)
        last = patience.on_progress.last if isinstance(patience.on_progress, Progress) else "nothing"
        raise DeadlineExceeded(call.resource_name, patience.timeout, last)

    async def _stopped(self) -> None:
        await self._cancelled.wait()
        await self._clock.sleep(GRACE)


async def _still_imported(work: Awaitable[S], before: Mapping[str, Any]) -> S:
    """What the work gives, marked as imported where the state was: it has learned nothing of what cannot be read."""
    stored = await work
    if stored is None or not before.get(IMPORTED_KEY):
        return stored
    return replace(stored, state={**stored.state, IMPORTED_KEY: True})


def _reason(error: Exception, call: OperationContext) -> str:
    return told(error.cause if isinstance(error, ResourceInitFailed) else error, call.resource_name)


def _partial(
    resource: AnyResource, begun: StoredResource, asked: struct_pb2.Struct, *marked: Mapping[str, Any]
) -> struct_pb2.Struct:
    """What is known of a thing that is not ready; whatever happens, something."""
    with contextlib.suppress(Exception):
        return state_on_wire(resource, begun.state, *marked)
    return asked
