"""The process `terraform-provider-neev`: it prints one line for the engine, and exits with it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from neev_provider.adapters.shared import fast_start
from neev_provider.adapters.shared.process_exit import exit_now, shut_down
from neev_provider.adapters.terraform.command_line import Mode, parse_command_line
from neev_provider.core.tasks import first_completed

if TYPE_CHECKING:
    import grpc.aio

    from neev_provider.adapters.terraform.handlers import Handlers

PROTOCOL_VERSION: Final = 6
SOURCE_ADDRESS: Final = "neevcloud/neev"
MAX_MESSAGE_BYTES: Final = 256 * 1024 * 1024
"""Maximum bytes of a message, as in the engine."""
PARENT_POLL_INTERVAL: Final = 1.0
"""Seconds between two looks at the parent process, which is the engine."""


def main() -> None:
    """Serve one engine, or with `--debug` many."""
    mode = parse_command_line(sys.argv[1:], os.environ)
    fast_start.skip_optional_imports()
    asyncio.run(serve(mode))


async def serve(mode: Mode, load: Callable[[], Handlers] | None = None) -> None:
    """Serve until the engine wants the process to end, or is gone; `load` returns the handlers of another provider."""
    parent = os.getppid()  # at once: an engine that is killed during the start is noticed, too
    stop = _handle_signals(mode)
    handlers = fast_start.LateHandlers()
    with tempfile.TemporaryDirectory(prefix="neev-") as folder:  # only this user may enter it
        server = await _start_server(handlers, folder, mode)
        from neev_provider.adapters.terraform.servicer import Servicer, load_handlers  # noqa: PLC0415  after the line

        servicer = Servicer(load or load_handlers)
        handlers.add_generic_rpc_handlers(servicer.generic_handlers())
        loading = asyncio.ensure_future(servicer.get_handlers())
        orphaned = [] if mode is Mode.DEBUG else [wait_for_parent_exit(parent)]
        await first_completed(stop.wait(), servicer.stop.wait(), *orphaned)
        await shut_down(server, servicer)
        loading.cancel()
    exit_now()


async def wait_for_parent_exit(parent: int) -> None:
    """Wait until the parent process is gone: nobody else says that the engine was killed."""
    while os.getppid() == parent:  # noqa: ASYNC110  the kernel sends no event
        await asyncio.sleep(PARENT_POLL_INTERVAL)


async def _start_server(handlers: Any, folder: str, mode: Mode) -> grpc.aio.Server:
    """Start the server and print the line that the engine or the developer waits for."""
    import grpc.aio  # noqa: PLC0415

    limits = [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ]
    server = grpc.aio.server(options=limits, handlers=(handlers,))
    socket = f"{folder}/provider.sock"
    shown = ""
    if mode is Mode.ENCRYPTED:
        from neev_provider.adapters.terraform.certificate import create_certificate  # noqa: PLC0415  slow to import

        key, chain, der = create_certificate()
        # gRPC cannot check the engine's own certificate, whose key is P-521: who may connect is who may open the socket
        server.add_secure_port(f"unix:{socket}", grpc.ssl_server_credentials([(key, chain)]))
        shown = base64.b64encode(der).decode().rstrip("=")
    else:
        server.add_insecure_port(f"unix:{socket}")
    await server.start()
    line = f"1|{PROTOCOL_VERSION}|unix|{socket}|grpc|{shown}"
    print(reattach_line(socket) if mode is Mode.DEBUG else line, flush=True)  # noqa: T201  the engine reads it
    return server


def reattach_line(socket: str) -> str:
    """Return the shell's assignment that makes the engine use this process."""
    address = {"Network": "unix", "String": socket}
    plugin = {
        "Protocol": "grpc",
        "ProtocolVersion": PROTOCOL_VERSION,
        "Pid": os.getpid(),
        "Test": True,
        "Addr": address,
    }
    return f"TF_REATTACH_PROVIDERS={shlex.quote(json.dumps({SOURCE_ADDRESS: plugin}))}"


def _handle_signals(mode: Mode) -> asyncio.Event:
    """Return the event that a signal sets. Ctrl-C reaches the engine, too, which says what to do."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set if mode is Mode.DEBUG else ignore_signal)
    return stop


def ignore_signal() -> None:
    """Do nothing."""


if __name__ == "__main__":
    main()
