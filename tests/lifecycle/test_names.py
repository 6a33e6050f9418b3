"""Name conflicts. Members and builders are found by name, so those of another stack are never adopted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc.aio
import pytest
from tests.lifecycle.adapter_client import (
    AdapterClient,
    AdapterOpener,
    filter_user_properties,
    open_dynamic_adapter,
    open_plugin_adapter,
)

from neev_emulator import Emulator

ADAPTERS = pytest.mark.parametrize("opened", [open_dynamic_adapter, open_plugin_adapter], ids=["dynamic", "plugin"])
INVALID_STEPS_INPUTS: dict[str, Any] = {
    "name": "web",
    "steps": [{"path": "x", "content": "1"}, {"run": ["false"]}],
    "historyLimit": 0,
}
NAME_TAKEN_CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("GoldenImage", {"name": "web", "steps": [{"path": "x", "content": "1"}]}, INVALID_STEPS_INPUTS),
    (
        "GoldenImage",
        INVALID_STEPS_INPUTS | {"steps": INVALID_STEPS_INPUTS["steps"][:1]},
        INVALID_STEPS_INPUTS | {"steps": INVALID_STEPS_INPUTS["steps"][:1]},
    ),
    ("SandboxPool", {"name": "web", "replicas": 2}, {"name": "web", "replicas": 1}),
]


async def check_inputs(adapter: AdapterClient, inputs: Mapping[str, Any]) -> Any:
    answer = await adapter.check(inputs)
    assert list(answer.failures) == []
    return answer.inputs


@ADAPTERS
@pytest.mark.parametrize(
    ("kind", "theirs", "ours"), NAME_TAKEN_CASES, ids=["an image that would fail", "the same image", "a smaller pool"]
)
async def test_a_name_of_another_stack_is_rejected_and_its_object_is_unchanged(
    kind: str, theirs: dict[str, Any], ours: dict[str, Any], opened: AdapterOpener, emulator: Emulator
) -> None:
    async with opened(kind, emulator) as adapter:
        life = await adapter.create(await check_inputs(adapter, theirs))
    emulator.clear_log()
    async with opened(kind, emulator) as adapter:
        with pytest.raises(grpc.aio.AioRpcError, match="are left alone"):
            await adapter.create(await check_inputs(adapter, ours))
        assert emulator.mutating_requests == []
        read = await adapter.read(life)
        assert read is not None
        assert filter_user_properties(read.state) == filter_user_properties(life.state)
        await adapter.delete(life)


@ADAPTERS
async def test_a_failed_create_of_an_image_can_be_retried(opened: AdapterOpener, emulator: Emulator) -> None:
    """An error hook repeats the create. The plugin continues the first one; the dynamic host has rolled it back."""
    async with opened("GoldenImage", emulator) as adapter:
        inputs = await check_inputs(adapter, {"name": "web", "steps": [{"path": "x", "content": "1"}]})
        # the snapshot exists, and the pause after it fails
        emulator.inject("status", method="POST", path="/sandboxes/{id}/pause", status=403)
        with pytest.raises(grpc.aio.AioRpcError):
            await adapter.create(inputs)
        left = emulator.state()["snapshots"]
        emulator.clear_log()
        life = await adapter.create(inputs)
        builds = sum(entry["template"] == "/sandboxes" for entry in emulator.mutating_requests)
        assert (left, builds) == ((0, 1) if opened is open_dynamic_adapter else (1, 0))
        assert emulator.state()["snapshots"] == 1
        await adapter.delete(life)
        assert emulator.state()["sandboxes"] == 0
