"""Patches of Pulumi's dynamic host: more operations at a time, errors without tracebacks, an exit with the engine.

The host (``pulumi.dynamic.__main__``) runs four operations at a time, reports every exception with its traceback, and
outlives an engine that was killed. None of this can be configured, and the names used here are private to the host. A
patch that does not apply changes nothing: everything still works, four operations at a time.
``NEEV_NO_HOST_PATCHES=1`` turns all patches off.
"""

# ruff: noqa: SLF001  as above

from __future__ import annotations

import logging
import os
import queue
import re
import sys
import threading
import traceback
import weakref
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from types import ModuleType
from typing import Any, Final

from neev_provider.adapters.pulumi.dynamic import event_loop
from neev_provider.adapters.pulumi.engine_watch import wait_for_engine_exit
from neev_provider.adapters.shared.hints import PULUMI, render
from neev_provider.core.errors import NeevError

MAX_WORKERS: Final = 512
"""The engine's ``--parallel`` decides how many operations there are; this is only a bound."""
OFF_SWITCH: Final = "NEEV_NO_HOST_PATCHES"

log = logging.getLogger(__name__)


def patch_host(host: Any, environ: Mapping[str, str] = os.environ) -> None:
    """Apply every patch to the host's module; call this on one of the host's worker threads."""
    if environ.get(OFF_SWITCH):
        return
    for patch in PATCHES:
        try:
            patch(host)
        except (AttributeError, LookupError, TypeError) as error:
            log.debug("%s does not apply to this host: %s", patch.__name__, error)


def raise_worker_limit(_host: Any) -> None:
    """Let the thread pool of this thread run up to ``MAX_WORKERS`` operations (tested with CPython 3.11)."""
    reference = threading.current_thread()._args[0]  # type: ignore[attr-defined]
    pool = reference() if isinstance(reference, weakref.ref) else None
    if not isinstance(pool, ThreadPoolExecutor) or not isinstance(pool._work_queue, queue.SimpleQueue):
        raise TypeError("the thread is not one of a thread pool")
    pool._max_workers = max(pool._max_workers, MAX_WORKERS)
    # a pool starts a thread only for new work, and a refresh has already queued all its reads
    max_threads = min(len(pool._threads) + pool._work_queue.qsize(), MAX_WORKERS)
    while len(pool._threads) < max_threads:
        pool._adjust_thread_count()  # starts a thread, or counts an idle one


def suppress_tracebacks(host: Any) -> None:
    """Report the errors of this package without a traceback (tested with pulumi 3.272)."""
    if not isinstance(host.traceback, _PlainTraceback):
        if host.traceback is not traceback or not callable(host._abort_with_traceback):
            raise TypeError("it formats exceptions otherwise")
        host.traceback = _PlainTraceback("traceback")


def exit_with_engine(host: Any) -> None:
    """Start a task that exits soon after the engine, whose address is the last argument (tested with pulumi 3.272)."""
    address = sys.argv[-1]
    if not re.fullmatch(r".+:\d+", address) or not callable(host.DynamicResourceProviderServicer):
        raise TypeError(f"its last argument is no address: {address}")
    _watch_engine(address)


PATCHES: Final = (raise_worker_limit, suppress_tracebacks, exit_with_engine)


class _PlainTraceback(ModuleType):
    """A replacement of the ``traceback`` module, with the part that the host uses."""

    def format_exc(self) -> str:
        """Return the text of the exception in progress."""
        error = sys.exception()
        return render(error, PULUMI) if isinstance(error, NeevError) else traceback.format_exc()

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)


@cache
def _watch_engine(address: str) -> Future[None]:
    # the cache keeps the task alive: a loop holds only weak references
    return event_loop.submit(_exit_after_engine(address))


async def _exit_after_engine(address: str) -> None:
    await wait_for_engine_exit(address)
    os._exit(1)
