"""Blocking work in a few threads; cancelling the call ends the work at its next checkpoint."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from functools import cache, partial
from typing import IO, Any, Final, TypeVar

from neev_provider.core.errors import Cancelled

T = TypeVar("T")

MAX_WORKERS: Final = 4
"""Maximum concurrent threads: they share one disk and a few processors."""
CHUNK_BYTES: Final = 1 << 20
"""Bytes read between two checkpoints."""

_CANCELLED: ContextVar[threading.Event | None] = ContextVar("whether the work is cancelled", default=None)


async def run_in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """Run the function in a thread and return its result; if this call is cancelled, it ends at its next checkpoint."""
    cancelled = threading.Event()
    context = copy_context()
    context.run(_CANCELLED.set, cancelled)
    try:
        return await asyncio.get_running_loop().run_in_executor(_executor(), partial(context.run, function, *arguments))
    except asyncio.CancelledError:
        cancelled.set()
        raise


def raise_if_cancelled() -> None:
    """Raise an error if the call that awaits this work is cancelled.

    Raises:
        Cancelled: the call is cancelled.
    """
    cancelled = _CANCELLED.get()
    if cancelled is not None and cancelled.is_set():
        raise Cancelled("reading local files")


def copy_chunks(source: IO[bytes], write: Callable[[bytes], object]) -> None:
    """Copy the source in chunks, with a checkpoint before each."""
    while chunk := source.read(CHUNK_BYTES):
        raise_if_cancelled()
        write(chunk)


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MAX_WORKERS, thread_name_prefix="neev-offload")
