"""A plugin behind a real connection, configured for its own emulator."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator

import grpc.aio
import pytest
from pulumi.runtime.proto import provider_pb2_grpc
from tests.unit.adapters.fake_pulumi_engine import FakePulumiEngine

from neev_emulator.testing import Emulator, serve
from neev_provider.adapters.pulumi.plugin.provider import PulumiProvider
from neev_provider.adapters.pulumi.plugin.servicer import ProviderServicer
from neev_provider.client import connect
from neev_provider.core.clock import SYSTEM_CLOCK


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Yield an empty emulator."""
    with serve() as emulator:
        yield emulator


@pytest.fixture
async def plugin(emulator: Emulator) -> AsyncIterator[FakePulumiEngine]:
    """Yield the engine's side of a plugin whose environment configures it for the emulator."""
    async for driver in serve_plugin(emulator.env):
        await driver.configure()
        yield driver


@pytest.fixture
async def unconfigured() -> AsyncIterator[FakePulumiEngine]:
    """Yield the engine's side of an unconfigured plugin, which cannot send a request."""
    async for driver in serve_plugin({}):
        yield driver


async def serve_plugin(environ: dict[str, str]) -> AsyncGenerator[FakePulumiEngine, None]:
    """Yield the engine's side of a plugin and stop the plugin afterwards."""
    served = ProviderServicer(lambda engine: PulumiProvider(engine, environ, connect, SYSTEM_CLOCK))
    server = grpc.aio.server()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(served, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    driver = FakePulumiEngine(port)
    try:
        yield driver
    finally:
        await driver.close()
        await server.stop(None)
        await served.aclose()
