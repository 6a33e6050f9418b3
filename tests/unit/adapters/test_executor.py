"""The operations of the executor, without an engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from neev_emulator.testing import serve
from neev_provider.adapters.shared.executor import Executor
from neev_provider.client import Api, Settings, connect
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.lifecycle import ResourceInitFailed, StoredResource
from neev_provider.core.reference_errors import NameConflict
from neev_provider.resources.sandbox.sandbox import SandboxResource

SANDBOX = SandboxResource()
INPUTS = {"name": "box"}


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """Yield a client of an empty emulator."""
    with serve() as emulator:
        env = emulator.env
        settings = Settings(
            base_url=env["NEEV_BASE_URL"],
            api_key=env["NEEV_API_KEY"],
            org_id=env["NEEV_ORG_ID"],
            project_id=env["NEEV_PROJECT_ID"],
        )
        async with connect(settings) as client:
            yield client


def keep(stored: StoredResource) -> StoredResource:
    return stored


async def create(executor: Executor, convert: Callable[[StoredResource], StoredResource] = keep) -> StoredResource:
    context = executor.operation_context("Sandbox box", 30, address="box")
    return await executor.create(SANDBOX, context, INPUTS, convert=convert)


async def test_the_executor_creates_updates_reads_and_deletes_a_sandbox(api: Api) -> None:
    async def connected() -> Api:
        return api

    executor = Executor(connected, SYSTEM_CLOCK)
    stored = await create(executor)
    context = executor.operation_context("Sandbox box", 30, address="box")
    updated = await executor.update(
        SANDBOX,
        context,
        stored.id,
        old_inputs=INPUTS,
        state=stored.state,
        new_inputs={**INPUTS, "cpu": 2},
        convert=keep,
    )
    assert updated.state["cpu"] == 2
    observed = await executor.read(SANDBOX, context, stored.id, updated.inputs, updated.state)
    assert observed is not None
    await executor.delete(SANDBOX, context, stored.id, updated.state)
    assert await executor.read(SANDBOX, context, stored.id, updated.inputs, updated.state) is None


async def test_a_create_whose_state_cannot_be_converted_is_continued_by_the_next_create(api: Api) -> None:
    async def connected() -> Api:
        return api

    def refuse(_stored: StoredResource) -> StoredResource:
        raise TypeError("no form")

    executor = Executor(connected, SYSTEM_CLOCK)
    with pytest.raises(ResourceInitFailed) as caught:
        await create(executor, refuse)
    assert (await create(executor)).id == caught.value.stored.id
    with pytest.raises(NameConflict):
        await create(executor)
