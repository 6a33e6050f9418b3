"""The GoldenImage resource against the emulator: builds, history, adoption and interrupted builds."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.lifecycle import create_and_finish
from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.core import lifecycle, redaction
from neev_provider.core.assets import Archive, Asset
from neev_provider.core.errors import Cancelled, OperationFailed
from neev_provider.core.lifecycle import ResourceInitFailed, StoredResource
from neev_provider.core.model import UNKNOWN
from neev_provider.core.names import generate_name
from neev_provider.core.redaction import Redactor
from neev_provider.resources.command import CommandResource
from neev_provider.resources.image.golden_image import GoldenImageResource
from neev_provider.resources.sandbox.sandbox import SandboxResource

SANDBOX, COMMAND, IMAGE = SandboxResource(), CommandResource(), GoldenImageResource()
CREATE, EXEC = "POST /sandboxes", "POST /v1/exec"
TOKEN = "hunter2-of-the-registry"


def build_inputs(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "web", "steps": list(steps), **more}


def write_step(text: str) -> dict[str, Any]:
    """Return a step that writes a file."""
    return {"path": "x", "content": text}


def run_step(script: str, **more: Any) -> dict[str, Any]:
    """Return a step that runs a shell script."""
    return {"run": ["sh", "-c", script], **more}


def count_objects(driver: LifecycleDriver) -> dict[str, int]:
    return {kind: driver.emulator.state()[kind] for kind in ("sandboxes", "snapshots")}


def list_digests(stored: StoredResource) -> list[str]:
    return [image["recipeDigest"] for image in stored.state["images"]]


async def read_from_image(driver: LifecycleDriver, stored: StoredResource, script: str) -> str:
    """Run a shell script in a sandbox that is created from the image, and return its stdout."""
    box = await driver.create(SANDBOX, name="box", snapshotId=stored.state["snapshotId"])
    observed = await driver.create(COMMAND, sandboxId=box.id, create=["sh", "-c", script])
    await driver.delete(SANDBOX, box)
    driver.take_requests()
    return str(observed.state["stdout"])


async def test_the_steps_of_a_recipe_run_in_order_and_the_builder_is_paused(
    driver: LifecycleDriver, tmp_path: Path
) -> None:
    (tmp_path / "app" / "deep").mkdir(parents=True)
    (tmp_path / "app" / "deep" / "run").write_text("#!/bin/sh\necho ran $GREETING\n")
    (tmp_path / "app" / "deep" / "run").chmod(0o755)
    (tmp_path / "file").write_bytes(b"\xff\x00")
    stored = await driver.create(
        IMAGE,
        **build_inputs(
            {"path": "app", "sourcePath": str(tmp_path / "app"), "exclude": ["*.pyc"]},
            {"path": "app/bytes", "source": Asset(path=str(tmp_path / "file"))},
            {"path": "more", "source": Archive(assets={"a": Asset(text="A")})},
            {"path": "b", "contentBase64": "Qg==", "mode": "0600"},
            run_step("./run > ../../out; echo built", cwd="app/deep", timeoutSeconds=30),
            env={"GREETING": "hi"},
            templateId="sb-ubuntu-26-04-minimal",
            cpu=1,
            memoryGb=2,
            diskGb=10,
            rootfsDiskGb=4,
            region="as-south-1",
            egress={"mode": "allow_list", "allow": [{"host": "pypi.org"}]},
        ),
    )
    assert (stored.id, len(stored.state["recipeDigest"]), list_digests(stored)) == (
        "web",
        12,
        [stored.state["recipeDigest"]],
    )
    builder = await driver.api.sandboxes.get(stored.state["builderId"])
    assert (re.fullmatch("web-[0-9a-f]{12}", builder.name) is not None, builder.phase) == (True, "Paused")
    taken = await driver.api.snapshots.get(stored.state["snapshotId"])
    assert taken.name == f"web-{stored.state['recipeDigest']}"
    assert (builder.max_lifetime_seconds, builder.paused_retention_seconds) == (0, 0)
    assert (builder.egress or {})["mode"] == "allow_list"
    message = await read_from_image(
        driver, stored, "cat out more/a b; stat -c %a b; od -An -tx1 app/bytes; echo $GREETING."
    )
    assert message.split() == ["ran", "hi", "AB600", "ff", "00", "."]
    assert "built" in "\n".join(driver.log_lines)
    assert "steps" not in stored.state
    await driver.delete(IMAGE, stored)
    assert count_objects(driver) == {"sandboxes": 0, "snapshots": 0}


async def test_an_image_is_built_from_the_snapshot_of_another_image(driver: LifecycleDriver) -> None:
    base = await driver.create(IMAGE, **build_inputs(write_step("1")))
    stored = await driver.create(
        IMAGE, name="on-top", sourceSnapshotId=base.state["snapshotId"], steps=[run_step("cat x > y")], cpu=4
    )
    assert await read_from_image(driver, stored, "cat y") == "1"
    builder = await driver.api.sandboxes.get(stored.state["builderId"])
    assert builder.resources is not None
    assert builder.resources.cpu == 4


async def test_a_changed_file_rebuilds_the_image_and_a_changed_timestamp_does_not(
    driver: LifecycleDriver, tmp_path: Path
) -> None:
    file = tmp_path / "x"
    file.write_text("one")
    recipe = build_inputs({"path": "x", "sourcePath": str(file)}, run_step("true"))
    stored = await driver.create(IMAGE, **recipe)
    file.touch()
    assert not IMAGE.diff(stored.inputs, stored.state, stored.inputs).changes
    assert not IMAGE.diff(
        stored.inputs, stored.state, {**stored.inputs, "steps": [write_step("one"), run_step("true")]}
    ).changes
    file.write_text("two")
    found = IMAGE.diff(stored.inputs, stored.state, stored.inputs).changes
    assert [item.path for item in found] == ["steps[0]", "recipeDigest"]
    assert not any(item.requires_replacement for item in found)
    driver.take_requests()
    newer = await driver.update(IMAGE, stored, **recipe)
    assert driver.take_requests().count(CREATE) == 1
    assert newer.state["snapshotId"] != stored.state["snapshotId"]
    assert list_digests(newer) == [newer.state["recipeDigest"], stored.state["recipeDigest"]]
    assert await read_from_image(driver, newer, "cat x") == "two"
    again = await driver.finish(IMAGE, newer)
    assert again.state == newer.state
    assert not [line for line in driver.take_requests() if not line.startswith("GET")]


async def test_an_image_in_the_history_is_reused_and_older_images_are_deleted(driver: LifecycleDriver) -> None:
    first = await driver.create(IMAGE, **build_inputs(write_step("1"), historyLimit=1))
    second = await driver.update(IMAGE, first, **build_inputs(write_step("2"), historyLimit=1))
    driver.take_requests()
    back = await driver.update(IMAGE, second, **build_inputs(write_step("1"), historyLimit=1))
    assert CREATE not in driver.take_requests()
    assert back.state["snapshotId"] == first.state["snapshotId"]
    assert list_digests(back) == [first.state["recipeDigest"], second.state["recipeDigest"]]
    third = await driver.update(IMAGE, back, **build_inputs(write_step("3"), historyLimit=1))
    assert list_digests(third) == [third.state["recipeDigest"], second.state["recipeDigest"]]
    assert count_objects(driver) == {"sandboxes": 2, "snapshots": 2}
    alone = await driver.update(IMAGE, third, **build_inputs(write_step("3"), historyLimit=0))
    assert alone.state["snapshotId"] == third.state["snapshotId"]
    assert count_objects(driver) == {"sandboxes": 1, "snapshots": 1}


async def test_a_failed_step_is_named_in_the_error_and_the_old_image_is_kept(driver: LifecycleDriver) -> None:
    stored = await driver.create(IMAGE, **build_inputs(write_step("1")))
    broken = build_inputs(
        write_step("2"), run_step("echo $TOKEN; echo the reason >&2; exit 3"), run_step("true"), env={"TOKEN": TOKEN}
    )
    with pytest.raises(ResourceInitFailed) as caught, redaction.use_redactor(Redactor.from_values(TOKEN)):
        await driver.update(IMAGE, stored, **broken)
    message = str(caught.value.__cause__)
    assert message.startswith(
        "step 2 of 3 (sh -c echo $TOKEN; echo the reason >&2; exit 3): it ended with exit code 3."
    )
    assert "the reason" in message
    assert TOKEN not in message
    assert caught.value.stored.state == stored.state
    driver.emulator.advance(5)
    assert count_objects(driver) == {"sandboxes": 1, "snapshots": 1}
    # there is a change even if an engine stores the new inputs with the old state
    assert IMAGE.diff(broken, stored.state, broken).changes


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"kind": "reset_after", "method": "POST", "path": "/v1/exec"}, "step 2 of 2 (true): "),
        ({"kind": "status", "status": 403, "method": "POST", "path": "/v1/files/uploads"}, "step 1 of 2 (x): "),
        (
            {"kind": "failed_phase", "method": "POST", "path": "/sandboxes/{id}/snapshots", "reason": "disk full"},
            "disk full",
        ),
    ],
    ids=["unknown outcome", "rejected write", "failed snapshot"],
)
async def test_a_failed_build_creates_no_image_and_deletes_its_builder(
    driver: LifecycleDriver, fault: dict[str, Any], message: str
) -> None:
    driver.emulator.inject(**fault)
    recipe = build_inputs(write_step("1"), {"run": ["true"]})
    with pytest.raises(ResourceInitFailed) as caught:
        await driver.create(IMAGE, **recipe)
    assert message in str(caught.value.__cause__)
    half = caught.value.stored
    assert (half.id, half.state["snapshotId"]) == ("web", "")
    assert [change.path for change in IMAGE.diff(half.inputs, half.state, half.inputs).changes] == [
        "steps[0]",
        "steps[1]",
        "recipeDigest",
    ]
    driver.emulator.advance(5)
    assert count_objects(driver) == {"sandboxes": 0, "snapshots": 0}
    assert await driver.read(IMAGE, half) is None
    stored = await driver.finish(IMAGE, half)
    assert await read_from_image(driver, stored, "cat x") == "1"


async def test_a_build_fails_if_a_file_changes_during_the_build(driver: LifecycleDriver, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("one")
    steps = [run_step("true"), {"path": "x", "sourcePath": str(tmp_path / "x")}]
    checked, failed = IMAGE.check({}, build_inputs(*steps), str)
    assert failed == []
    call = driver.new_context()

    def edit_file(text: str) -> None:
        if text.startswith("step 1"):
            (tmp_path / "x").write_text("two")

    going = replace(call, deadline=replace(call.deadline, on_progress=edit_file))
    with pytest.raises(ResourceInitFailed, match="the content of x changed during the build"):
        await create_and_finish(IMAGE.connect(driver.api), checked, going)


async def test_a_delete_after_a_cancelled_build_deletes_the_builder(driver: LifecycleDriver) -> None:
    checked, _ = IMAGE.check({}, build_inputs(run_step("sleep 60")), str)
    call = driver.new_context()

    def stop(text: str) -> None:
        if text.startswith("step 1"):
            asyncio.get_running_loop().call_later(0.05, call.deadline.cancelled.set)

    going = replace(call, deadline=replace(call.deadline, on_progress=stop))
    with pytest.raises(ResourceInitFailed) as caught:
        await asyncio.wait_for(create_and_finish(IMAGE.connect(driver.api), checked, going), 20)
    assert isinstance(caught.value.__cause__, Cancelled)
    driver.emulator.advance(5)
    assert count_objects(driver)["snapshots"] == 0
    await driver.delete(IMAGE, caught.value.stored)
    assert count_objects(driver)["sandboxes"] == 0


async def interrupt_build(driver: LifecycleDriver, recipe: dict[str, Any]) -> StoredResource:
    """Create an image and delete its snapshot, as if its build had been killed before the snapshot."""
    stored = await driver.create(IMAGE, **recipe)
    await driver.api.snapshots.delete(stored.state["snapshotId"])
    return stored


async def test_the_builder_of_an_interrupted_build_is_found_by_its_name_and_adopted(driver: LifecycleDriver) -> None:
    recipe = build_inputs(write_step("1"))
    stored = await driver.create(IMAGE, **recipe)
    found = await lifecycle.find_created(IMAGE.connect(driver.api), stored.inputs)
    assert found is not None
    assert (found.id, {**found.state, "uid": stored.state["uid"]}) == (stored.id, stored.state)
    driver.take_requests()
    adopted = await driver.finish(IMAGE, found)
    assert adopted.state == found.state
    assert CREATE not in driver.take_requests()
    await driver.api.sandboxes.resume(stored.state["builderId"])
    driver.emulator.advance(5)
    await driver.finish(IMAGE, found)
    assert (await driver.api.sandboxes.get(stored.state["builderId"])).phase == "Paused"


@pytest.mark.parametrize("text", ["1", "2"], ids=["the same recipe", "another recipe"])
async def test_a_create_fails_if_an_image_of_the_same_name_exists(driver: LifecycleDriver, text: str) -> None:
    """An image of another stack with the same name is neither adopted nor deleted, whatever its recipe."""
    stored = await driver.create(IMAGE, **build_inputs(write_step("1")))
    driver.take_requests()
    with pytest.raises(
        OperationFailed,
        match=r"the image web: .* such as web-[0-9a-f]{12} \(of 1\).* recover what an interrupted create left",
    ):
        await driver.create(IMAGE, **build_inputs(write_step(text), historyLimit=0))
    assert driver.take_requests() == []
    observed = await driver.read(IMAGE, stored)
    assert observed is not None
    assert observed.state == stored.state


async def test_two_images_of_the_same_name_created_concurrently_do_not_affect_each_other(
    driver: LifecycleDriver,
) -> None:
    """Each is started before the other is built. No build, refresh, update or delete changes the other."""
    checked, _ = IMAGE.check({}, build_inputs(write_step("1"), historyLimit=0), str)
    begun = [await lifecycle.start_create(IMAGE.connect(driver.api), checked, driver.new_context()) for _ in range(2)]
    one, two = [
        await lifecycle.finish_create(IMAGE.connect(driver.api), item, driver.new_context(), just_created=True)
        for item in begun
    ]
    assert one.state["recipeDigest"] == two.state["recipeDigest"]
    assert one.state["builderIds"] != two.state["builderIds"]
    assert await lifecycle.find_created(IMAGE.connect(driver.api), checked) is None
    changed = await driver.update(IMAGE, one, **build_inputs(write_step("2"), historyLimit=0))
    assert await driver.read(IMAGE, two) == two
    await driver.delete(IMAGE, changed)
    assert count_objects(driver) == {"sandboxes": 1, "snapshots": 1}
    builder = await driver.api.sandboxes.get(two.state["builderId"])
    line = f"{builder.name} ({builder.id}): called like builders of the image web, but not recorded as its own, so left"
    assert [item for item in driver.log_lines if item.startswith(line)]
    await driver.delete(IMAGE, two)
    assert count_objects(driver) == {"sandboxes": 0, "snapshots": 0}


async def test_a_builder_that_is_not_in_the_state_is_adopted_by_its_name(driver: LifecycleDriver) -> None:
    """As after a plugin was killed during an update: the state is the old one."""
    before = await driver.create(IMAGE, **build_inputs(write_step("1")))
    after = await driver.update(IMAGE, before, **build_inputs(write_step("2")))
    driver.take_requests()
    again = await driver.update(IMAGE, before, **build_inputs(write_step("2")))
    assert (again.state["snapshotId"], driver.take_requests()) == (after.state["snapshotId"], [])


async def test_the_state_of_an_older_version_keeps_its_builder_and_adopts_no_other(driver: LifecycleDriver) -> None:
    """Its builder is named after the recipe alone, so the name does not identify the owner."""
    created = await driver.create(IMAGE, **build_inputs(write_step("1")))
    state = {name: value for name, value in created.state.items() if name not in ("uid", "builderIds")}
    old = StoredResource(created.id, created.inputs, state)
    other = await driver.api.sandboxes.create({"name": f"web-{'a' * 12}"})
    observed = await driver.read(IMAGE, old)
    assert observed is not None
    assert observed.state["snapshotId"] == created.state["snapshotId"]
    rebuilt = await driver.update(IMAGE, old, **build_inputs(write_step("2"), historyLimit=0))
    assert rebuilt.state["builderIds"] == [rebuilt.state["builderId"]]
    await driver.delete(IMAGE, rebuilt)
    assert [item.id for item in await driver.api.sandboxes.list()] == [other.id]


async def test_sandboxes_with_the_same_name_prefix_are_not_builders(driver: LifecycleDriver) -> None:
    other = await driver.create(IMAGE, name="web-2", steps=[write_step("1")])
    await driver.api.sandboxes.create({"name": "web-boss"})
    await driver.delete(IMAGE, await driver.create(IMAGE, **build_inputs(write_step("1"))))
    assert count_objects(driver) == {"sandboxes": 2, "snapshots": 1}
    assert await driver.read(IMAGE, other) is not None


async def test_a_builder_without_a_snapshot_is_not_reused(driver: LifecycleDriver) -> None:
    recipe = build_inputs(write_step("1"))
    stored = await interrupt_build(driver, recipe)
    found = await lifecycle.find_created(IMAGE.connect(driver.api), stored.inputs)
    assert found is not None
    assert found.state["snapshotId"] == ""
    rebuilt = await driver.finish(IMAGE, found)
    assert rebuilt.state["builderId"] != stored.state["builderId"]
    assert count_objects(driver) == {"sandboxes": 1, "snapshots": 1}
    await driver.delete(IMAGE, rebuilt)
    assert await lifecycle.find_created(IMAGE.connect(driver.api), stored.inputs) is None


async def test_a_create_waits_for_a_snapshot_that_is_in_progress(driver: LifecycleDriver) -> None:
    recipe = build_inputs(write_step("1"))
    stored = await interrupt_build(driver, recipe)
    driver.emulator.change_settings(durations={"snapshot": 60})
    await driver.api.snapshots.create(stored.state["builderId"], name=f"web-{stored.state['recipeDigest']}")
    found = await lifecycle.find_created(IMAGE.connect(driver.api), stored.inputs)
    assert found is not None
    driver.emulator.clear_log()
    finishing = asyncio.ensure_future(driver.finish(IMAGE, found))
    while not driver.emulator.counts().get("GET /snapshots/{id}"):  # noqa: ASYNC110  the emulator runs in another thread
        await asyncio.sleep(0.01)
    driver.emulator.advance(60)
    observed = await finishing
    assert observed.state["builderId"] == stored.state["builderId"]
    assert count_objects(driver) == {"sandboxes": 1, "snapshots": 1}


async def test_an_image_whose_snapshot_is_deleted_is_rebuilt(driver: LifecycleDriver) -> None:
    first = await driver.create(IMAGE, **build_inputs(write_step("1")))
    second = await driver.update(IMAGE, first, **build_inputs(write_step("2")))
    same = await driver.read(IMAGE, second)
    assert same is not None
    assert same.state == second.state
    await driver.api.snapshots.delete(second.state["snapshotId"])
    observed = await driver.read(IMAGE, second)
    assert observed is not None
    assert (observed.state["recipeDigest"], list_digests(observed)) == ("", [first.state["recipeDigest"]])
    assert IMAGE.diff(observed.inputs, observed.state, second.inputs).changes
    again = await driver.update(IMAGE, observed, **build_inputs(write_step("2")))
    assert list_digests(again) == [second.state["recipeDigest"], first.state["recipeDigest"]]


async def test_a_failed_delete_of_an_old_image_is_logged_and_retried_by_the_next_update(
    driver: LifecycleDriver,
) -> None:
    first = await driver.create(IMAGE, **build_inputs(write_step("1"), historyLimit=0))
    driver.emulator.inject("status", method="DELETE", path="/sandboxes/{id}", status=409)
    second = await driver.update(IMAGE, first, **build_inputs(write_step("2"), historyLimit=0))
    assert list_digests(second) == [second.state["recipeDigest"], first.state["recipeDigest"]]
    assert any("is not deleted yet" in line for line in driver.log_lines)
    third = await driver.update(IMAGE, second, **build_inputs(write_step("3"), historyLimit=0))
    assert list_digests(third) == [third.state["recipeDigest"]]
    assert count_objects(driver) == {"sandboxes": 1, "snapshots": 1}


async def test_the_new_image_is_stored_if_the_delete_of_the_old_one_fails(driver: LifecycleDriver) -> None:
    first = await driver.create(IMAGE, **build_inputs(write_step("1"), historyLimit=0))
    driver.emulator.inject("status", method="DELETE", path="/sandboxes/{id}", status=403)
    with pytest.raises(ResourceInitFailed) as caught:
        await driver.update(IMAGE, first, **build_inputs(write_step("2"), historyLimit=0))
    half = caught.value.stored
    assert half.state["recipeDigest"] not in ("", first.state["recipeDigest"])
    driver.take_requests()
    stored = await driver.finish(
        IMAGE, StoredResource(half.id, build_inputs(write_step("2"), historyLimit=0), half.state)
    )
    assert CREATE not in driver.take_requests()
    assert list_digests(stored) == [half.state["recipeDigest"]]


async def test_a_preview_has_the_snapshot_id_if_the_recipe_is_unchanged(driver: LifecycleDriver) -> None:
    stored = await driver.create(IMAGE, **build_inputs(write_step("1")))
    same = IMAGE.preview_update(stored.state, build_inputs(write_step("1"), historyLimit=3))
    assert (same["snapshotId"], same["historyLimit"]) == (stored.state["snapshotId"], 3)
    rebuilt = IMAGE.preview_update(stored.state, build_inputs(write_step("2")))
    assert (rebuilt["snapshotId"], rebuilt["uid"]) == (UNKNOWN, stored.state["uid"])
    unreadable = IMAGE.preview_update(stored.state, build_inputs({"path": "x", "sourcePath": "/no/such"}))
    assert unreadable["snapshotId"] is UNKNOWN
    created = IMAGE.preview_create(build_inputs(write_step("1")))
    assert (created["snapshotId"], created["recipeDigest"]) == (UNKNOWN, stored.state["recipeDigest"])
    assert "steps" not in {**same, **created}


async def test_an_import_has_no_diff_if_the_recipe_is_the_same(driver: LifecycleDriver) -> None:
    created = await driver.create(IMAGE, **build_inputs(write_step("1")))
    stored = await lifecycle.read(IMAGE.connect(driver.api), "web", None)
    assert stored is not None
    assert stored.inputs == {"name": "web"}
    assert not [
        change
        for change in IMAGE.diff(stored.inputs, stored.state, created.inputs).changes
        if change.property_name in ("steps", "recipeDigest")
    ]
    assert await lifecycle.read(IMAGE.connect(driver.api), "we", None) is None


async def test_only_inputs_that_determine_the_image_change_the_recipe_digest(driver: LifecycleDriver) -> None:
    recipe = build_inputs(write_step("1"), run_step("true", timeoutSeconds=5), env={"TOKEN": TOKEN})
    stored = await driver.create(IMAGE, **recipe)

    def list_changes(**more: Any) -> list[str]:
        return [change.path for change in IMAGE.diff(stored.inputs, stored.state, {**stored.inputs, **more}).changes]

    assert list_changes(steps=[write_step("1"), run_step("true", timeoutSeconds=9)]) == []
    assert list_changes(env={"TOKEN": "renewed"}) == ["env.TOKEN"]
    assert "recipeDigest" in list_changes(env={"TOKEN": TOKEN, "MORE": "1"})
    assert list_changes(historyLimit=2) == ["historyLimit"]
    assert list_changes(cpu=2) == ["cpu", "recipeDigest"]
    assert list_changes(egress={"mode": "deny_all"}) == ["egress", "recipeDigest"]
    assert list_changes(sourceSnapshotId="other") == ["sourceSnapshotId", "recipeDigest"]
    assert list_changes(steps=[run_step("true", timeoutSeconds=5)]) == ["steps[0]", "recipeDigest", "steps[1]"]
    assert list_changes(steps=[UNKNOWN]) == ["steps[0]", "steps[1]"]
    assert "recipeDigest" in list_changes(steps=[{"path": "x", "sourcePath": "/no/such"}])
    assert TOKEN not in json.dumps({name: value for name, value in stored.state.items() if name != "env"})


async def test_an_archive_with_only_a_hash_is_compared_by_its_hash(driver: LifecycleDriver) -> None:
    whole = Archive(assets={"a": Asset(text="A")}, hash="h")
    stored = await driver.create(IMAGE, **build_inputs({"path": "x", "source": whole}))
    output = build_inputs({"path": "x", "source": Archive(hash="h")}, historyLimit=1)
    assert not IMAGE.diff(output, stored.state, output).changes
    other = build_inputs({"path": "x", "source": Archive(hash="i")}, historyLimit=1)
    assert IMAGE.diff(output, stored.state, other).changes
    assert IMAGE.diff({**output, "steps": [UNKNOWN]}, stored.state, output).changes
    assert not IMAGE.diff(output, {}, output).changes


@pytest.mark.parametrize(
    ("step", "path"),
    [
        ({}, "steps[0].run"),
        ({"run": ["x"], "path": "y"}, "steps[0].run"),
        ({"run": []}, "steps[0].run"),
        ({"path": "y", "content": "1", "sourcePath": __file__}, "steps[0].content"),
        ({"path": "y", "sourcePath": "/no/such"}, "steps[0].sourcePath"),
        ({"path": "y", "source": Asset(path="/dev/zero")}, "steps[0].source"),
        ({"path": "y", "source": Archive(assets={"../x": Asset(text="")})}, "steps[0].source"),
        ({"path": "/etc/y", "content": "1"}, "steps[0].path"),
        ({"path": "y", "sourcePath": __file__, "exclude": ["#"]}, "steps[0].exclude[0]"),
        ({"run": ["x"], "mode": "0755"}, "steps[0].mode"),
        ({"path": "y", "cwd": "z"}, "steps[0].cwd"),
        ({"path": "y", "source": Archive(uri="https://example.com/x.zip")}, "steps[0].source"),
    ],
)
def test_an_invalid_step_is_rejected_with_its_path(step: dict[str, Any], path: str) -> None:
    (failure,) = IMAGE.check({}, build_inputs(step), str)[1]
    assert failure.path == path


def test_patterns_that_match_nothing_are_a_warning_and_unknown_steps_are_skipped() -> None:
    warnings: list[str] = []
    folder = Archive(assets={"a": Asset(text="")})
    steps = [
        {"path": "y", "source": folder, "exclude": ["b/", "a"]},
        {"path": "y", "source": Archive(hash="of something")},
        UNKNOWN,
        {"path": "y", "content": UNKNOWN},
    ]
    assert IMAGE.check({}, {"steps": steps}, str, warnings.append)[1] == []
    assert warnings == ["steps[0].exclude: b/ matches nothing"]
    assert IMAGE.check({}, {"steps": UNKNOWN}, str)[1] == []


def test_the_maximum_name_length_reserves_characters_for_the_digest() -> None:
    assert IMAGE.check({}, {"name": "x" * 51}, str)[1]
    name = generate_name(
        "a-very-long-name-that-goes-on-and-on-and-on-and-on", "abcdef0", max_length=IMAGE.max_name_length
    )
    assert IMAGE.check({}, {"name": name}, str)[1] == []
    assert name.endswith("-abcdef0")
