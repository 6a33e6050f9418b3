"""Groups of tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

MAX_CONCURRENCY: Final = 8
"""Requests to one sandbox that are under way side by side."""

T = TypeVar("T")


async def run_bounded(operation: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
    """Run the operation for every item, a few at a time; the first failure cancels the others."""
    semaphore = asyncio.Semaphore(MAX_CONCURRENCY)

    async def run_one(item: T) -> None:
        async with semaphore:
            await operation(item)

    tasks = [asyncio.ensure_future(run_one(item)) for item in items]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
