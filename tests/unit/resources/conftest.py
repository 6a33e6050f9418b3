"""An emulator, and a driver that runs one operation of a resource in one line."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pytest
from tests.fakes.lifecycle import create_and_finish

from neev_emulator import Emulator, serve
from neev_provider.client import Api, Settings, connect
from neev_provider.core import lifecycle
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.core.redaction import redact
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import Deadline


@dataclass(frozen=True)
class LifecycleDriver:
    """Runs the operations of an engine without an engine and without an adapter."""

    api: Api
    emulator: Emulator
    log_lines: list[str] = field(default_factory=list)
    """Lines that the operations have logged."""

    async def create(self, resource: AnyResource, **inputs: Any) -> StoredResource:
        """Validate the inputs, create the resource and return what is stored."""
        checked, failed = resource.check({}, inputs, lambda: f"made-{len(self.emulator.requests):07d}")
        assert failed == []
        return await create_and_finish(resource.connect(self.api), checked, self.new_context())

    async def update(self, resource: AnyResource, stored: StoredResource, **inputs: Any) -> StoredResource:
        """Validate the inputs, update the resource and return what is stored."""
        checked, failed = resource.check(stored.inputs, inputs, str)
        assert failed == []
        return await lifecycle.update(
            resource.connect(self.api),
            stored.id,
            old_inputs=stored.inputs,
            state=stored.state,
            new_inputs=checked,
            context=self.new_context(),
        )

    async def read(self, resource: AnyResource, stored: StoredResource) -> StoredResource | None:
        """Refresh the resource and return what is stored, or `None` if it no longer exists."""
        return await lifecycle.read(resource.connect(self.api), stored.id, stored.inputs, stored.state)

    async def delete(self, resource: AnyResource, stored: StoredResource) -> None:
        """Delete the resource."""
        await resource.connect(self.api).delete(stored.id, self.new_context(stored=stored.state))

    async def finish(self, resource: AnyResource, stored: StoredResource) -> StoredResource:
        """Retry an unfinished create and return what is stored."""
        return await lifecycle.finish_create(resource.connect(self.api), stored, self.new_context())

    def new_context(self, seconds: float = 20, *, stored: Mapping[str, Any] = MappingProxyType({})) -> OperationContext:
        """Return the context of one operation."""
        deadline = Deadline(seconds, SYSTEM_CLOCK, asyncio.Event())
        return OperationContext("Test", deadline, state=stored, log=lambda text: self.log_lines.append(redact(text)))

    def take_requests(self) -> list[str]:
        """Return the mutating requests in the request log as method and path, and clear the log."""
        paths = [f"{entry['method']} {entry['template']}" for entry in self.emulator.mutating_requests]
        self.emulator.clear_log()
        return paths


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Yield an emulator without sandboxes."""
    with serve(create_seconds=0.05) as running:
        yield running


@pytest.fixture
async def driver(emulator: Emulator) -> AsyncIterator[LifecycleDriver]:
    """Yield a driver whose client is connected to the emulator."""
    settings = Settings(
        base_url=emulator.base_url,
        api_key=emulator.api_key,
        org_id=emulator.org_id,
        project_id=emulator.project_id,
        region=emulator.region,
    )
    async with connect(settings) as api:
        yield LifecycleDriver(api, emulator)
