"""The provider of a process that already answers its engine: a thread loads it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from neev_provider.adapters.shared import fast_start

T = TypeVar("T")


class BackgroundLoad(Generic[T]):
    """A value that a thread creates once, after importing everything that it needs."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._loading: asyncio.Future[T] | None = None

    async def get(self) -> T:
        """Return the value; the first call loads it."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._run())
        return self._loading.result() if self._loading.done() else await asyncio.shield(self._loading)

    @property
    def loaded(self) -> T | None:
        """Return the value, or `None` if it is not loaded."""
        loading = self._loading
        is_loaded = loading is not None and loading.done() and loading.exception() is None
        return loading.result() if loading is not None and is_loaded else None

    async def _run(self) -> T:
        value = await asyncio.to_thread(self._load)
        # the first plans need no request
        asyncio.get_running_loop().run_in_executor(None, fast_start.import_http_client)
        return value
