"""Inputs that refer to missing objects: the error names the input, and nothing is created or stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc.aio
import pytest
from tests.fakes.terraform_engine import EngineError
from tests.lifecycle.adapter_client import (
    AdapterOpener,
    StoredResource,
    open_dynamic_adapter,
    open_plugin_adapter,
)
from tests.lifecycle.terraform_client import open_terraform_adapter

from neev_emulator import Emulator

ADAPTERS = pytest.mark.parametrize("opened", [open_dynamic_adapter, open_plugin_adapter], ids=["dynamic", "plugin"])
EVERY_ADAPTER = pytest.mark.parametrize(
    "opened",
    [open_dynamic_adapter, open_plugin_adapter, open_terraform_adapter],
    ids=["dynamic", "plugin", "terraform"],
)
OPERATION_ERRORS: Any = (grpc.aio.AioRpcError, EngineError)
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
NO_SANDBOX = f"there is no sandbox '{UNKNOWN_ID}' in the project project-emulator."
NO_SNAPSHOT = f"there is no snapshot '{UNKNOWN_ID}' in the project project-emulator."
NO_TEMPLATE = "the catalog has no sandbox template 'sb-ubuntu-26-04-minimum'; did you mean `sb-ubuntu-26-04-minimal`"
NO_AGENT = "the catalog has no agent template 'claude-coder'; did you mean `claude-code`?"
MISSING: list[tuple[str, dict[str, Any], str, str]] = [
    ("File", {"sandboxId": UNKNOWN_ID, "path": "note", "content": "x"}, "sandboxId", NO_SANDBOX),
    ("Directory", {"sandboxId": UNKNOWN_ID, "path": "notes", "sourcePath": "docs/internals"}, "sandboxId", NO_SANDBOX),
    ("Command", {"sandboxId": UNKNOWN_ID, "create": ["true"], "delete": ["true"]}, "sandboxId", NO_SANDBOX),
    ("Process", {"sandboxId": UNKNOWN_ID, "command": ["true"]}, "sandboxId", NO_SANDBOX),
    ("PreviewPort", {"sandboxId": UNKNOWN_ID, "port": 80}, "sandboxId", NO_SANDBOX),
    ("Snapshot", {"sandboxId": UNKNOWN_ID}, "sandboxId", NO_SANDBOX),
    ("SandboxFork", {"sourceSandboxId": UNKNOWN_ID}, "sourceSandboxId", NO_SANDBOX),
    ("Sandbox", {"snapshotId": UNKNOWN_ID}, "snapshotId", NO_SNAPSHOT),
    ("Sandbox", {"templateId": "sb-ubuntu-26-04-minimum"}, "templateId", NO_TEMPLATE),
    ("Agent", {"agentTemplate": "claude-coder"}, "agentTemplate", NO_AGENT),
    ("GoldenImage", {"sourceSnapshotId": UNKNOWN_ID, "steps": []}, "sourceSnapshotId", NO_SNAPSHOT),
    ("GoldenImage", {"templateId": "sb-ubuntu-26-04-minimum", "steps": []}, "templateId", NO_TEMPLATE),
    ("SandboxPool", {"replicas": 3, "sourceSandboxId": UNKNOWN_ID}, "sourceSandboxId", NO_SANDBOX),
    ("SandboxPool", {"replicas": 3, "templateId": "sb-ubuntu-26-04-minimum"}, "templateId", NO_TEMPLATE),
]
SNAKE = {
    "sandboxId": "sandbox_id",
    "sourceSandboxId": "source_sandbox_id",
    "snapshotId": "snapshot_id",
    "templateId": "template_id",
    "agentTemplate": "agent_template",
    "sourceSnapshotId": "source_snapshot_id",
    "rollbackToSnapshotId": "rollback_to_snapshot_id",
}


async def check_inputs(adapter: Any, inputs: Mapping[str, Any]) -> Any:
    answer = await adapter.check(inputs)
    assert list(answer.failures) == []
    return answer.inputs


@EVERY_ADAPTER
@pytest.mark.parametrize("row", MISSING, ids=[f"{row[0]} {row[2]}" for row in MISSING])
async def test_the_error_for_a_missing_object_names_the_input_that_refers_to_it(
    row: tuple[str, dict[str, Any], str, str], opened: AdapterOpener, emulator: Emulator
) -> None:
    kind, inputs, path, reason = row
    async with opened(kind, emulator) as adapter:
        with pytest.raises(OPERATION_ERRORS) as caught:
            await adapter.create(await check_inputs(adapter, inputs))
    message = caught.value.details() or ""
    assert f"{path if opened is open_plugin_adapter else SNAKE[path]}: {reason}" in message
    assert "had been made" not in message
    assert "refresh" not in message
    # the engine does not store the resource
    if isinstance(caught.value, EngineError):
        assert caught.value.state is None
    else:
        assert not any(key == "grpc-status-details-bin" for key, _ in caught.value.trailing_metadata() or ())
    assert [emulator.state()[item] for item in ("sandboxes", "snapshots", "agents")] == [0, 0, 0]


@ADAPTERS
async def test_the_error_for_a_rollback_to_a_missing_snapshot_names_the_input(
    opened: AdapterOpener, emulator: Emulator
) -> None:
    async with opened("Sandbox", emulator) as adapter:
        life = await adapter.create(await check_inputs(adapter, {"name": "box"}))
        news = (await adapter.check({"name": "box", "rollbackToSnapshotId": UNKNOWN_ID}, life.inputs)).inputs
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await adapter.update(life, news)
        name = "rollback_to_snapshot_id" if opened is open_dynamic_adapter else "rollbackToSnapshotId"
        assert f"{name}: {NO_SNAPSHOT}" in (caught.value.details() or "")
        await adapter.delete(life)


@ADAPTERS
async def test_other_rejected_creates_raise_the_error_of_the_api(opened: AdapterOpener, emulator: Emulator) -> None:
    """The object of each input exists, or the API rejects the look-up of it."""
    async with opened("Sandbox", emulator) as adapter:
        inputs = await check_inputs(adapter, {"templateId": "sb-ubuntu-26-04-minimal"})
        emulator.inject("status", method="POST", path="/sandboxes", status=400, times=2)
        with pytest.raises(grpc.aio.AioRpcError, match="was answered with 400"):
            await adapter.create(inputs)
        emulator.inject("status", method="GET", path="/sandbox-templates", status=403)
        with pytest.raises(grpc.aio.AioRpcError, match="was answered with 400"):
            await adapter.create(inputs)


@ADAPTERS
async def test_a_file_whose_sandbox_was_deleted_is_an_error_on_update(
    opened: AdapterOpener, emulator: Emulator
) -> None:
    async with opened("Sandbox", emulator) as adapter:
        box = await adapter.create(await check_inputs(adapter, {"name": "box"}))
        async with opened("File", emulator) as files:
            inputs = {"sandboxId": box.id, "path": "note", "content": "x"}
            life: StoredResource = await files.create(await check_inputs(files, inputs))
            await adapter.delete(box)
            news = (await files.check({**inputs, "content": "y"}, life.inputs)).inputs
            with pytest.raises(grpc.aio.AioRpcError, match="it no longer exists"):
                await files.update(life, news)


@ADAPTERS
async def test_field_names_in_api_errors_are_converted_to_property_names(
    opened: AdapterOpener, emulator: Emulator
) -> None:
    message = {"message": "resources.memory_gb: must be at most 8", "details": "lifecycle.idle_timeout_seconds"}
    async with opened("Sandbox", emulator) as adapter:
        emulator.inject("status", method="POST", path="/sandboxes", status=422, body=message)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await adapter.create(await check_inputs(adapter, {"memoryGb": 16}))
    output = "memory_gb: must be at most 8; idle_timeout_seconds"
    output = output if opened is open_dynamic_adapter else "memoryGb: must be at most 8; idleTimeoutSeconds"
    assert output in (caught.value.details() or "")
    assert "resources." not in (caught.value.details() or "")


@ADAPTERS
@pytest.mark.parametrize("kind", ["Sandbox", "SandboxFork", "Agent"])
async def test_a_name_conflict_is_an_error_with_the_next_steps(
    kind: str, opened: AdapterOpener, emulator: Emulator
) -> None:
    async with opened("Sandbox", emulator) as sandboxes:
        source = await sandboxes.create(await check_inputs(sandboxes, {"name": "source"}))
        more = {"SandboxFork": {"sourceSandboxId": source.id}, "Agent": {"agentTemplate": "claude-code"}}.get(kind, {})
        async with opened(kind, emulator) as adapter:
            life = await adapter.create(await check_inputs(adapter, {"name": "taken", **more}))
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await adapter.create(await check_inputs(adapter, {"name": "taken", **more}))
    message = caught.value.details() or ""
    assert f"the name 'taken' is that of {life.id}" in message
    assert (f"`pulumi import neev:index:{kind} box {life.id}`" in message) is (opened is open_plugin_adapter)
    assert "Choose another name" in message


@ADAPTERS
async def test_a_conflict_that_is_not_about_the_name_raises_the_error_of_the_api(
    opened: AdapterOpener, emulator: Emulator
) -> None:
    """No object has the name, names are not unique, or the API rejects the look-up of the object."""
    async with opened("Sandbox", emulator) as adapter:
        box = await adapter.create(await check_inputs(adapter, {"name": "box"}))
        inputs = await check_inputs(adapter, {"name": "other"})
        emulator.inject("status", method="POST", path="/sandboxes", status=409, times=2)
        with pytest.raises(grpc.aio.AioRpcError, match="was answered with 409"):
            await adapter.create(inputs)
        emulator.inject("status", method="GET", path="/sandboxes/{id}", status=403)
        with pytest.raises(grpc.aio.AioRpcError, match="was answered with 409"):
            await adapter.create(inputs)
    async with opened("Snapshot", emulator) as adapter:
        emulator.inject("status", method="POST", path="/sandboxes/{id}/snapshots", status=409)
        with pytest.raises(grpc.aio.AioRpcError, match="was answered with 409"):
            await adapter.create(await check_inputs(adapter, {"sandboxId": box.id}))


@ADAPTERS
async def test_a_rejected_rollback_to_an_existing_snapshot_raises_the_error_of_the_api(
    opened: AdapterOpener, emulator: Emulator
) -> None:
    async with opened("Sandbox", emulator) as adapter, opened("Snapshot", emulator) as snapshots:
        life = await adapter.create(await check_inputs(adapter, {"name": "box"}))
        snapshot = await snapshots.create(await check_inputs(snapshots, {"sandboxId": life.id}))
        emulator.inject("status", method="POST", path="/sandboxes/{id}/rollback", status=400)
        news = (await adapter.check({"name": "box", "rollbackToSnapshotId": snapshot.id}, life.inputs)).inputs
        with pytest.raises(grpc.aio.AioRpcError, match="was answered with 400"):
            await adapter.update(life, news)


@ADAPTERS
@pytest.mark.parametrize("kind", ["Sandbox", "SandboxPool"])
async def test_a_name_conflict_with_the_replaced_resource_suggests_delete_before_replace(
    kind: str, opened: AdapterOpener, emulator: Emulator
) -> None:
    """With `--replace` the engine requests no diff and checks the inputs again, without the old ones."""
    inputs = {"name": "own", **({"replicas": 1} if kind == "SandboxPool" else {})}
    async with opened(kind, emulator) as adapter:
        life = await adapter.create(await check_inputs(adapter, inputs))
        assert not (await adapter.check(inputs, life.inputs)).failures
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await adapter.create(await check_inputs(adapter, inputs))
    message = caught.value.details() or ""
    assert "`deleteBeforeReplace` (`delete_before_replace` in Python)" in message
    assert "itself" in message
    assert "pulumi import" not in message
