"""One event loop in a thread of its own, for callers that are not asynchronous themselves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

from neev_provider.adapters.shared.preflight import Preflight
from neev_provider.client import Api, connect
from neev_provider.client.settings import Settings

T = TypeVar("T")


def submit(coroutine: Coroutine[Any, Any, T]) -> Future[T]:
    """The coroutine runs on the background loop, side by side with every other."""
    return asyncio.run_coroutine_threadsafe(coroutine, _get_loop())


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of the coroutine, once it has run on the background loop."""
    return submit(coroutine).result()


@cache
def shared_client(settings: Settings) -> Api:
    """The one client for these settings, so that all who wait share one watcher and one pool of connections.

    To be called on the background loop, which the client then lives on.
    """
    return connect(settings)


@cache
def shared_preflight(settings: Settings) -> Preflight:
    """What the plans of this process ask the API of these settings; to be called on the background loop, likewise."""
    return Preflight(shared_client(settings))


_START_LOCK = threading.Lock()


def _get_loop() -> asyncio.AbstractEventLoop:
    with _START_LOCK:  # a cache lets every thread in that comes before the first is through
        return _start_loop()


@cache
def _start_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="neev", daemon=True).start()
    return loop
