"""The process `terraform-provider-neev`: it prints one line for the engine, and exits with it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from neev_provider.adapters.shared import fast_start
from neev_provider.adapters.shared.operating_system import format_assignment, handle_signals, watch_parent
from neev_provider.adapters.shared.process_exit import exit_now, shut_down
from neev_provider.adapters.terraform.command_line import SOURCE_ADDRESS, Mode, parse_command_line
from neev_provider.adapters.terraform.listener import (
    DEFAULT_NETWORK,
    Address,
    Network,
    choose_address,
    grpc_target,
    with_port,
)
from neev_provider.core.tasks import first_completed

if TYPE_CHECKING:
    import grpc.aio

    from neev_provider.adapters.terraform.handlers import Handlers

PROTOCOL_VERSION: Final = 6
MAX_MESSAGE_BYTES: Final = 256 * 1024 * 1024
"""Maximum bytes of a message, as in the engine."""
PARENT_POLL_INTERVAL: Final = 1.0
"""Seconds between two looks at the parent process, which is the engine."""


def main() -> None:
    """Serve one engine, or with `--debug` many."""
    mode = parse_command_line(sys.argv[1:], os.environ)
    fast_start.skip_optional_imports()
    asyncio.run(serve(mode))


async def serve(mode: Mode, load: Callable[[], Handlers] | None = None, *, network: Network = DEFAULT_NETWORK) -> None:
    """Serve until the engine wants the process to end, or is gone; `load` returns the handlers of another provider."""
    is_parent_running = watch_parent()  # at once: an engine that is killed during the start is noticed, too
    stop = _handle_signals(mode)
    handlers = fast_start.LateHandlers()
    with choose_address(network) as address:
        server = await _start_server(handlers, address, mode)
        from neev_provider.adapters.terraform.servicer import Servicer, load_handlers  # noqa: PLC0415  after the line

        servicer = Servicer(load or load_handlers)
        handlers.add_generic_rpc_handlers(servicer.generic_handlers())
        loading = asyncio.ensure_future(servicer.get_handlers())
        orphaned = [] if mode is Mode.DEBUG else [wait_for_parent_exit(is_parent_running)]
        await first_completed(stop.wait(), servicer.stop.wait(), *orphaned)
        await shut_down(server, servicer)
        loading.cancel()
    exit_now()


async def wait_for_parent_exit(is_parent_running: Callable[[], bool]) -> None:
    """Wait until the parent process is gone: nobody else says that the engine was killed."""
    while is_parent_running():  # noqa: ASYNC110  the kernel sends no event
        await asyncio.sleep(PARENT_POLL_INTERVAL)


async def _start_server(handlers: Any, address: Address, mode: Mode) -> grpc.aio.Server:
    """Start the server and print the line that the engine or the developer waits for."""
    import grpc.aio  # noqa: PLC0415

    limits = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ]
    server = grpc.aio.server(options=limits, handlers=(handlers,))
    target, shown = grpc_target(address), ""
    if mode is Mode.ENCRYPTED:
        from neev_provider.adapters.terraform.certificate import create_certificate  # noqa: PLC0415  slow to import

        key, chain, der = create_certificate()
        # gRPC cannot check the engine's own certificate, whose key is P-521: whoever can open the address may connect
        port = server.add_secure_port(target, grpc.ssl_server_credentials([(key, chain)]))
        shown = base64.b64encode(der).decode().rstrip("=")
    else:
        port = server.add_insecure_port(target)
    await server.start()
    address = with_port(address, port)
    line = f"1|{PROTOCOL_VERSION}|{address.network.value}|{address.text}|grpc|{shown}"
    print(reattach_line(address) if mode is Mode.DEBUG else line, flush=True)  # noqa: T201  the engine reads it
    return server


def reattach_line(address: Address) -> str:
    """Return the shell's assignment that makes the engine use this process."""
    plugin = {
        "Protocol": "grpc",
        "ProtocolVersion": PROTOCOL_VERSION,
        "Pid": os.getpid(),
        "Test": True,
        "Addr": {"Network": address.network.value, "String": address.text},
    }
    return format_assignment("TF_REATTACH_PROVIDERS", json.dumps({SOURCE_ADDRESS: plugin}))


def _handle_signals(mode: Mode) -> asyncio.Event:
    """Return the event that a signal sets. Ctrl-C reaches the engine, too, which says what to do."""
    stop = asyncio.Event()
    on_interrupt = stop.set if mode is Mode.DEBUG else ignore_signal
    handle_signals(asyncio.get_running_loop(), on_interrupt=on_interrupt, on_terminate=stop.set)
    return stop


def ignore_signal() -> None:
    """Do nothing."""


if __name__ == "__main__":
    main()
