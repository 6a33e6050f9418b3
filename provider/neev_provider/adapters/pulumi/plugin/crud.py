"""Creates, reads, updates and deletes as messages of the protocol."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from neev_provider.adapters.pulumi.marshal import marshal, unmarshal
from neev_provider.adapters.pulumi.ownership import owner_of_urn
from neev_provider.adapters.pulumi.plugin.engine_client import EngineClient, StatusReporter, announce_create
from neev_provider.adapters.pulumi.plugin.grpc_errors import StatusError, init_failed, user_message
from neev_provider.adapters.pulumi.plugin.plan import marshal_state, name_of
from neev_provider.adapters.pulumi.property_map import PropertyMap, mark_secrets
from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.adapters.shared.executor import Executor
from neev_provider.client import Api
from neev_provider.core.clock import Clock
from neev_provider.core.lifecycle import AnyResource, ResourceInitFailed
from neev_provider.core.reference_errors import DeleteBeforeReplaceRequired, NameConflict
from neev_provider.core.resource import OperationContext
from neev_provider.core.tasks import first_completed

T = TypeVar("T")
IMPORT_HINT = (
    "Choose another name; or take what has it into this stack, where no other stack has it: "
    "`pulumi import {program} {id}`."
)


class CrudHandler:
    """Operations of one configured provider, by the requests of the engine."""

    def __init__(self, connect: Callable[[], Awaitable[Api]], engine_client: EngineClient, clock: Clock) -> None:
        self._engine_client = engine_client
        self._clock = clock
        self.executor = Executor(connect, clock)

    async def create(self, resource: AnyResource, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """Create the resource and wait until it is ready."""
        inputs = unmarshal(request.properties)
        context = self._operation_context(resource, request, resource.timeouts.create, inputs)
        named = resource.name_property
        try:
            with announce_create(context.resource_name, inputs.values.get(named.name) if named else None):
                return await self._flush_after(
                    self.executor.create(
                        resource,
                        context,
                        inputs.values,
                        convert=lambda stored: provider_pb2.CreateResponse(
                            id=stored.id, properties=marshal_state(resource, stored.state, inputs)
                        ),
                    )
                )
        except ResourceInitFailed as failure:
            raise _init_failed(resource, failure, context, request.properties, inputs) from failure
        except DeleteBeforeReplaceRequired:
            raise
        except NameConflict as error:
            program = f"{PACKAGE}:index:{resource.name} {name_of(request)}"
            error.hint = IMPORT_HINT.format(program=program, id=error.existing_id)
            raise

    async def update(self, resource: AnyResource, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """Update the resource; without a change, finish what an earlier operation started."""
        news, olds = unmarshal(request.news), unmarshal(request.olds)
        context = self._operation_context(resource, request, resource.timeouts.update, news)
        operation = self.executor.update(
            resource,
            context,
            request.id,
            old_inputs=unmarshal(request.old_inputs).values,
            state=olds.values,
            new_inputs=news.values,
            convert=lambda stored: provider_pb2.UpdateResponse(
                properties=marshal_state(resource, stored.state, news, olds)
            ),
        )
        try:
            return await self._flush_after(operation)
        except ResourceInitFailed as failure:
            raise _init_failed(resource, failure, context, request.olds, olds, news) from failure

    async def read(self, resource: AnyResource, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """Read the resource; the response is empty if it is gone."""
        inputs, properties = unmarshal(request.inputs), unmarshal(request.properties)
        context = self._operation_context(resource, request, resource.timeouts.read, properties)
        raw_inputs = inputs.values if request.HasField("inputs") else None
        stored = await self._flush_after(
            self.executor.read(resource, context, request.id, raw_inputs, properties.values)
        )
        if stored is None:
            return provider_pb2.ReadResponse()
        response = provider_pb2.ReadResponse(
            id=stored.id,
            properties=marshal_state(resource, stored.state, inputs, properties),
            inputs=marshal(mark_secrets(resource.inputs.properties, (properties | inputs).mark(stored.inputs))),
        )
        if stored.problem:
            reason = f"{context.resource_name}: {stored.problem}"
            raise init_failed(reason, id=stored.id, properties=response.properties, inputs=response.inputs)
        return response

    async def delete(self, resource: AnyResource, request: provider_pb2.DeleteRequest) -> None:
        """Delete the resource."""
        properties = unmarshal(request.properties) | unmarshal(request.old_inputs)
        context = self._operation_context(resource, request, resource.timeouts.delete, properties)
        await self._flush_after(self.executor.delete(resource, context, request.id, properties.values))

    def _operation_context(
        self, resource: AnyResource, request: Any, default_timeout: float, properties: PropertyMap
    ) -> OperationContext:
        inputs = resource.inputs.properties
        return self.executor.operation_context(
            f"{resource.name} {name_of(request)}",
            request.timeout or default_timeout,
            address=request.urn,
            secret_inputs=properties.secret_names(inputs) & inputs.keys(),
            owner=owner_of_urn(request.urn),
            report=StatusReporter(self._engine_client, request.urn, self._clock),
            log=lambda text: self._engine_client.log(request.urn, text),
            warn=lambda text: self._engine_client.warn(request.urn, text),
        )

    async def _flush_after(self, operation: Awaitable[T]) -> T:
        """Return the result of the operation once the engine has what was logged, unless the provider is cancelled."""
        try:
            return await operation
        finally:
            if not self._engine_client.is_flushed:
                await first_completed(self._engine_client.flush(), self.executor.wait_for_cancel())


def _init_failed(
    resource: AnyResource,
    failure: ResourceInitFailed,
    context: OperationContext,
    fallback: struct_pb2.Struct,
    *sources: PropertyMap,
) -> StatusError:
    """Return the error that makes the engine store what is known of the resource; at least the fallback."""
    properties = fallback
    with contextlib.suppress(Exception):
        properties = marshal_state(resource, failure.stored.state, *sources)
    reason = user_message(failure.__cause__ or failure, context.resource_name)
    return init_failed(reason, id=failure.stored.id, properties=properties)
