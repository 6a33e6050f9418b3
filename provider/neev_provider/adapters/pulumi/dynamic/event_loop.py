"""The event loop and the clients of a process that is not asynchronous."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

from neev_provider.adapters.shared.preflight import Preflight
from neev_provider.client import Api, connect
from neev_provider.client.settings import Settings

CLOSE_TIMEOUT = 1.0

T = TypeVar("T")


_clients: dict[Settings, Api] = {}
_preflights: dict[Settings, Preflight] = {}


def submit(coroutine: Coroutine[Any, Any, T]) -> Future[T]:
    """Start the coroutine on the background loop."""
    return asyncio.run_coroutine_threadsafe(coroutine, _get_loop())


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return the result of the coroutine, which runs on the background loop."""
    return submit(coroutine).result()


def shared_client(settings: Settings) -> Api:
    """Return the shared client for these settings; call this on the background loop.

    All operations share its poller and its connections. The exit of the process closes it.
    """
    if not _clients:
        atexit.register(_close_at_exit)
    if settings not in _clients:
        _clients[settings] = connect(settings)
    return _clients[settings]


def shared_preflight(settings: Settings) -> Preflight:
    """Return the shared preflight for these settings; call this on the background loop."""
    if settings not in _preflights:
        _preflights[settings] = Preflight(shared_client(settings))
    return _preflights[settings]


def has_client() -> bool:
    """Return whether this process has sent requests."""
    return bool(_clients)


async def close_clients() -> None:
    """Close every client; call this on the background loop."""
    clients = [*_clients.values()]
    _clients.clear()
    _preflights.clear()
    atexit.unregister(_close_at_exit)
    for client in clients:
        await client.aclose()


def _close_at_exit() -> None:
    with contextlib.suppress(TimeoutError):
        submit(close_clients()).result(CLOSE_TIMEOUT)


_START_LOCK = threading.Lock()


def _get_loop() -> asyncio.AbstractEventLoop:
    with _START_LOCK:  # `cache` alone would let two threads start a loop each
        return _start_loop()


@cache
def _start_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="neev", daemon=True).start()
    return loop
