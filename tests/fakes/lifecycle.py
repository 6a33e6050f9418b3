"""A create without an adapter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neev_provider.core.lifecycle import AnyResource, StoredResource, finish_create, start_create
from neev_provider.core.resource import OperationContext


async def create_and_finish(
    resource: AnyResource, raw_inputs: Mapping[str, Any], context: OperationContext
) -> StoredResource:
    """Create the resource and wait until it is ready."""
    return await finish_create(resource, await start_create(resource, raw_inputs, context), context, just_created=True)
