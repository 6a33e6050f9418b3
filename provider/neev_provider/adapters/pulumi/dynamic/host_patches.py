"""Adaptations of Pulumi's dynamic host, made from inside: more work side by side, plain errors, an end with the engine.

The host (``pulumi.dynamic.__main__``) runs four operations at a time, answers every exception with its traceback, and
outlives an engine that was killed. None of it can be configured, and the names touched here are private to the host:
each is looked at before it is used, and where the host is another, nothing is changed and everything still works, four
at a time. Engine tests hold all three.
"""

from __future__ import annotations

import os
import queue
import re
import sys
import threading
import traceback
import weakref
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from types import ModuleType
from typing import Any

from neev_provider.adapters.pulumi.dynamic import event_loop
from neev_provider.adapters.pulumi.engine_watch import wait_for_engine_exit
from neev_provider.adapters.shared.hints import PULUMI, render
from neev_provider.core.errors import NeevError

MAX_WORKERS = 512
"""Operations side by side at most; the engine's ``--parallel`` decides how many there are."""


def patch_host() -> None:
    """The process is the best host that it can be; to be called on one of its worker threads."""
    main = sys.modules["__main__"]
    raise_worker_limit()
    suppress_tracebacks(main)
    exit_with_engine(main, sys.argv)


def raise_worker_limit() -> None:
    """The pool of this thread takes ``WORKERS`` operations at a time."""
    arguments = getattr(threading.current_thread(), "_args", None) or (None,)
    pool = arguments[0]() if isinstance(arguments[0], weakref.ref) else None
    if not isinstance(pool, ThreadPoolExecutor) or not isinstance(getattr(pool, "_max_workers", None), int):
        return
    pool._max_workers = max(pool._max_workers, MAX_WORKERS)  # noqa: SLF001  the module says why
    # a pool starts a worker only for what is new; a refresh has put all its reads in line by now
    more, line, threads = (getattr(pool, name, None) for name in ("_adjust_thread_count", "_work_queue", "_threads"))
    if callable(more) and isinstance(line, queue.SimpleQueue) and isinstance(threads, set):
        wanted = min(len(threads) + line.qsize(), MAX_WORKERS)
        while len(threads) < wanted:
            more()  # adds one, or counts one that has ended its work


def suppress_tracebacks(main: Any) -> None:
    """The host answers our errors with their own words; every other exception keeps its traceback."""
    if getattr(main, "traceback", None) is traceback and hasattr(main, "_abort_with_traceback"):
        main.traceback = _PlainTraceback("traceback")


def exit_with_engine(main: Any, arguments: Sequence[str]) -> None:
    """The host ends soon after the engine at the address that is its last argument."""
    if hasattr(main, "DynamicResourceProviderServicer") and re.fullmatch(r".+:\d+", arguments[-1]):
        _watch_engine(arguments[-1])


class _PlainTraceback(ModuleType):
    """The ``traceback`` module as far as the host uses it."""

    def format_exc(self) -> str:
        """The text of the exception being handled."""
        error = sys.exception()
        return render(error, PULUMI) if isinstance(error, NeevError) else traceback.format_exc()

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)


@cache
def _watch_engine(address: str) -> Future[None]:
    # the cache holds it: a loop does not keep what only waits for a connection
    return event_loop.submit(_exit_after_engine(address))


async def _exit_after_engine(address: str) -> None:
    await wait_for_engine_exit(address)
    os._exit(1)
