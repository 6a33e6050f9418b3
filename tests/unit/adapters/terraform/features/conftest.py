"""The engine's calls to a configured provider for everything except resources."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import message_factory

from neev_emulator import Emulator, serve
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.handlers import Handlers
from neev_provider.adapters.terraform.provider import TerraformProvider
from neev_provider.adapters.terraform.servicer import Servicer
from neev_provider.adapters.terraform.values import encode
from neev_provider.client import Api, connect
from neev_provider.core.clock import SYSTEM_CLOCK

METHODS = pb.DESCRIPTOR.services_by_name["Provider"].methods_by_name


@dataclass(frozen=True)
class Engine:
    """The engine's side of the protocol, with an emulator of the API behind the provider."""

    servicer: Servicer
    provider: TerraformProvider
    emulator: Emulator
    schema: pb.GetProviderSchema.Response

    async def api(self) -> Api:
        """Return the provider's client."""
        return await self.provider.get_client()

    async def call(self, method: str, **fields: Any) -> Any:
        """Return the response of one call."""
        request, response = _messages(method)
        answer = await self.servicer.call(method, request(**fields), response)
        return response.FromString(answer.SerializeToString())

    async def stream(self, method: str, **fields: Any) -> AsyncIterator[Any]:
        """Yield every event of a call."""
        request, response = _messages(method)
        async for event in self.servicer.stream(method, request(**fields)):
            yield response.FromString(event.SerializeToString())


def config_of(schema: pb.Schema, **values: Any) -> pb.DynamicValue:
    """Return a configuration as the engine sends it: with every attribute."""
    return encode({**dict.fromkeys(attribute.name for attribute in schema.block.attributes), **values})


def _messages(method: str) -> Any:
    kinds = METHODS[method]
    return message_factory.GetMessageClass(kinds.input_type), message_factory.GetMessageClass(kinds.output_type)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Yield an empty emulator."""
    with serve(create_seconds=0.02) as running:
        yield running


@pytest.fixture
async def engine(emulator: Emulator) -> AsyncIterator[Engine]:
    """Yield the engine's side of a provider with the emulator's settings."""
    environ = {
        "NEEV_BASE_URL": emulator.base_url,
        "NEEV_API_KEY": emulator.api_key,
        "NEEV_ORG_ID": emulator.org_id,
        "NEEV_PROJECT_ID": emulator.project_id,
    }
    provider = TerraformProvider(environ, Path("/configuration"), connect, SYSTEM_CLOCK)
    servicer = Servicer(lambda: Handlers(provider))
    handlers = await servicer.get_handlers()
    yield Engine(servicer, provider, emulator, await handlers.GetProviderSchema(pb.GetProviderSchema.Request()))
    await servicer.aclose()
