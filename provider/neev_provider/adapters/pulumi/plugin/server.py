"""The process ``pulumi-resource-neev``: it says where it serves, and leaves when it is told to or left alone."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from neev_provider.adapters.pulumi.plugin.command_line import engine_address
from neev_provider.core.wait import first_completed

if TYPE_CHECKING:
    from neev_provider.adapters.pulumi.plugin.servicer import Plugin

HOST = "127.0.0.1"
LARGEST = 400 * 1024 * 1024
"""Bytes of a message, as the engine has it."""
LEAVE = 1.2
"""Seconds that operations have to hand over what they know before the process leaves."""
LAST = 0.3
"""Seconds after that in which everything else has to end."""
LOOK = 1.0
"""Seconds until a second look after an engine that cannot be reached."""


def main() -> None:
    """One engine has been served."""
    # without an address, somebody else started this process and will end it
    address = engine_address(sys.argv[1:])
    stubs_without_sdk()
    without_extras()
    asyncio.run(serve(address))


async def serve(address: str | None) -> None:
    """Served until a signal comes or the engine at the address is gone."""
    import grpc.aio  # noqa: PLC0415  not before the stubs are set up

    told = _told_to_leave()
    handlers: Any = _Handlers()
    limits = [("grpc.max_receive_message_length", LARGEST), ("grpc.max_send_message_length", LARGEST)]
    server = grpc.aio.server(options=limits, handlers=(handlers,))
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    print(port, flush=True)  # noqa: T201  the first line, which the engine waits for

    # no call is looked at before this coroutine waits again: the handlers are there in time
    plugin = _plugin(handlers)
    loading = asyncio.ensure_future(plugin.provider())
    await first_completed(told.wait(), *([gone(address)] if address else []))
    _leave_whatever_happens()
    plugin.cancel()
    await server.stop(LEAVE)
    await plugin.aclose()
    loading.cancel()
    # an orderly end would wait for threads that still import, or look up a name
    os._exit(0)


class _Handlers:
    """What the server asks for the handler of a call, and what the stubs take for a server to register at.

    So they can be loaded after the port line, while the engine connects.
    """

    def __init__(self) -> None:
        self._registered: list[Any] = []

    def service(self, call: Any) -> Any:
        """The handler of a call, or ``None``."""
        return next((found for each in self._registered if (found := each.service(call))), None)

    def add_generic_rpc_handlers(self, handlers: Iterable[Any]) -> None:
        """The handlers are asked from now on."""
        self._registered.extend(handlers)

    def add_registered_method_handlers(self, service: str, handlers: Any) -> None:
        """Nothing: the same handlers come the general way, too."""


def _plugin(handlers: _Handlers) -> Plugin:
    from pulumi.runtime.proto import provider_pb2_grpc  # noqa: PLC0415

    from neev_provider.adapters.pulumi.plugin.servicer import Plugin  # noqa: PLC0415

    plugin = Plugin()
    register: Any = provider_pb2_grpc.add_ResourceProviderServicer_to_server
    register(plugin, handlers)
    return plugin


def stubs_without_sdk() -> None:
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


def without_extras() -> None:
    """What libraries load only in case somebody wants it is not loaded: half of the time until the first check."""
    # httpx brings its own command line, and with it all of rich; where that is missing it does without
    modules: dict[str, Any] = sys.modules
    modules["httpx._main"] = None  # which says that it is not there
    # pydantic would look through every installed package for plugins of its own
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


async def gone(address: str) -> None:
    """The engine that listened at the address does not any more."""
    host, _, port = address.rpartition(":")
    refused = 0
    while refused < 2:  # noqa: PLR2004  one refusal can be an accident
        try:
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError:
            refused += 1
        else:
            refused = 0
            # a silent connection: the engine ends it after two minutes, and its own end is noticed at once
            with contextlib.suppress(OSError):
                while await reader.read(LARGEST):
                    pass
            writer.close()
        await asyncio.sleep(LOOK)


def _told_to_leave() -> asyncio.Event:
    told = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, told.set)
    return told


def _leave_whatever_happens() -> None:
    """The process ends in time also where a connection does not close."""
    timer = threading.Timer(LEAVE + LAST, os._exit, (0,))
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    main()
