"""The File resource against the emulator: uploads, drift and deletes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.lifecycle import create_and_finish
from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.core import lifecycle
from neev_provider.core.assets import Archive, Asset
from neev_provider.core.errors import InputError, OperationFailed
from neev_provider.core.lifecycle import ResourceInitFailed, StoredResource
from neev_provider.core.model import UNKNOWN
from neev_provider.resources.command import CommandResource
from neev_provider.resources.file.file import FileResource, chmod
from neev_provider.resources.sandbox.sandbox import SandboxResource

SANDBOX, COMMAND, FILE = SandboxResource(), CommandResource(), FileResource()


def hash_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def create_sandbox(driver: LifecycleDriver, **inputs: Any) -> str:
    created = await driver.create(SANDBOX, name="box", **inputs)
    driver.take_requests()
    return created.id


async def run_command(driver: LifecycleDriver, box: str, *argv: str) -> str:
    """Run a command in the sandbox and return its stdout."""
    stored = await driver.create(COMMAND, sandboxId=box, create=list(argv), allowFailure=True)
    return str(stored.state["stdout"])


async def test_a_create_writes_a_file_with_its_mode_and_stores_its_digest(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(FILE, sandboxId=box, path="deep/run", content="echo hé\n", mode="0755")
    assert stored.state["sha256"] == stored.state["writtenSha256"] == hash_bytes("echo hé\n".encode())
    assert (stored.id, stored.state["sizeBytes"], stored.state["mode"]) == (f"{box}/deep/run", 9, "0755")
    assert "echo" not in json.dumps(stored.state)
    assert await run_command(driver, box, "cat", "deep/run") == "echo hé\n"
    assert await run_command(driver, box, "stat", "-c", "%a", "deep/run") == "755\n"


async def test_binary_content_and_an_empty_file_are_written_unchanged(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    content = bytes(range(256))
    stored = await driver.create(FILE, sandboxId=box, path="b", contentBase64=base64.b64encode(content).decode())
    assert stored.state["sha256"] == hash_bytes(content)
    empty = await driver.create(FILE, sandboxId=box, path="e")
    assert (empty.state["sha256"], empty.state["sizeBytes"]) == (hash_bytes(b""), 0)


async def test_a_large_local_file_is_uploaded_in_chunks(driver: LifecycleDriver, tmp_path: Path) -> None:
    box = await create_sandbox(driver)
    content = b"0123456789abcdef" * (5 << 16)
    (tmp_path / "large").write_bytes(content)
    inputs = {"sandboxId": box, "path": "large", "sourcePath": str(tmp_path / "large")}
    stored = await driver.create(FILE, **inputs)
    assert (stored.state["sha256"], stored.state["sizeBytes"]) == (hash_bytes(content), len(content))
    assert len([line for line in driver.take_requests() if line.startswith("PATCH /v1/files/uploads")]) == 5
    assert not FILE.diff(stored.inputs, stored.state, inputs).changes
    (tmp_path / "large").write_bytes(b"small")
    found = FILE.diff(stored.inputs, stored.state, inputs)
    assert ([change.path for change in found.changes], found.requires_replacement) == (["sourcePath", "sha256"], False)


async def test_a_preview_has_the_digest_and_not_the_content(driver: LifecycleDriver) -> None:
    inputs = {"sandboxId": await create_sandbox(driver), "path": "x", "content": "one"}
    created = FILE.preview_create(inputs)
    assert (created["sha256"], created["sizeBytes"]) == (hash_bytes(b"one"), UNKNOWN)
    stored = await driver.create(FILE, **inputs)
    updated = FILE.preview_update(stored.state, {**inputs, "content": "two"})
    assert updated["sha256"] == hash_bytes(b"two")
    assert "content" not in {**created, **updated}
    assert FILE.preview_update(stored.state, {**inputs, "content": UNKNOWN})["sha256"] is UNKNOWN


async def test_an_asset_is_compared_by_its_content(driver: LifecycleDriver, tmp_path: Path) -> None:
    box = await create_sandbox(driver)
    (tmp_path / "x").write_bytes(b"one")
    where = {"sandboxId": box, "path": "x"}
    stored = await driver.create(FILE, **where, source=Asset(path=str(tmp_path / "x")))
    assert await run_command(driver, box, "cat", "x") == "one"
    assert "source" not in stored.state
    assert not FILE.diff(stored.inputs, stored.state, {**where, "source": Asset(text="one")}).changes
    (tmp_path / "x").write_bytes(b"two")
    found = FILE.diff(stored.inputs, stored.state, stored.inputs)
    assert ([change.path for change in found.changes], found.requires_replacement) == (["source", "sha256"], False)
    assert FILE.diff(stored.inputs, stored.state, {**where, "source": Asset(hash="of something else")}).changes
    assert not FILE.diff(where, stored.state, {**where, "source": Asset(hash=hash_bytes(b"one"))}).changes
    await driver.update(FILE, stored, **where, source=Asset(text="three"))
    assert await run_command(driver, box, "cat", "x") == "three"
    for missing in (Asset(path="/no/such"), Asset()):
        with pytest.raises(ResourceInitFailed, match="source: "):
            await create_and_finish(FILE.connect(driver.api), {**where, "source": missing}, driver.new_context())


async def test_a_large_file_is_uploaded_without_reading_it_into_memory(driver: LifecycleDriver, tmp_path: Path) -> None:
    box = await create_sandbox(driver)
    with (tmp_path / "large").open("wb") as file:
        file.truncate(64 << 20)
    await driver.create(FILE, sandboxId=box, path="small", content="what is imported for a write is there")
    tracemalloc.start()
    try:
        stored = await driver.create(FILE, sandboxId=box, path="large", source=Asset(path=str(tmp_path / "large")))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stored.state["sizeBytes"] == 64 << 20
    # chunks of 1 MiB that are not collected yet, and those of the emulator in the same process
    assert most < 40 << 20


async def test_the_error_for_a_missing_local_file_names_its_property(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "path": "x", "sourcePath": "/no/such/file"}
    with pytest.raises(ResourceInitFailed) as caught:
        await create_and_finish(FILE.connect(driver.api), inputs, driver.new_context())
    assert isinstance(caught.value.__cause__, InputError)
    assert caught.value.__cause__.path == "sourcePath"


async def test_content_from_any_input_is_compared_by_its_digest(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(FILE, sandboxId=box, path="x", content="one")
    where = {"sandboxId": box, "path": "x"}
    encoded = base64.b64encode(b"one").decode()
    assert not FILE.diff(stored.inputs, stored.state, {**where, "contentBase64": encoded}).changes
    assert not FILE.diff(where, stored.state, {**where, "content": "one"}).changes
    assert not FILE.diff(stored.inputs, stored.state, where).changes
    assert FILE.diff(stored.inputs, stored.state, {**where, "content": UNKNOWN}).changes
    assert FILE.diff(stored.inputs, stored.state, {**where, "path": "y", "content": "one"}).requires_replacement


async def test_an_update_of_the_mode_does_not_upload_the_content(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(FILE, sandboxId=box, path="x", content="one")
    driver.take_requests()
    stored = await driver.update(FILE, stored, sandboxId=box, path="x", content="one", mode="0600")
    assert stored.state["mode"] == "0600"
    assert not any("uploads" in line or "write" in line for line in driver.take_requests())
    stored = await driver.update(FILE, stored, sandboxId=box, path="x", content="two", mode="0600")
    assert await run_command(driver, box, "cat", "x") == "two"
    assert await run_command(driver, box, "stat", "-c", "%a", "x") == "600\n"


async def test_a_refresh_detects_drift_and_an_update_corrects_it(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(FILE, sandboxId=box, path="x", content="ours", mode="0644")
    same = await driver.read(FILE, stored)
    assert same is not None
    assert same.state == stored.state
    await run_command(driver, box, "sh", "-c", "echo theirs > x; chmod 700 x")
    observed = await driver.read(FILE, stored)
    assert observed is not None
    assert (observed.state["sha256"], observed.inputs["mode"]) == (hash_bytes(b"theirs\n"), "0700")
    changed = FILE.diff(observed.inputs, observed.state, stored.inputs).changes
    assert {change.path for change in changed} == {"mode", "content", "sha256"}
    await driver.update(FILE, observed, **stored.inputs)
    assert await run_command(driver, box, "cat", "x") == "ours"
    await run_command(driver, box, "rm", "x")
    assert await driver.read(FILE, stored) is None


async def test_a_delete_keeps_a_file_whose_content_was_changed_elsewhere(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    ours = await driver.create(FILE, sandboxId=box, path="ours", content="1")
    theirs = await driver.create(FILE, sandboxId=box, path="theirs", content="1")
    removed = await driver.create(FILE, sandboxId=box, path="removed", content="1")
    await run_command(driver, box, "sh", "-c", "echo 2 > theirs; rm removed")
    for item in (ours, theirs, removed):
        await driver.delete(FILE, item)
    assert await run_command(driver, box, "ls") == "theirs\n"
    assert [line for line in driver.log_lines if "left where it is" in line] == [
        "theirs holds something else than was written, so it is left where it is."
    ]


async def test_a_file_is_missing_if_its_sandbox_is_deleted(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(FILE, sandboxId=box, path="x", content="1")
    await driver.delete(SANDBOX, StoredResource(box, {}, {}))
    assert await driver.read(FILE, stored) is None
    await driver.delete(FILE, stored)


async def test_a_refresh_keeps_the_state_if_the_sandbox_is_resuming(driver: LifecycleDriver) -> None:
    """The API resumes it for the request, so its files are not known yet."""
    box = await create_sandbox(driver)
    stored = await driver.create(FILE, sandboxId=box, path="x", content="1")
    await run_command(driver, box, "rm", "x")
    body = {"reason_code": "unavailable", "reason": "sandbox_waking", "message": "waking up"}
    driver.emulator.inject("status", method="POST", path="/v1/files/stat", status=503, body=body)
    observed = await driver.read(FILE, stored)
    assert observed is not None
    assert observed.state == stored.state
    assert await driver.read(FILE, stored) is None


async def test_a_paused_sandbox_is_resumed_for_a_write_and_not_for_a_refresh(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver, paused=True)
    stored = await driver.create(FILE, sandboxId=box, path="x", content="1")
    sent = driver.take_requests()
    assert (sent[0], sent[-1]) == ("POST /sandboxes/{id}/resume", "POST /sandboxes/{id}/pause")
    observed = await driver.read(FILE, stored)
    assert observed is not None
    assert observed.state == stored.state
    assert driver.take_requests() == []


async def test_an_import_of_equal_content_has_no_diff_and_a_delete_keeps_the_file(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    created = await driver.create(FILE, sandboxId=box, path="a/x", content="1", mode="0644")
    stored = await lifecycle.read(FILE.connect(driver.api), created.id, None)
    assert stored is not None
    assert stored.inputs == {"sandboxId": box, "path": "a/x", "mode": "0644"}
    assert not FILE.diff(stored.inputs, stored.state, created.inputs).changes
    changed = await driver.update(FILE, stored, sandboxId=box, path="a/x", mode="0600")
    assert await run_command(driver, box, "cat", "a/x") == "1"
    await driver.delete(FILE, changed)
    assert await run_command(driver, box, "cat", "a/x") == "1"
    assert await lifecycle.read(FILE.connect(driver.api), f"{box}/none", None) is None
    assert await lifecycle.read(FILE.connect(driver.api), "no-such/none", None) is None
    with pytest.raises(InputError, match="must have the form SANDBOX_ID/PATH"):
        await lifecycle.read(FILE.connect(driver.api), "x", None)


@pytest.mark.parametrize(
    "inputs",
    [
        {"content": "1", "contentBase64": "MQ=="},
        {"contentBase64": "?"},
        {"mode": "755"},
        {"mode": "rwx"},
        {"source": Archive(path="x")},
        {"source": Asset(uri="http://x")},
        {"source": "x"},
        {"source": Asset(text="x"), "sourcePath": __file__},
    ],
)
def test_invalid_inputs_are_rejected_before_any_request(inputs: dict[str, Any]) -> None:
    assert len(FILE.check({}, {"sandboxId": "x", "path": "x", **inputs}, str)[1]) == 1


@pytest.mark.parametrize(
    "path", ["../x", "/etc/app.conf", "a/../../x", "/workspace", ".", "x" * 256, "a\0", "a/" * 2100]
)
def test_an_invalid_path_is_rejected_by_validation(path: str) -> None:
    (failure,) = FILE.check({}, {"sandboxId": "x", "path": path}, str)[1]
    assert failure.path == "path"


def test_a_source_that_is_not_a_regular_file_is_rejected_by_validation(tmp_path: Path) -> None:
    """A read of a pipe or a device might never end."""
    os.mkfifo(tmp_path / "pipe")
    reasons = {
        str(tmp_path / "pipe"): "is not a regular file",
        "/dev/zero": "is not a regular file",
        str(tmp_path): "is not a regular file",
        str(tmp_path / "none"): "cannot be read: No such file or directory",
        "x" * 256: "cannot be read: File name too long",
        "a\0b": "cannot be read: embedded null byte",
    }
    for path, reason in reasons.items():
        for given in ({"sourcePath": path}, {"source": Asset(path=path)}):
            (failure,) = FILE.check({}, {"sandboxId": "x", "path": "x", **given}, str)[1]
            assert (failure.path, failure.reason.endswith(reason)) == (next(iter(given)), True)


async def test_a_missing_local_file_is_a_change_in_the_plan(driver: LifecycleDriver) -> None:
    """The plan has no digest of it. Content that cannot be decoded is a change, too; validation rejects it."""
    box = await create_sandbox(driver)
    stored = await driver.create(FILE, sandboxId=box, path="x", content="one")
    where = {"sandboxId": box, "path": "x"}
    for given in ({"sourcePath": "/no/such/file"}, {"contentBase64": "!"}):
        assert FILE.diff(stored.inputs, stored.state, {**where, **given}).changes


def test_a_file_without_a_stored_digest_is_compared_by_its_inputs() -> None:
    where = {"sandboxId": "box", "path": "x", "content": "one"}
    assert not FILE.diff(where, {}, where).changes
    assert [change.path for change in FILE.diff(where, {}, {**where, "content": "two"}).changes] == ["content"]


async def test_a_create_fails_if_the_file_is_missing_after_its_upload(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    gone = {"reason_code": "not_found", "message": "no such file"}
    driver.emulator.inject("status", method="POST", path="/v1/files/stat", status=404, body=gone)
    with pytest.raises(ResourceInitFailed, match="x disappeared right after it was written"):
        await driver.create(FILE, sandboxId=box, path="x", content="one")


async def test_a_failed_chmod_is_an_error_with_its_output(driver: LifecycleDriver) -> None:
    """The name of a file is never parsed as an option."""
    box = await create_sandbox(driver)
    session = driver.api.runtime.session(await driver.api.sandboxes.get(box))
    with pytest.raises(
        OperationFailed, match=r"-R is written, but its permissions are not set: chmod ended .+ 1: .*-R"
    ):
        await chmod(session, "-R", "0600")


async def test_a_delete_needs_only_the_id_and_the_digest_in_the_state(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    created = await driver.create(FILE, sandboxId=box, path="a/x", content="1")
    await driver.delete(FILE, StoredResource(created.id, {}, {}))
    assert await run_command(driver, box, "cat", "a/x") == "1"
    await driver.delete(FILE, StoredResource(created.id, {}, {"writtenSha256": created.state["sha256"]}))
    assert await run_command(driver, box, "ls", "a") == ""
    with pytest.raises(InputError, match=r"^id: must have the form SANDBOX_ID/PATH for a file"):
        await driver.delete(FILE, StoredResource("x", {}, {}))
    with pytest.raises(InputError, match=r"^writtenSha256: must be a string. .+ import the resource anew"):
        await driver.delete(FILE, StoredResource(created.id, {}, {"writtenSha256": ["7"]}))


async def test_a_renamed_file_resource_is_kept_when_the_old_resource_is_deleted(driver: LifecycleDriver) -> None:
    """Also if the old resource is deleted after a refresh, or if its state has no `writtenAt`."""
    box = await create_sandbox(driver)
    where = {"sandboxId": box, "path": "conf/x", "content": "1"}
    old = await driver.create(FILE, **where)
    new = await driver.create(FILE, **{**where, "path": "./conf/x"})
    assert new.id == old.id
    refreshed = await driver.read(FILE, old)
    assert refreshed is not None
    earlier = {name: value for name, value in old.state.items() if name != "writtenAt"}
    for item in (old, refreshed, StoredResource(old.id, old.inputs, earlier)):
        await driver.delete(FILE, item)
        assert await run_command(driver, box, "cat", "conf/x") == "1"
    assert {line for line in driver.log_lines if "left where" in line} == {
        "conf/x was written by somebody else since, so it is left where it is."
    }
    await driver.delete(FILE, new)
    assert await run_command(driver, box, "ls", "conf") == ""


async def test_a_file_whose_chmod_failed_is_stored_and_can_be_deleted(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver, env={"PATH": "/nowhere"})
    with pytest.raises(ResourceInitFailed) as caught:
        await driver.create(FILE, sandboxId=box, path="bin/x", content="1", mode="0700")
    assert str(caught.value.__cause__).startswith(
        "bin/x is written, but its permissions are not set: chmod: the sandbox"
    )
    assert str(caught.value.__cause__).endswith("The sandbox's image has to bring `chmod`.")
    assert caught.value.stored.state["writtenSha256"] == hash_bytes(b"1")
    await driver.delete(FILE, caught.value.stored)
    session = driver.api.runtime.session(await driver.api.sandboxes.get(box))
    assert await session.list_directory("bin") == {}


async def test_the_error_for_a_connection_lost_in_chmod_states_that_the_file_is_written(
    driver: LifecycleDriver,
) -> None:
    box = await create_sandbox(driver)
    driver.emulator.inject("reset_before", method="POST", path="/v1/exec")
    with pytest.raises(ResourceInitFailed, match="x is written, but its permissions are not set: chmod: "):
        await driver.create(FILE, sandboxId=box, path="x", content="1", mode="0700")
