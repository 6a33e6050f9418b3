"""The provider as a server in the process of the tests, which engines use in the place of a process of their own."""

from __future__ import annotations

import asyncio
import shlex
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, chdir, contextmanager
from pathlib import Path
from typing import Any

import grpc.aio

from neev_provider.adapters.terraform.handlers import Handlers
from neev_provider.adapters.terraform.listener import Network, choose_address, grpc_target
from neev_provider.adapters.terraform.provider import TerraformProvider
from neev_provider.adapters.terraform.server import reattach_line
from neev_provider.adapters.terraform.servicer import Servicer
from neev_provider.client import connect
from neev_provider.core.clock import SYSTEM_CLOCK


class ServerLoop:
    """One event loop in a thread, for all servers: gRPC serves best from a single loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run the coroutine in the loop and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    @contextmanager
    def serve(self, environ: Mapping[str, str], directory: Path) -> Iterator[dict[str, str]]:
        """Serve a provider with the environment and directory; yield the variable by which an engine finds it."""
        serving = _serve(environ, directory)
        with chdir(directory):  # the engine starts a process there, and paths in a configuration are relative to it
            yield self.run(serving.__aenter__())
            self.run(serving.__aexit__(None, None, None))

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@asynccontextmanager
async def _serve(environ: Mapping[str, str], directory: Path) -> AsyncIterator[dict[str, str]]:
    server = grpc.aio.server()
    servicer = Servicer(lambda: Handlers(TerraformProvider(environ, directory, connect, SYSTEM_CLOCK)))
    server.add_generic_rpc_handlers(servicer.generic_handlers())
    with choose_address(Network.UNIX) as address:
        server.add_insecure_port(grpc_target(address))
        await server.start()
        name, _, value = shlex.split(reattach_line(address))[0].partition("=")
        yield {name: value}
        await server.stop(None)
        await servicer.aclose()
