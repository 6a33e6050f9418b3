"""Lookups of objects that may not exist."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final, TypeVar

from neev_provider.core.errors import NotFound

T = TypeVar("T")
REFRESH_BATCH_DELAY: Final = 0.02
"""Seconds that a read waits for others, so that a refresh of many resources is one list."""


async def none_if_not_found(awaitable: Awaitable[T]) -> T | None:
    """Return the result, or ``None`` if the API does not find the object."""
    try:
        return await awaitable
    except NotFound:
        return None
