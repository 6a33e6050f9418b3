"""Shortcuts that let a provider process answer its engine sooner. The process works without each of them."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any


def skip_optional_imports() -> None:
    """Skip what libraries import only for optional features. Gain: 0.28 s until the first check."""
    # httpx imports its own command line, and with it all of rich; None makes it continue without
    modules: dict[str, Any] = sys.modules
    modules["httpx._main"] = None
    # pydantic would search every installed package for plugins
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


@contextmanager
def exclude_from_collection() -> Iterator[None]:
    """Exclude what is loaded here from garbage collection. Gain: milliseconds of each plan.

    These objects exist until the process ends, so there is nothing to collect.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def import_http_client() -> None:
    """Import what the first request needs. Gain: 0.03 s of a refresh, if the engine prepares its calls meanwhile."""
    with suppress(ImportError):  # the first request reports it
        for module in ("neev_provider.client.http.transport", "anyio._backends._asyncio"):
            import_module(module)


class LateHandlers:
    """Handlers that are added after the server has started. Gain: 0.09 s until the port line.

    The server reads them as one generic handler, and the stubs add to them as to a server.
    """

    def __init__(self) -> None:
        self._handlers: list[Any] = []

    def service(self, details: Any) -> Any:
        """Return the handler of a call, or `None`."""
        return next((method for handler in self._handlers if (method := handler.service(details))), None)

    def add_generic_rpc_handlers(self, handlers: Iterable[Any]) -> None:
        """Add the handlers."""
        self._handlers.extend(handlers)

    def add_registered_method_handlers(self, service: str, handlers: Any) -> None:
        """Ignore the handlers: the same are added as generic ones."""
