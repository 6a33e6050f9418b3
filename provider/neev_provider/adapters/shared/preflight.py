"""What a plan asks of the API, where it is to ask: whether key and project, and what inputs name, are there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from neev_provider.client import Api
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.reference_errors import MissingReference
from neev_provider.core.validation import ValidationFailure


class Preflight:
    """The questions of one plan to one API; each is asked once."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lookups: dict[object, asyncio.Future[None]] = {}

    async def require(
        self, resource: AnyResource, new_inputs: Mapping[str, Any], old_inputs: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Return only where the project answers, and everything is there that the inputs name and did not before.

        Raises:
            MissingReference: an input names something that is not there.
            NeevError: the API does not accept the key, does not know the project, or cannot be asked.
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
        """Return what the inputs name and is not there, as failures of a check; raises what `require` does else."""
        try:
            await self.require(resource, new_inputs, old_inputs)
        except MissingReference as error:
            return [ValidationFailure(error.path, error.reason)]
        return []
