"""The process ``pulumi-resource-neev``: it says where it serves, and leaves when it is told to or left alone."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from neev_provider.adapters.pulumi.engine_watch import wait_for_engine_exit
from neev_provider.adapters.pulumi.plugin.command_line import engine_address
from neev_provider.core.wait import first_completed

if TYPE_CHECKING:
    from neev_provider.adapters.pulumi.plugin.servicer import ProviderServicer

HOST = "127.0.0.1"
MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""Bytes of a message, as the engine has it."""
SHUTDOWN_GRACE = 1.2
"""Seconds that operations have to hand over what they know before the process leaves."""
FORCED_EXIT_DELAY = 0.3
"""Seconds after that in which everything else has to end."""


def main() -> None:
    """One engine has been served."""
    # without an address, somebody else started this process and will end it
    address = engine_address(sys.argv[1:])
    import_stubs_without_sdk()
    skip_optional_imports()
    asyncio.run(serve(address))


async def serve(address: str | None) -> None:
    """Served until a signal comes or the engine at the address is gone."""
    import grpc.aio  # noqa: PLC0415  not before the stubs are set up

    told = _shutdown_requested()
    handlers: Any = _HandlerRegistry()
    limits = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ]
    server = grpc.aio.server(options=limits, handlers=(handlers,))
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    print(port, flush=True)  # noqa: T201  the first line, which the engine waits for

    # no call is looked at before this coroutine waits again: the handlers are there in time
    plugin = _create_servicer(handlers)
    loading = asyncio.ensure_future(plugin.get_provider())
    await first_completed(told.wait(), *([wait_for_engine_exit(address)] if address else []))
    _force_exit_later()
    plugin.cancel()
    await server.stop(SHUTDOWN_GRACE)
    await plugin.aclose()
    loading.cancel()
    # an orderly end would wait for threads that still import, or look up a name
    os._exit(0)


class _HandlerRegistry:
    """What the server asks for the handler of a call, and what the stubs take for a server to register at.

    So they can be loaded after the port line, while the engine connects.
    """

    def __init__(self) -> None:
        self._handlers: list[Any] = []

    def service(self, call: Any) -> Any:
        """The handler of a call, or ``None``."""
        return next((found for each in self._handlers if (found := each.service(call))), None)

    def add_generic_rpc_handlers(self, handlers: Iterable[Any]) -> None:
        """The handlers are asked from now on."""
        self._handlers.extend(handlers)

    def add_registered_method_handlers(self, service: str, handlers: Any) -> None:
        """Nothing: the same handlers come the general way, too."""


def _create_servicer(handlers: _HandlerRegistry) -> ProviderServicer:
    from pulumi.runtime.proto import provider_pb2_grpc  # noqa: PLC0415

    from neev_provider.adapters.pulumi.plugin.servicer import ProviderServicer  # noqa: PLC0415

    plugin = ProviderServicer()
    register: Any = provider_pb2_grpc.add_ResourceProviderServicer_to_server
    register(plugin, handlers)
    return plugin


def import_stubs_without_sdk() -> None:
    """Pulumi's gRPC stubs can be imported without the SDK around them, which would take longer than all the rest."""
    found = importlib.util.find_spec("pulumi")
    if "pulumi" in sys.modules or found is None or found.origin is None:
        return
    root = Path(found.origin).parent
    for name, folder in (
        ("pulumi", root),
        ("pulumi.runtime", root / "runtime"),
        ("pulumi.runtime.proto", root / "runtime" / "proto"),
    ):
        module = ModuleType(name)
        module.__path__ = [str(folder)]
        sys.modules[name] = module


def skip_optional_imports() -> None:
    """What libraries load only in case somebody wants it is not loaded: half of the time until the first check."""
    # httpx brings its own command line, and with it all of rich; where that is missing it does without
    modules: dict[str, Any] = sys.modules
    modules["httpx._main"] = None  # which says that it is not there
    # pydantic would look through every installed package for plugins of its own
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _shutdown_requested() -> asyncio.Event:
    told = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, told.set)
    return told


def _force_exit_later() -> None:
    """The process ends in time also where a connection does not close."""
    timer = threading.Timer(SHUTDOWN_GRACE + FORCED_EXIT_DELAY, os._exit, (0,))
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    main()
