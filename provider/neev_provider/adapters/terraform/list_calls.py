"""The calls for list resources, by which the engine finds the objects that exist."""

# ruff: noqa: N802  the names are the protocol's

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.calls import Calls, argument_diagnostics, error_of, plain_config
from neev_provider.adapters.terraform.conversion import properties_to_core
from neev_provider.adapters.terraform.identity import identity_data
from neev_provider.adapters.terraform.names import list_function_of, resource_of
from neev_provider.adapters.terraform.operations import Applied
from neev_provider.adapters.terraform.resource_values import ResourceValues, imported_state
from neev_provider.adapters.terraform.values import encode
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.validation import ignore


class ListCalls(Calls):
    """The calls for list resources. The filters are the arguments of the function that lists the objects."""

    async def ValidateListResourceConfig(
        self, request: pb.ValidateListResourceConfig.Request
    ) -> pb.ValidateListResourceConfig.Response:
        """Check the filters, as far as their values are known."""
        found = argument_diagnostics(request.config, list_function_of(request.type_name).arguments)
        return pb.ValidateListResourceConfig.Response(diagnostics=found)

    async def ListResource(self, request: pb.ListResource.Request) -> AsyncIterator[pb.ListResource.Event]:
        """Yield the objects that match, at most as many as the engine wants."""
        try:
            for item, found in await self._find_objects(request):
                yield self._event(item, found)
        except Exception as error:  # noqa: BLE001  the boundary to the engine
            yield pb.ListResource.Event(diagnostic=[error_of(error, request)])

    async def _find_objects(self, request: pb.ListResource.Request) -> list[tuple[Any, Applied | None]]:
        """Return the objects, each with its state if the engine wants that, without those that are gone by then."""
        function = list_function_of(request.type_name)
        (listed,) = function.result.properties.values()
        arguments = properties_to_core(function.arguments, plain_config(request.config))
        objects = getattr(await self._provider.call(function, arguments), listed.field)
        objects = objects[: request.limit or None]
        if not request.include_resource_object:
            return [(item, None) for item in objects]
        resource = resource_of(request.type_name)
        states = await asyncio.gather(*(self._read(resource, item.id) for item in objects))
        return [(item, found) for item, found in zip(objects, states, strict=True) if found.state is not None]

    async def _read(self, resource: AnyResource, id: str) -> Applied:
        return await self._provider.read(ResourceValues(resource, {}, imported_state(resource, id)), ignore)

    def _event(self, item: Any, found: Applied | None) -> pb.ListResource.Event:
        return pb.ListResource.Event(
            identity=identity_data(item.id, self._provider.project_id),
            display_name=item.name or item.id,
            resource_object=None if found is None else encode(found.state),
        )
