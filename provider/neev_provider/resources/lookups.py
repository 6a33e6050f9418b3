"""Lookups of objects that may not exist."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final, TypeVar

from neev_provider.core.errors import NotFound

T = TypeVar("T")
REFRESH_BATCH_DELAY: Final = 0.02
"""Delay of a read, in seconds. It lets a refresh read many resources with one list request."""


async def none_if_not_found(awaitable: Awaitable[T]) -> T | None:
    """Return the result, or ``None`` if the API does not find the object."""
    try:
        return await awaitable
    except NotFound:
        return None
