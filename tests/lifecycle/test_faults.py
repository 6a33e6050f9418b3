"""Creates whose response is lost, and operations on an API with faults: rules 1 to 4 of the design."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.fakes.clock import ScaledClock
from tests.fakes.lifecycle import create_and_finish
from tests.lifecycle.fixtures import Fixtures

from neev_emulator import Emulator
from neev_provider.client import Api, Settings, connect
from neev_provider.core import lifecycle
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.errors import OutcomeUnknown, Unavailable
from neev_provider.core.lifecycle import AnyResource, ResourceInitFailed, StoredResource
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import Deadline
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.sandbox.sandbox_fork import SandboxForkResource
from neev_provider.resources.snapshot import SnapshotResource

SANDBOX, FORK, SNAPSHOT = SandboxResource(), SandboxForkResource(), SnapshotResource()
CREATES: list[tuple[AnyResource, dict[str, Any], str]] = [
    (SANDBOX, {"name": "box", "cpu": 2, "env": {"A": "1"}}, "/sandboxes"),
    (FORK, {"name": "copy", "sourceSandboxId": "$source"}, "/sandboxes/{id}/fork"),
    (SNAPSHOT, {"name": "kept", "sandboxId": "$source"}, "/sandboxes/{id}/snapshots"),
]
EXECUTED_FAULTS: list[dict[str, Any]] = [
    {"kind": "delay", "execute_first": True, "seconds": 30},
    {"kind": "reset_after"},
    {"kind": "status", "status": 408, "execute_first": True},
    {"kind": "status", "status": 425, "execute_first": True},
    {"kind": "status", "status": 499, "execute_first": True},
    {"kind": "status", "status": 500, "execute_first": True},
    {"kind": "status", "status": 502, "execute_first": True},
    {"kind": "status", "status": 504, "execute_first": True},
    {"kind": "truncate_body"},
    {"kind": "malformed_body"},
    {"kind": "wrong_content_type"},
]
REJECTED_FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 429, "retry_after": 0},
    {"kind": "status", "status": 503, "retry_after": "Thu, 01 Jan 2026 00:00:00 GMT"},
    {"kind": "status", "status": 429},
]


@pytest.fixture
async def api(emulator: Emulator) -> AsyncIterator[Api]:
    """Yield a client with a short request timeout."""
    settings = Settings(emulator.base_url, emulator.api_key, emulator.org_id, emulator.project_id, timeout=1.0)
    async with connect(settings) as connected:
        yield connected


@pytest.fixture
async def no_wait_api(emulator: Emulator) -> AsyncIterator[Api]:
    """Yield a client whose delays take no time."""
    settings = Settings(emulator.base_url, emulator.api_key, emulator.org_id, emulator.project_id)
    async with connect(settings, clock=ScaledClock()) as connected:
        yield connected


def make_context(seconds: float = 30) -> OperationContext:
    return OperationContext("Test", Deadline(seconds, SYSTEM_CLOCK, asyncio.Event()))


async def create_stored(api: Api, resource: AnyResource, inputs: dict[str, Any]) -> StoredResource:
    checked, failed = resource.check({}, inputs, str)
    assert failed == []
    return await create_and_finish(resource.connect(api), checked, make_context())


def count_posts(emulator: Emulator) -> int:
    return sum(count for request, count in emulator.counts().items() if request.startswith("POST "))


@pytest.mark.parametrize(
    "fault", EXECUTED_FAULTS, ids=lambda fault: f"{fault['kind']} {fault.get('status', '')}".strip()
)
@pytest.mark.parametrize(("resource", "inputs", "path"), CREATES, ids=["sandbox", "fork", "snapshot"])
async def test_an_object_is_adopted_if_the_response_to_its_create_is_lost(  # noqa: PLR0913, PLR0917
    api: Api,
    emulator: Emulator,
    fixtures: Fixtures,
    resource: AnyResource,
    inputs: dict[str, Any],
    path: str,
    fault: dict[str, Any],
) -> None:
    inputs = await fixtures.resolve(inputs)
    before = {kind: emulator.state()[kind] for kind in ("sandboxes", "snapshots")}
    emulator.clear_log()
    emulator.inject(**fault, method="POST", path=path)
    stored = await create_stored(api, resource, inputs)
    assert count_posts(emulator) == 1
    after = {kind: emulator.state()[kind] - before[kind] for kind in before}
    assert sum(after.values()) == 1
    read = await lifecycle.read(resource.connect(api), stored.id, stored.inputs)
    assert read is not None
    assert read.state["name"] == inputs["name"]
    await resource.connect(api).delete(stored.id, make_context())


@pytest.mark.parametrize(
    "fault", REJECTED_FAULTS, ids=["Retry-After in seconds", "Retry-After as a date", "no Retry-After"]
)
async def test_a_create_rejected_with_429_or_503_is_retried(
    api: Api, emulator: Emulator, fault: dict[str, Any]
) -> None:
    emulator.inject(**fault, method="POST", path="/sandboxes", times=2)
    stored = await create_stored(api, SANDBOX, {"name": "box"})
    assert count_posts(emulator) == 3
    assert emulator.state()["sandboxes"] == 1
    await SANDBOX.connect(api).delete(stored.id, make_context())


async def test_a_create_that_had_no_effect_fails_without_a_retry(no_wait_api: Api, emulator: Emulator) -> None:
    emulator.inject("reset_before", method="POST", path="/sandboxes")
    with pytest.raises(OutcomeUnknown, match="has not appeared since"):
        await create_stored(no_wait_api, SANDBOX, {"name": "box"})
    assert count_posts(emulator) == 1
    assert emulator.state()["sandboxes"] == 0


async def test_an_object_with_other_inputs_is_not_adopted(api: Api, no_wait_api: Api, emulator: Emulator) -> None:
    """The name belongs to a sandbox of another size."""
    await api.sandboxes.create({"name": "box", "resources": {"cpu": 1}})
    emulator.inject("status", method="POST", path="/sandboxes", status=504)
    with pytest.raises(OutcomeUnknown, match="504"):
        await create_stored(no_wait_api, SANDBOX, {"name": "box", "cpu": 4})
    assert emulator.state()["sandboxes"] == 1


async def test_a_wait_continues_after_invalid_responses_and_unknown_phases(api: Api, emulator: Emulator) -> None:
    for fault in (
        {"kind": "status", "status": 500},
        {"kind": "unknown_phase", "phase": "Defrosting"},
        {"kind": "malformed_body"},
    ):
        emulator.inject(**fault, method="GET", path="/sandboxes*", times=2)
    stored = await create_stored(api, SANDBOX, {"name": "box"})
    assert stored.state["phase"] == "Ready"
    assert count_posts(emulator) == 1


async def test_a_failed_snapshot_raises_an_error_with_the_reason(
    api: Api, emulator: Emulator, fixtures: Fixtures
) -> None:
    inputs = await fixtures.resolve({"sandboxId": "$source", "name": "kept"})
    emulator.inject("failed_phase", method="POST", path="/sandboxes/{id}/snapshots", reason="the disk is full")
    with pytest.raises(ResourceInitFailed, match="the disk is full"):
        await create_stored(api, SNAPSHOT, inputs)


async def test_a_failed_read_raises_and_a_read_of_a_missing_sandbox_returns_none(
    api: Api, no_wait_api: Api, emulator: Emulator
) -> None:
    stored = await create_stored(api, SANDBOX, {"name": "box"})
    emulator.inject("status", method="GET", path="/sandboxes*", status=500, times=100)
    with pytest.raises(Unavailable):
        await lifecycle.read(SANDBOX.connect(no_wait_api), stored.id, stored.inputs)
    emulator.control("DELETE", "faults")
    await SANDBOX.connect(api).delete(stored.id, make_context())
    assert await lifecycle.read(SANDBOX.connect(api), stored.id, stored.inputs) is None


async def test_a_delete_with_a_lost_response_waits_until_the_sandbox_is_deleted(api: Api, emulator: Emulator) -> None:
    stored = await create_stored(api, SANDBOX, {"name": "box"})
    emulator.inject("reset_after", method="DELETE", path="/sandboxes/{id}")
    await SANDBOX.connect(api).delete(stored.id, make_context())
    assert emulator.state()["sandboxes"] == 0
