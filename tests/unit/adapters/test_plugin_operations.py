"""Creates, reads, updates and deletes through the plugin protocol, against an emulator."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2
from tests.unit.adapters.conftest import serve_plugin
from tests.unit.adapters.fake_pulumi_engine import (
    FakePulumiEngine,
    RpcFailure,
    StoredResource,
    from_struct,
    make_urn,
    secret_value,
    to_struct,
)
from tests.unit.adapters.test_engine_client import serve_engine

from neev_emulator.testing import Emulator
from neev_provider.adapters.shared.executor import UNREADABLE_VALUES_MESSAGE

BOX = {"name": "box", "cpu": 1}
PROMPTLY_SECONDS = 15
"""Less than the shortest wait that has to end early, and enough for a slow machine."""


def slow_down(emulator: Emulator, **durations: float) -> None:
    emulator.change_settings(durations=durations)


async def wait_for_request(emulator: Emulator, request: str) -> None:
    """Wait until the emulator has served the request."""
    while emulator.counts().get(request) is None:  # noqa: ASYNC110  the emulator runs in another thread
        await asyncio.sleep(0.01)


async def test_a_create_returns_a_ready_resource_with_marked_secrets(plugin: FakePulumiEngine) -> None:
    kept = await plugin.create("Sandbox", {**BOX, "env": {"A": "b"}, "region": secret_value("dev")})
    assert kept.state["phase"] == "Ready"
    assert kept.state["env"] == secret_value({"A": "b"})
    assert kept.state["region"] == secret_value("dev")
    assert kept.state["cpu"] == 1


async def test_a_create_that_times_out_is_stored_and_the_next_update_continues_it(
    plugin: FakePulumiEngine, emulator: Emulator
) -> None:
    slow_down(emulator, create=3600)
    with pytest.raises(RpcFailure) as caught:
        await plugin.create("Sandbox", {**BOX, "env": {"A": "b"}, "paused": True}, timeout=1.5)
    refused = caught.value
    assert refused.init_failed is not None
    assert refused.text.startswith("Sandbox box: ")
    assert "last seen: Pending" in refused.text
    assert "customTimeouts" in refused.text
    assert list(refused.init_failed.reasons) == [refused.text]
    partial = from_struct(refused.init_failed.properties)
    assert (partial["phase"], partial["env"], partial["name"]) == ("Pending", secret_value({"A": "b"}), "box")

    emulator.advance(3600)
    inputs = {**BOX, "env": secret_value({"A": "b"}), "paused": True}
    half = StoredResource(make_urn("Sandbox"), refused.init_failed.id, inputs, partial)
    assert not (await plugin.diff(half, inputs)).diffs
    finished = await plugin.update(half, inputs)
    assert finished.state["phase"] == "Paused"
    assert emulator.counts()["POST /sandboxes"] == 1


async def test_a_refresh_of_an_unfinished_create_fails_until_it_is_ready(
    plugin: FakePulumiEngine, emulator: Emulator
) -> None:
    slow_down(emulator, create=3600)
    with pytest.raises(RpcFailure) as caught:
        await plugin.create("Sandbox", BOX, timeout=0.3)
    assert caught.value.init_failed is not None
    half = StoredResource(
        make_urn("Sandbox"), caught.value.init_failed.id, BOX, from_struct(caught.value.init_failed.properties)
    )
    with pytest.raises(RpcFailure, match="is not ready yet") as unready:
        await plugin.refresh(half)
    assert unready.value.init_failed is not None
    assert unready.value.init_failed.id == half.id
    emulator.advance(3600)
    assert (await plugin.refresh(half)) is not None


async def test_an_unfinished_create_can_be_updated_with_changed_inputs(
    plugin: FakePulumiEngine, emulator: Emulator
) -> None:
    slow_down(emulator, create=3600)
    with pytest.raises(RpcFailure) as caught:
        await plugin.create("Sandbox", BOX, timeout=0.3)
    assert caught.value.init_failed is not None
    emulator.advance(3600)
    half = StoredResource(
        make_urn("Sandbox"), caught.value.init_failed.id, BOX, from_struct(caught.value.init_failed.properties)
    )
    changed = await plugin.update(half, {**BOX, "cpu": 2})
    assert (changed.state["phase"], changed.state["cpu"]) == ("Ready", 2)


async def test_a_repeated_create_continues_with_the_existing_object(
    plugin: FakePulumiEngine, emulator: Emulator
) -> None:
    slow_down(emulator, create=3600)
    with pytest.raises(RpcFailure):
        await plugin.create("Sandbox", BOX, timeout=0.3)
    emulator.advance(3600)
    kept = await plugin.create("Sandbox", BOX)
    assert kept.state["phase"] == "Ready"
    assert emulator.counts()["POST /sandboxes"] == 1
    await plugin.delete(kept)
    slow_down(emulator, create=0)
    await plugin.create("Sandbox", BOX)
    assert emulator.counts()["POST /sandboxes"] == 2


async def test_a_create_that_exceeds_the_quota_stores_no_state(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    emulator.change_settings(sandbox_quota=0)
    with pytest.raises(RpcFailure) as caught:
        await plugin.create("Sandbox", BOX)
    assert (caught.value.code, caught.value.init_failed) == (grpc.StatusCode.RESOURCE_EXHAUSTED, None)
    assert caught.value.text.startswith("Sandbox box: POST /sandboxes was answered with 403")


async def test_a_failed_update_keeps_the_old_state(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    kept = await plugin.create("Sandbox", BOX)
    emulator.inject("status", method="PATCH", path="/sandboxes/{id}", status=409)
    with pytest.raises(RpcFailure) as caught:
        await plugin.update(kept, {**BOX, "cpu": 2})
    assert caught.value.init_failed is not None
    assert caught.value.init_failed.id == kept.id
    assert from_struct(caught.value.init_failed.properties) == kept.state


async def test_cancel_ends_a_create_immediately_and_keeps_the_id(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    slow_down(emulator, create=3600)
    creating = asyncio.ensure_future(plugin.create("Sandbox", BOX))
    await wait_for_request(emulator, "POST /sandboxes")
    started = time.monotonic()
    await plugin.call("Cancel", Empty())
    with pytest.raises(RpcFailure) as caught:
        await creating
    assert time.monotonic() - started < PROMPTLY_SECONDS
    assert "stopped waiting, as asked" in caught.value.text
    assert caught.value.init_failed is not None
    assert caught.value.init_failed.id


async def test_cancel_ends_an_operation_whose_request_hangs(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    kept = await plugin.create("Sandbox", BOX)
    emulator.inject("delay", method="PATCH", path="/sandboxes/{id}", seconds=30)
    updating = asyncio.ensure_future(plugin.update(kept, {**BOX, "cpu": 2}))
    while emulator.control("GET", "faults"):  # noqa: ASYNC110  the emulator runs in another thread
        await asyncio.sleep(0.01)
    started = time.monotonic()
    await plugin.call("Cancel", Empty())
    with pytest.raises(RpcFailure) as caught:
        await updating
    assert time.monotonic() - started < PROMPTLY_SECONDS
    assert caught.value.init_failed is not None


async def test_cancel_prevents_a_create_that_is_still_throttled(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    emulator.inject("status", method="POST", path="/sandboxes", status=429, retry_after=60)
    creating = asyncio.ensure_future(plugin.create("Sandbox", BOX))
    await wait_for_request(emulator, "POST /sandboxes")
    started = time.monotonic()
    await plugin.call("Cancel", Empty())
    with pytest.raises(
        RpcFailure, match=r"stopped waiting, as asked. Nothing was created: run the same command"
    ) as caught:
        await creating
    assert time.monotonic() - started < PROMPTLY_SECONDS
    assert (caught.value.code, caught.value.init_failed) == (grpc.StatusCode.CANCELLED, None)
    assert emulator.state()["sandboxes"] == 0


async def test_cancel_waits_for_the_response_of_a_sent_create(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    emulator.inject("delay", method="POST", path="/sandboxes", seconds=1.5, execute_first=True)
    creating = asyncio.ensure_future(plugin.create("Sandbox", BOX))
    while emulator.control("GET", "faults"):  # noqa: ASYNC110  the emulator runs in another thread
        await asyncio.sleep(0.01)
    await plugin.call("Cancel", Empty())
    with pytest.raises(RpcFailure, match="stopped waiting, as asked") as caught:
        await creating
    assert caught.value.init_failed is not None
    assert emulator.state()["sandboxes"] == 1


async def test_the_create_timeout_includes_the_time_of_throttling(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    emulator.inject("status", method="POST", path="/sandboxes", status=429, retry_after=60)
    started = time.monotonic()
    with pytest.raises(RpcFailure, match=r"not done after 1 s; last seen: .*429.*Nothing was created") as caught:
        await plugin.create("Sandbox", BOX, timeout=1)
    assert time.monotonic() - started < PROMPTLY_SECONDS
    assert (caught.value.code, caught.value.init_failed) == (grpc.StatusCode.DEADLINE_EXCEEDED, None)


async def test_a_timeout_error_has_the_last_cause_if_it_ends_before_the_last_attempt(
    plugin: FakePulumiEngine, emulator: Emulator
) -> None:
    kept = await plugin.create("Sandbox", BOX)
    emulator.reject_connections(3)
    with pytest.raises(
        RpcFailure, match=r"not done after 1 s; last seen: GET /sandboxes/.*: no connection to"
    ) as caught:
        await plugin.update(kept, {**BOX, "cpu": 2}, timeout=1)
    assert caught.value.init_failed is not None


async def test_operations_run_again_after_cancel_and_configure(plugin: FakePulumiEngine) -> None:
    await plugin.call("Cancel", Empty())
    await plugin.configure()
    assert (await plugin.create("Sandbox", BOX)).id


async def test_a_refresh_without_drift_changes_nothing(plugin: FakePulumiEngine) -> None:
    egress = {"mode": "allow_list", "allow": [{"host": "b.com"}, {"host": secret_value("a.com")}]}
    kept = await plugin.create("Sandbox", {"cpu": 1, "egress": egress, "env": {"A": "b"}})
    assert await plugin.refresh(kept) == kept


async def test_a_refresh_reports_drift_and_deletion(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    kept = await plugin.create("Sandbox", BOX)
    elsewhere = await plugin.update(kept, {**BOX, "cpu": 4})
    drifted = await plugin.refresh(kept)
    assert drifted is not None
    assert (drifted.inputs, drifted.state["cpu"]) == ({**BOX, "cpu": 4}, 4)
    await plugin.delete(elsewhere)
    await plugin.delete(elsewhere)
    emulator.advance(5)
    assert await plugin.refresh(kept) is None


async def test_a_forbidden_refresh_is_an_error_and_not_a_deletion(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    kept = await plugin.create("Sandbox", BOX)
    emulator.inject("status", method="GET", status=403, times=20)
    with pytest.raises(RpcFailure) as caught:
        await plugin.refresh(kept)
    assert caught.value.code is grpc.StatusCode.PERMISSION_DENIED


async def test_a_refresh_of_a_failed_snapshot_reports_the_reason(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    box = await plugin.create("Sandbox", BOX)
    emulator.inject("failed_phase", method="POST", path="/sandboxes/{id}/snapshots", reason="the disk is full")
    with pytest.raises(RpcFailure) as caught:
        await plugin.create("Snapshot", {"sandboxId": box.id, "name": "kept"})
    assert caught.value.init_failed is not None
    inputs = {"sandboxId": box.id, "name": "kept"}
    half = StoredResource(
        make_urn("Snapshot"), caught.value.init_failed.id, inputs, from_struct(caught.value.init_failed.properties)
    )
    with pytest.raises(RpcFailure) as unhealthy:
        await plugin.refresh(half)
    assert unhealthy.value.init_failed is not None
    assert list(unhealthy.value.init_failed.reasons) == ["Snapshot box: the disk is full"]
    assert from_struct(unhealthy.value.init_failed.inputs) == inputs


async def test_an_import_by_name_returns_the_id_and_no_default_inputs(plugin: FakePulumiEngine) -> None:
    kept = await plugin.create("Sandbox", {**BOX, "env": {"A": "b"}})
    imported = await plugin.import_("Sandbox", "box")
    assert imported is not None
    assert imported.id == kept.id
    assert imported.inputs["cpu"] == 1
    assert not {"env", "egress", "paused"} & set(imported.inputs)
    assert not (await plugin.diff(imported, BOX)).diffs
    assert await plugin.import_("Sandbox", "nothing") is None


async def test_inputs_unknown_after_an_import_replace_nothing(plugin: FakePulumiEngine) -> None:
    await plugin.create("Sandbox", BOX)
    imported = await plugin.import_("Sandbox", "box")
    assert imported is not None
    refreshed = await plugin.refresh(imported)
    assert refreshed is not None
    for kept in (imported, refreshed):
        answer = await plugin.diff(kept, {**BOX, "env": {"A": "b"}, "rollbackToSnapshotId": "a-snapshot"})
        assert (sorted(answer.diffs), list(answer.replaces)) == (["env", "rollbackToSnapshotId"], [])


async def test_the_update_after_an_import_stores_inputs_without_a_rollback(
    plugin: FakePulumiEngine, emulator: Emulator
) -> None:
    await plugin.create("Sandbox", BOX)
    imported = await plugin.import_("Sandbox", "box")
    assert imported is not None
    emulator.clear_log()
    updated = await plugin.update(imported, {**BOX, "rollbackToSnapshotId": "a-snapshot", "env": {"A": "b"}})
    assert emulator.mutating_requests == []
    assert updated.state["rollbackToSnapshotId"] == "a-snapshot"
    assert "__imported" not in updated.state


async def test_a_fork_is_imported_with_and_without_its_source(plugin: FakePulumiEngine) -> None:
    box = await plugin.create("Sandbox", BOX)
    fork = await plugin.create("SandboxFork", {"sourceSandboxId": box.id, "name": "fork"})
    alone = await plugin.import_("SandboxFork", fork.id)
    sourced = await plugin.import_("SandboxFork", f"{box.id}/{fork.id}")
    assert alone is not None
    assert sourced is not None
    assert (alone.id, sourced.id) == (fork.id, fork.id)
    assert "sourceSandboxId" not in alone.inputs
    assert sourced.inputs["sourceSandboxId"] == box.id
    program = {"sourceSandboxId": box.id, "name": "fork"}
    assert not (await plugin.diff(sourced, program)).diffs
    assert not (await plugin.diff(alone, program)).replaces
    assert (await plugin.update(alone, program)).state["sourceSandboxId"] == box.id


async def test_a_read_by_id_needs_no_properties(plugin: FakePulumiEngine) -> None:
    box = await plugin.create("Sandbox", BOX)
    for kind in ("Sandbox", "SandboxFork"):
        found = await plugin.refresh(StoredResource(make_urn(kind), box.id, {}, {}))
        assert found is not None
        assert found.state["cpu"] == 1


async def test_a_delete_that_times_out_is_an_error_with_the_last_phase(
    plugin: FakePulumiEngine, emulator: Emulator
) -> None:
    kept = await plugin.create("Sandbox", BOX)
    slow_down(emulator, delete=3600)
    with pytest.raises(RpcFailure) as caught:
        await plugin.delete(kept, timeout=0.3)
    assert caught.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert caught.value.text.startswith("Sandbox box: ")
    assert "last seen: Deleting" in caught.value.text


async def test_a_preview_of_a_create_sends_no_request(plugin: FakePulumiEngine, emulator: Emulator) -> None:
    inputs: dict[str, Any] = await plugin.check_valid("Sandbox", BOX)
    await plugin.call(
        "Create", provider_pb2.CreateRequest(urn=make_urn("Sandbox"), properties=to_struct(inputs), preview=True)
    )
    assert emulator.requests == []


async def test_an_unknown_resource_type_is_rejected(plugin: FakePulumiEngine) -> None:
    with pytest.raises(RpcFailure) as caught:
        await plugin.check_valid("Spaceship", {})
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "has no resource neev:index:Spaceship" in caught.value.text


async def test_unchecked_invalid_inputs_are_rejected_without_a_request(
    plugin: FakePulumiEngine, emulator: Emulator
) -> None:
    create = provider_pb2.CreateRequest(urn=make_urn("Sandbox"), properties=to_struct({**BOX, "cpu": "many"}))
    with pytest.raises(RpcFailure) as caught:
        await plugin.call("Create", create)
    assert (caught.value.code, caught.value.init_failed) == (grpc.StatusCode.INVALID_ARGUMENT, None)
    assert caught.value.text == (
        "Sandbox box: cpu: must be a number (is 'many'). "
        "Correct it in the program; where only the state has it so, import the resource anew."
    )
    update = provider_pb2.UpdateRequest(id="x", urn=make_urn("File"), olds=to_struct({}), old_inputs=to_struct({}))
    with pytest.raises(RpcFailure, match="sandboxId: is required") as kept:
        await plugin.call("Update", update)
    assert kept.value.init_failed is not None
    assert kept.value.init_failed.id == "x"
    with pytest.raises(RpcFailure, match="id: must have the form SANDBOX_ID/PATH") as unknown:
        await plugin.call("Delete", provider_pb2.DeleteRequest(id="x", urn=make_urn("File")))
    assert unknown.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert emulator.counts() == {}


async def test_unknown_properties_of_a_state_are_kept_and_logged_once(emulator: Emulator) -> None:
    """An unknown secret stays secret, too."""
    async for plugin in serve_plugin(emulator.env):
        await plugin.configure()
        async with serve_engine() as (listening, address):
            await plugin.call("Attach", plugin_pb2.PluginAttach(address=address))
            kept = await plugin.create("Sandbox", BOX)
            odd = {"future": {"deep": [1]}, "token": secret_value("hunter2")}
            strange = StoredResource(
                kept.urn, kept.id, {**kept.inputs, "mood": "blue"}, {**kept.state, **odd, "mood": "blue"}
            )
            observed = await plugin.refresh(strange)
            assert observed is not None
            assert observed.inputs["mood"] == "blue"
            assert {name: observed.state[name] for name in odd} == odd
            received = await listening.log_requests.get()
            assert received.message == f"{UNREADABLE_VALUES_MESSAGE}: future, mood, token"
            updated = await plugin.update(observed, {**BOX, "cpu": 4})
            assert {name: updated.state[name] for name in odd} == odd
            assert "mood" not in updated.state
            await plugin.delete(updated)
            assert listening.log_requests.empty()


async def test_an_egress_rule_is_rejected_if_the_sandbox_has_an_egress_policy(plugin: FakePulumiEngine) -> None:
    """The engine creates or diffs the sandbox before it checks the rule, so that its id is known."""
    policy = {"egress": {"mode": "allow_list", "allow": [{"host": "pypi.org"}]}}
    box = await plugin.create("Sandbox", {"name": "box", **policy})
    rule = {"sandboxId": box.id, "host": "github.com"}
    assert [failure.property for failure in (await plugin.check("EgressRule", rule)).failures] == ["sandboxId"]
    await plugin.diff(box, {"name": "box"})
    assert not (await plugin.check("EgressRule", rule)).failures
    await plugin.diff(box, {"name": "box", **policy})
    assert (await plugin.check("EgressRule", rule)).failures
