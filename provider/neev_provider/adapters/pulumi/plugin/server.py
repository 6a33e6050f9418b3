"""The process `pulumi-resource-neev`: it prints its port and exits on a signal or when the engine is gone."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from neev_provider.adapters.pulumi.engine_watch import wait_for_engine_exit
from neev_provider.adapters.pulumi.plugin.command_line import engine_address
from neev_provider.adapters.pulumi.plugin.stub_imports import import_stubs_without_sdk
from neev_provider.adapters.shared import fast_start
from neev_provider.adapters.shared.operating_system import handle_signals
from neev_provider.adapters.shared.process_exit import exit_now, shut_down
from neev_provider.core.tasks import first_completed

if TYPE_CHECKING:
    import grpc.aio

    from neev_provider.adapters.pulumi.plugin.servicer import ProviderServicer

HOST = "127.0.0.1"
MAX_MESSAGE_BYTES = 400 * 1024 * 1024
"""Maximum bytes of a message, as in the engine."""


def main() -> None:
    """Serve one engine."""
    # without an address, another process started this one and ends it
    address = engine_address(sys.argv[1:])
    import_stubs_without_sdk()
    fast_start.skip_optional_imports()
    asyncio.run(serve(address))


async def serve(address: str | None) -> None:
    """Serve until a signal arrives or the engine at the address is gone, and end the process."""
    stop = _handle_stop_signals()
    handlers = fast_start.LateHandlers()
    server = await _start_server(handlers)
    # gRPC handles no call before this coroutine waits again: the handlers are added in time
    servicer = _add_servicer(handlers)
    loading = asyncio.ensure_future(servicer.get_provider())
    await first_completed(stop.wait(), *([wait_for_engine_exit(address)] if address else []))
    await shut_down(server, servicer)
    loading.cancel()
    exit_now()


async def _start_server(handlers: Any) -> grpc.aio.Server:
    """Start the server and print its port, which is the line that the engine waits for."""
    import grpc.aio  # noqa: PLC0415  after the stubs are prepared

    limits = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ]
    server = grpc.aio.server(options=limits, handlers=(handlers,))
    port = server.add_insecure_port(f"{HOST}:0")
    await server.start()
    print(port, flush=True)  # noqa: T201  the engine reads it
    return server


def _add_servicer(handlers: fast_start.LateHandlers) -> ProviderServicer:
    from pulumi.runtime.proto import provider_pb2_grpc  # noqa: PLC0415  after the port line

    from neev_provider.adapters.pulumi.plugin.servicer import ProviderServicer  # noqa: PLC0415  likewise

    servicer = ProviderServicer()
    register: Any = provider_pb2_grpc.add_ResourceProviderServicer_to_server
    register(servicer, handlers)
    return servicer


def _handle_stop_signals() -> asyncio.Event:
    stop = asyncio.Event()
    handle_signals(asyncio.get_running_loop(), on_interrupt=stop.set, on_terminate=stop.set)
    return stop


if __name__ == "__main__":
    main()
