"""Groups of tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

MAX_CONCURRENCY: Final = 8
"""Maximum concurrent requests to one sandbox."""

T = TypeVar("T")


async def first_completed(*awaitables: Awaitable[Any]) -> None:
    """Wait until one has ended, then cancel the others and wait until they have ended, too."""
    futures = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _cancel_all(futures)


async def gather_all(awaitables: Iterable[Awaitable[T]]) -> list[T]:
    """Return all results. The first failure cancels the others before its error is raised."""
    futures = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        return await asyncio.gather(*futures)
    finally:
        await _cancel_all(futures)


async def run_bounded(operation: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
    """Run the operation for every item, a few at a time; the first failure cancels the others."""
    semaphore = asyncio.Semaphore(MAX_CONCURRENCY)

    async def run_one(item: T) -> None:
        async with semaphore:
            await operation(item)

    await gather_all(run_one(item) for item in items)


async def _cancel_all(futures: Sequence[asyncio.Future[Any]]) -> None:
    for future in futures:
        future.cancel()
    await asyncio.gather(*futures, return_exceptions=True)
