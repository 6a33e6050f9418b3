"""Slow work beside the event loop: in a few threads, and ended once nobody waits for its result any more."""

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
"""Pieces of slow work side by side: they share one disk and a few processors."""
CHUNK_BYTES: Final = 1 << 20
"""Bytes that are read between two looks at whether anybody still waits."""

_CANCELLED: ContextVar[threading.Event | None] = ContextVar("whether the work is cancelled", default=None)


async def run_in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """Return the result of the work, done in a thread; it ends at its next checkpoint where this call is cancelled."""
    cancelled = threading.Event()
    context = copy_context()
    context.run(_CANCELLED.set, cancelled)
    try:
        return await asyncio.get_running_loop().run_in_executor(_executor(), partial(context.run, function, *arguments))
    except asyncio.CancelledError:
        cancelled.set()
        raise


def raise_if_cancelled() -> None:
    """Return where somebody still waits for the work.

    Raises:
        Cancelled: nobody does.
    """
    cancelled = _CANCELLED.get()
    if cancelled is not None and cancelled.is_set():
        raise Cancelled("reading local files")


def copy_chunks(source: IO[bytes], write: Callable[[bytes], object]) -> None:
    """Return once everything that can be read from the source was written, piece by piece, with checkpoints."""
    while piece := source.read(CHUNK_BYTES):
        raise_if_cancelled()
        write(piece)


@cache
def _executor() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MAX_WORKERS, thread_name_prefix="neev-offload")
