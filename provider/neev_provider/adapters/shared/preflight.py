"""The requests of a preview, if they are enabled: they verify the key, the project and referenced objects."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from neev_provider.client import Api
from neev_provider.core.errors import InputError
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.validation import ValidationFailure


class Preflight:
    """The verifications of one preview at one API; each is done once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lookups: dict[object, asyncio.Future[None]] = {}

    async def require(
        self, resource: AnyResource, new_inputs: Mapping[str, Any], old_inputs: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Raise an error unless the project is accessible and the API would accept every changed reference.

        Raises:
            InputError: an input refers to an object that does not exist, or does not fit it.
            NeevError: the API rejects the key, does not know the project, or is unavailable.
        """
        await self._api.require_project()
        for require, name, value in resource.iter_changed_references(new_inputs, old_inputs):
            question = (require, name, value)
            if question not in self._lookups:
                self._lookups[question] = asyncio.ensure_future(require(self._api, name, value))
            await asyncio.shield(self._lookups[question])

    async def reference_failures(
        self, resource: AnyResource, new_inputs: Mapping[str, Any], old_inputs: Mapping[str, Any]
    ) -> list[ValidationFailure]:
        """Return rejected references of the inputs as failures of a check; raise the other errors of `require`."""
        try:
            await self.require(resource, new_inputs, old_inputs)
        except InputError as error:
            return [ValidationFailure(error.path, error.reason)]
        return []
