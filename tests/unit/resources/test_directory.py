"""The Directory resource against the emulator: uploads, drift and deletes."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.lifecycle import create_and_finish
from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.core import lifecycle
from neev_provider.core.assets import Archive, Asset
from neev_provider.core.errors import Cancelled, InputError, OperationFailed
from neev_provider.core.lifecycle import ResourceInitFailed, StoredResource
from neev_provider.core.model import UNKNOWN
from neev_provider.resources.command import CommandResource
from neev_provider.resources.file.directory import DirectoryResource
from neev_provider.resources.file.tree_sync import TreeOutputs, TreeSync
from neev_provider.resources.sandbox.sandbox import SandboxResource

SANDBOX, COMMAND, DIRECTORY = SandboxResource(), CommandResource(), DirectoryResource()


def hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def build_archive(**files: str) -> Archive:
    return Archive(assets={name.replace("__", "/"): Asset(text=text) for name, text in files.items()})


async def create_sandbox(driver: LifecycleDriver, **inputs: Any) -> str:
    created = await driver.create(SANDBOX, name="box", **inputs)
    driver.take_requests()
    return created.id


async def run_script(driver: LifecycleDriver, box: str, script: str) -> str:
    """Run a shell script in the sandbox and return its stdout."""
    stored = await driver.create(COMMAND, sandboxId=box, create=["sh", "-c", script])
    driver.take_requests()
    return str(stored.state["stdout"])


def count_uploads(driver: LifecycleDriver) -> int:
    """Return the number of uploads in the request log, and clear the log."""
    return len([line for line in driver.take_requests() if line in ("POST /v1/files/uploads", "POST /v1/files/write")])


async def test_a_create_uploads_files_with_their_executable_bits_and_stores_digests(
    driver: LifecycleDriver, tmp_path: Path
) -> None:
    box = await create_sandbox(driver)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "run").write_text("#!/bin/sh\necho run\n")
    (tmp_path / "bin" / "run").chmod(0o750)
    (tmp_path / "x").write_text("one")
    stored = await driver.create(DIRECTORY, sandboxId=box, path="deep/app", sourcePath=str(tmp_path))
    assert stored.id == f"{box}/deep/app"
    assert stored.state["files"] == {"bin/run": hash_text("#!/bin/sh\necho run\n") + "+x", "x": hash_text("one")}
    assert stored.state["createdFolders"] == ["deep", "deep/app", "deep/app/bin"]
    assert (
        await run_script(driver, box, "deep/app/bin/run; cat deep/app/x; test -x deep/app/x || echo no")
        == "run\noneno\n"
    )
    assert not DIRECTORY.diff(stored.inputs, stored.state, stored.inputs).changes


async def test_an_update_uploads_only_changed_files_and_deletes_removed_ones(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    where = {"sandboxId": box, "path": "app"}
    stored = await driver.create(DIRECTORY, **where, source=build_archive(a="1", b="2", c="3", d__e="4"))
    assert count_uploads(driver) == 4
    changed = build_archive(a="1", b="two", f="6", c__g="7")
    found = DIRECTORY.diff(stored.inputs, stored.state, {**where, "source": changed}).changes
    assert {item.path: item.kind.value for item in found} == {
        "source": "update",
        "sha256": "update",
        "files.b": "update",
        "files.c": "delete",
        'files["c/g"]': "add",
        'files["d/e"]': "delete",
        "files.f": "add",
    }
    assert not any(item.requires_replacement for item in found)
    stored = await driver.update(DIRECTORY, stored, **where, source=changed)
    sent = driver.take_requests()
    assert sent.count("POST /v1/files/uploads") == 3
    assert sent.count("POST /v1/files/remove") == 3
    assert await run_script(driver, box, "find app | sort") == "app\napp/a\napp/b\napp/c\napp/c/g\napp/f\n"
    assert stored.state["createdFolders"] == ["app", "app/c"]
    assert "two" not in json.dumps(stored.state)


async def test_a_changed_executable_bit_does_not_upload_the_file(driver: LifecycleDriver, tmp_path: Path) -> None:
    box = await create_sandbox(driver)
    (tmp_path / "run").write_text("#!/bin/sh\n")
    where = {"sandboxId": box, "path": ".", "sourcePath": str(tmp_path)}
    stored = await driver.create(DIRECTORY, **where)
    for mode, test in ((0o755, "test -x run"), (0o644, "test ! -x run")):
        (tmp_path / "run").chmod(mode)
        driver.take_requests()
        stored = await driver.update(DIRECTORY, stored, **where)
        assert driver.take_requests() == ["POST /v1/files/list", "POST /v1/exec"]
        await run_script(driver, box, test)


async def test_a_refresh_reads_only_changed_files_and_an_update_corrects_the_drift(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(DIRECTORY, sandboxId=box, path="app", source=build_archive(a="1", b="2", c="3", d="4"))
    same = await driver.read(DIRECTORY, stored)
    assert same is not None
    assert same.state == stored.state
    await run_script(driver, box, "cd app; echo theirs > b; rm c; chmod +x d; echo more > ours-not")
    observed = await driver.read(DIRECTORY, stored)
    assert observed is not None
    assert observed.state["driftedFiles"] == {"b": hash_text("theirs\n"), "c": "missing", "d": hash_text("4") + "+x"}
    # a request is counted after its response has ended
    assert driver.emulator.counts().get("POST /v1/files/read", 0) <= 1
    found = DIRECTORY.diff(observed.inputs, observed.state, stored.inputs).changes
    assert {item.path: item.kind.value for item in found} == {
        "source": "update",
        "sha256": "update",
        "files.b": "update",
        "files.c": "add",
        "files.d": "update",
    }
    driver.take_requests()
    stored = await driver.update(DIRECTORY, observed, **stored.inputs)
    assert count_uploads(driver) == 2
    assert stored.state["driftedFiles"] == {}
    assert await run_script(driver, box, "cd app; cat a b c d ours-not; test ! -x d") == "1234more\n"


async def test_a_delete_removes_only_the_files_and_folders_that_the_resource_created(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    await run_script(driver, box, "mkdir -p app/old; touch app/old/theirs")
    stored = await driver.create(
        DIRECTORY, sandboxId=box, path="app", source=build_archive(a="1", old__b="2", new__c="3", full__d="4", e="5")
    )
    await run_script(driver, box, "cd app; echo theirs > a; touch full/theirs; rm e")
    await driver.delete(DIRECTORY, stored)
    assert (
        await run_script(driver, box, "find app | sort")
        == "app\napp/a\napp/full\napp/full/theirs\napp/old\napp/old/theirs\n"
    )
    assert [line for line in driver.log_lines if "left where" in line] == [
        "app/a was written by somebody else since, so it is left where it is."
    ]


async def test_a_refresh_removes_a_directory_from_the_state_if_all_files_are_missing(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    stored = await driver.create(DIRECTORY, sandboxId=box, path="app", source=build_archive(a="1"))
    await run_script(driver, box, "rm -r app")
    assert await driver.read(DIRECTORY, stored) is None
    await driver.delete(SANDBOX, StoredResource(box, {}, {}))
    assert await driver.read(DIRECTORY, stored) is None
    await driver.delete(DIRECTORY, stored)


async def test_a_refresh_keeps_the_state_if_the_sandbox_is_resuming(driver: LifecycleDriver) -> None:
    """The API resumes it for the request, so its files are not known yet."""
    box = await create_sandbox(driver)
    stored = await driver.create(DIRECTORY, sandboxId=box, path="app", source=build_archive(a="1"))
    await run_script(driver, box, "rm -r app")
    body = {"reason_code": "unavailable", "reason": "sandbox_waking", "message": "waking up"}
    driver.emulator.inject("status", method="POST", path="/v1/files/list", status=503, body=body)
    observed = await driver.read(DIRECTORY, stored)
    assert observed is not None
    assert observed.state == stored.state
    assert await driver.read(DIRECTORY, stored) is None


async def test_a_paused_sandbox_is_resumed_for_a_write_and_not_for_a_refresh(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver, paused=True)
    stored = await driver.create(DIRECTORY, sandboxId=box, path="app", source=build_archive(a="1"))
    sent = driver.take_requests()
    assert (sent[0], sent[-1]) == ("POST /sandboxes/{id}/resume", "POST /sandboxes/{id}/pause")
    observed = await driver.read(DIRECTORY, stored)
    assert observed is not None
    assert observed.state == stored.state
    assert driver.take_requests() == []


async def test_a_failed_upload_is_continued_by_the_next_attempt(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    files = {f"f{number}": str(number) for number in range(12)}
    inputs = {"sandboxId": box, "path": "app", "source": build_archive(**files)}
    driver.emulator.inject("status", method="POST", path="/v1/files/uploads", status=403, skip=9, times=1)
    with pytest.raises(ResourceInitFailed) as caught:
        await driver.create(DIRECTORY, **inputs)
    half = caught.value.stored
    assert half.id == f"{box}/app"
    assert "unknown" in half.state["driftedFiles"].values()
    written = half.state["files"].keys() - half.state["driftedFiles"].keys()
    assert len(written) >= 2  # ten uploads were started, of which eight may be in progress
    # an uploaded file is in the plan, too, until its permissions are verified
    planned = {change.path for change in DIRECTORY.diff(half.inputs, half.state, inputs).changes}
    assert planned == {"source", "sha256", *(f"files.{path}" for path in files)}
    driver.take_requests()
    stored = await driver.finish(DIRECTORY, half)
    assert not DIRECTORY.diff(stored.inputs, stored.state, inputs).changes
    assert 1 <= count_uploads(driver) <= len(files) - len(written)
    assert stored.state["driftedFiles"] == {}
    await driver.delete(DIRECTORY, stored)
    assert await run_script(driver, box, "ls") == ""


async def test_a_cancel_during_an_upload_stores_unfinished_files_as_unknown(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "path": "app", "source": build_archive(a="1", b="2")}
    checked, _ = DIRECTORY.check({}, inputs, str)
    call = driver.new_context()
    driver.emulator.inject("delay", method="POST", path="/v1/files/uploads", seconds=30)
    begun = await lifecycle.start_create(DIRECTORY.connect(driver.api), checked, call)

    def stop(_text: str) -> None:
        call.deadline.cancelled.set()

    going = replace(call, deadline=replace(call.deadline, on_progress=stop))
    with pytest.raises(ResourceInitFailed) as caught:
        await asyncio.wait_for(
            lifecycle.finish_create(DIRECTORY.connect(driver.api), begun, going, just_created=True), 10
        )
    assert isinstance(caught.value.__cause__, Cancelled)
    assert set(caught.value.stored.state["files"]) == {"a", "b"}
    assert list(caught.value.stored.state["driftedFiles"].values()).count("unknown") >= 1


async def test_find_created_finds_a_directory_only_if_all_files_exist(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "path": "app", "source": build_archive(a="1", b="2")}
    assert await lifecycle.find_created(DIRECTORY.connect(driver.api), inputs) is None
    stored = await driver.create(DIRECTORY, **inputs)
    created = await lifecycle.find_created(DIRECTORY.connect(driver.api), inputs)
    assert created is not None
    assert (created.id, created.state["files"]) == (stored.id, stored.state["files"])
    await run_script(driver, box, "rm app/b")
    assert await lifecycle.find_created(DIRECTORY.connect(driver.api), inputs) is None
    assert await lifecycle.find_created(DIRECTORY.connect(driver.api), {**inputs, "sandboxId": "gone"}) is None
    assert await lifecycle.find_created(DIRECTORY.connect(driver.api), {**inputs, "source": Archive(hash="h")}) is None


async def test_an_import_of_equal_content_has_no_diff_and_a_delete_keeps_its_files(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    await run_script(driver, box, "mkdir -p app/b; printf 1 > app/a; printf 2 > app/b/c")
    stored = await lifecycle.read(DIRECTORY.connect(driver.api), f"{box}/app", None)
    assert stored is not None
    assert stored.inputs == {"sandboxId": box, "path": "app"}
    assert not DIRECTORY.diff(
        stored.inputs, stored.state, {**stored.inputs, "source": build_archive(a="1", b__c="2")}
    ).changes
    stored = await driver.update(DIRECTORY, stored, **stored.inputs, source=build_archive(a="1", b__c="new"))
    await driver.delete(DIRECTORY, stored)
    assert await run_script(driver, box, "find app -type f") == "app/a\n"
    assert await lifecycle.read(DIRECTORY.connect(driver.api), f"{box}/none", None) is None
    assert await lifecycle.read(DIRECTORY.connect(driver.api), "no-such/none", None) is None
    with pytest.raises(InputError, match="must have the form SANDBOX_ID/PATH"):
        await lifecycle.read(DIRECTORY.connect(driver.api), "x", None)


async def test_the_error_for_a_missing_source_names_its_property(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    inputs = {"sandboxId": box, "path": "x", "sourcePath": "/no/such"}
    (failure,) = DIRECTORY.check({}, inputs, str)[1]
    assert (failure.path, failure.reason) == ("sourcePath", "/no/such cannot be read: No such file or directory")
    with pytest.raises(ResourceInitFailed, match="sourcePath: /no/such cannot be read: No such file"):
        await create_and_finish(DIRECTORY.connect(driver.api), inputs, driver.new_context())


async def test_unknown_inputs_are_a_change_and_excluded_files_are_not(driver: LifecycleDriver, tmp_path: Path) -> None:
    box = await create_sandbox(driver)
    (tmp_path / "a").write_text("1")
    where = {"sandboxId": box, "path": "app"}
    stored = await driver.create(DIRECTORY, **where, sourcePath=str(tmp_path))
    (tmp_path / "b.pyc").write_text("2")
    (tmp_path / "a").touch()
    new = {**where, "sourcePath": str(tmp_path), "exclude": ["*.pyc"]}
    assert not DIRECTORY.diff(stored.inputs, stored.state, new).changes
    for unknown in ({"sourcePath": UNKNOWN}, {"exclude": UNKNOWN}, {"exclude": [UNKNOWN]}):
        assert DIRECTORY.diff(stored.inputs, stored.state, {**new, **unknown}).changes
    assert DIRECTORY.diff(stored.inputs, stored.state, {**new, "path": "b"}).requires_replacement
    gone = {**where, "sourcePath": "/no/such/folder"}
    assert DIRECTORY.diff(stored.inputs, stored.state, gone).changes


async def test_an_archive_with_only_a_hash_is_compared_by_its_hash(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    where = {"sandboxId": box, "path": "app"}
    stored = await driver.create(DIRECTORY, **where, source=replace(build_archive(a="1"), hash="h"))
    output = {**where, "source": Archive(hash="h")}
    assert not DIRECTORY.diff(output, stored.state, output).changes
    assert DIRECTORY.diff(output, stored.state, {**where, "source": Archive(hash="i")}).changes
    assert not DIRECTORY.diff(output, {}, output).changes


@pytest.mark.parametrize("path", ["../out", "/etc", "a/../../b", "x" * 256, "a\0"])
def test_an_invalid_path_is_rejected_by_validation(path: str) -> None:
    (failure,) = DIRECTORY.check({}, {"sandboxId": "box", "path": path, "source": build_archive(a="1")}, str)[1]
    assert failure.path == "path"


async def test_a_create_fails_if_a_file_is_missing_after_its_upload(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    gone = {"reason_code": "not_found", "message": "no such directory"}
    driver.emulator.inject("status", method="POST", path="/v1/files/list", status=404, body=gone)
    with pytest.raises(ResourceInitFailed, match="a disappeared right after it was written"):
        await driver.create(DIRECTORY, sandboxId=box, path=".", source=build_archive(a="1"))


async def test_an_import_of_too_many_files_is_rejected(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    await run_script(driver, box, "mkdir app; touch app/a")
    copy = TreeSync(driver.api.runtime.session(await driver.api.sandboxes.get(box)), "app", TreeOutputs())
    with pytest.raises(OperationFailed, match=r"app contains more files \(1\) than can be imported \(0\)"):
        await copy.scan(0)


async def test_a_failed_chmod_is_an_error_with_its_output(driver: LifecycleDriver, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "chmod").write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    (tmp_path / "bin" / "chmod").chmod(0o755)
    (tmp_path / "run").write_text("")
    (tmp_path / "run").chmod(0o755)
    box = await create_sandbox(driver, env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"})
    with pytest.raises(ResourceInitFailed, match=r"executable is not set .+: chmod ended with exit code 1: no"):
        await driver.create(DIRECTORY, sandboxId=box, path="app", sourcePath=str(tmp_path), exclude=["bin"])


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({}, "set exactly one of source and sourcePath"),
        ({"source": build_archive(a="1"), "sourcePath": "x"}, "set exactly one of source and sourcePath"),
        ({"source": Asset(text="x")}, "must be an archive"),
        ({"source": Archive(uri="https://example.com/a.zip")}, "must be local"),
        ({"source": {"path": "x"}}, "must be an archive"),
    ],
)
def test_invalid_inputs_are_rejected_before_any_request(inputs: dict[str, Any], reason: str) -> None:
    (failure,) = DIRECTORY.check({}, {"sandboxId": "x", "path": "x", **inputs}, str)[1]
    assert failure.reason.startswith(reason)


async def test_a_delete_needs_only_the_id_and_the_files_in_the_state(driver: LifecycleDriver) -> None:
    box = await create_sandbox(driver)
    created = await driver.create(DIRECTORY, sandboxId=box, path="app", source=build_archive(a="1"))
    await driver.delete(DIRECTORY, StoredResource(created.id, {}, {}))
    assert await run_script(driver, box, "cat app/a") == "1"
    await driver.delete(DIRECTORY, StoredResource(created.id, {}, {"files": created.state["files"]}))
    assert await run_script(driver, box, "ls app") == ""
    with pytest.raises(InputError, match=r"^id: must have the form SANDBOX_ID/PATH for a directory"):
        await driver.delete(DIRECTORY, StoredResource("x", {}, {}))
    with pytest.raises(InputError, match=r"^files: must be a map of strings.+ import the resource anew"):
        await driver.delete(DIRECTORY, StoredResource(created.id, {}, {"files": "all"}))


@pytest.mark.parametrize("odd", ["files", "driftedFiles"])
async def test_a_delete_keeps_a_drifted_file_if_the_state_is_partly_invalid(driver: LifecycleDriver, odd: str) -> None:
    """The state may contain the time of a drifted file but not its digest."""
    box = await create_sandbox(driver)
    created = await driver.create(DIRECTORY, sandboxId=box, path="app", source=build_archive(a="one"))
    await run_script(driver, box, "echo other > app/a")
    observed = await driver.read(DIRECTORY, created)
    assert observed is not None
    strange = {**observed.state, odd: 5}
    await lifecycle.delete(DIRECTORY.connect(driver.api), created.id, driver.new_context(stored=strange))
    assert await run_script(driver, box, "cat app/a") == "other\n"


async def test_a_renamed_directory_resource_is_kept_when_the_old_resource_is_deleted(driver: LifecycleDriver) -> None:
    """Also if the old resource is deleted after a refresh."""
    box = await create_sandbox(driver)
    where = {"sandboxId": box, "path": "app", "source": build_archive(a="1", d__b="2")}
    old = await driver.create(DIRECTORY, **where)
    new = await driver.create(DIRECTORY, **{**where, "path": "/workspace/app/"})
    assert new.id == old.id
    refreshed = await driver.read(DIRECTORY, old)
    assert refreshed is not None
    for item in (old, refreshed):
        await driver.delete(DIRECTORY, item)
        assert await run_script(driver, box, "cat app/a app/d/b") == "12"
    assert driver.log_lines.count("app/a was written by somebody else since, so it is left where it is.") == 2
    await driver.delete(DIRECTORY, new)
    assert await run_script(driver, box, "find . -type f") == ""


async def test_symbolic_links_are_created_refreshed_replaced_and_deleted(
    driver: LifecycleDriver, tmp_path: Path
) -> None:
    box = await create_sandbox(driver)
    (tmp_path / "bin").mkdir()
    (tmp_path / "x").write_text("one")
    (tmp_path / "bin" / "x").symlink_to("../x")
    (tmp_path / "b").symlink_to("bin")
    where = {"sandboxId": box, "path": "app", "sourcePath": str(tmp_path)}
    stored = await driver.create(DIRECTORY, **where)
    assert stored.state["files"] == {"b": "-> bin", "bin/x": "-> ../x", "x": hash_text("one")}
    assert await run_script(driver, box, "cat app/b/x; readlink app/b app/bin/x") == "onebin\n../x\n"
    assert not DIRECTORY.diff(stored.inputs, stored.state, stored.inputs).changes

    await run_script(driver, box, "ln -sfn /etc app/b; rm app/bin/x")
    drifted = await driver.read(DIRECTORY, stored)
    assert drifted is not None
    assert drifted.state["driftedFiles"] == {"b": "-> /etc", "bin/x": "missing"}
    repaired = await driver.update(DIRECTORY, drifted, **where)
    assert await run_script(driver, box, "cat app/b/x; readlink app/b app/bin/x") == "onebin\n../x\n"

    # a link becomes a file, and its old target is unchanged; a file becomes a link
    (tmp_path / "bin" / "x").unlink()
    (tmp_path / "bin" / "x").write_text("two")
    (tmp_path / "y").symlink_to("x")
    turned = await driver.update(DIRECTORY, repaired, **where)
    assert await run_script(driver, box, "cat app/bin/x app/x app/y") == "twooneone"
    (tmp_path / "x").unlink()
    (tmp_path / "x").symlink_to("bin/x")
    linked = await driver.update(DIRECTORY, turned, **where)
    assert await run_script(driver, box, "cat app/x; readlink app/x") == "twobin/x\n"

    imported = await lifecycle.read(DIRECTORY.connect(driver.api), linked.id, None)
    assert imported is not None
    assert imported.state["driftedFiles"] == linked.state["files"]
    await driver.delete(DIRECTORY, linked)
    assert await run_script(driver, box, "ls -A") == ""


async def test_a_symbolic_link_in_the_place_of_a_directory_is_rejected(driver: LifecycleDriver, tmp_path: Path) -> None:
    box = await create_sandbox(driver)
    await run_script(driver, box, "mkdir -p app/link")
    (tmp_path / "link").symlink_to("x")
    with pytest.raises(
        ResourceInitFailed, match="link is a directory in the sandbox, so the symbolic link link cannot be created"
    ):
        await driver.create(DIRECTORY, sandboxId=box, path="app", sourcePath=str(tmp_path))


async def test_a_create_fails_if_a_symbolic_link_has_another_target_afterwards(
    driver: LifecycleDriver, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ln").write_text('#!/bin/sh\nexec /bin/ln -sfn other "$4"\n')
    (tmp_path / "bin" / "ln").chmod(0o755)
    (tmp_path / "link").symlink_to("x")
    box = await create_sandbox(driver, env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"})
    with pytest.raises(ResourceInitFailed, match="link is another symbolic link, or none, right after it was written"):
        await driver.create(DIRECTORY, sandboxId=box, path="app", sourcePath=str(tmp_path), exclude=["bin"])


def test_validation_reads_the_source_tree_if_it_is_known() -> None:
    where = {"sandboxId": "box", "path": "x"}
    for source, reason in (("x" * 256, "File name too long"), ("a\0", "embedded null byte")):
        (failure,) = DIRECTORY.check({}, {**where, "sourcePath": source}, str)[1]
        assert (failure.path, failure.reason.endswith(f"cannot be read: {reason}")) == ("sourcePath", True)
    out = Archive(assets={"../x": Asset(text="")})
    (failure,) = DIRECTORY.check({}, {**where, "source": out}, str)[1]
    assert (failure.path, failure.reason) == ("source", "../x is outside the folder it is unpacked into")
    many = Archive(assets={str(number): Asset(text="") for number in range(10_001)})
    (failure,) = DIRECTORY.check({}, {**where, "source": many}, str)[1]
    assert failure.reason.startswith("contains more than 10000 files. Pack them into one archive")
    for given in (
        {"source": UNKNOWN},
        {"source": out, "exclude": UNKNOWN},
        {"source": out, "exclude": [UNKNOWN]},
        {"source": Archive(hash="of something")},
    ):
        assert DIRECTORY.check({}, {**where, **given}, str)[1] == []
