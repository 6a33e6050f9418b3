"""Golden images on a platform: built once for each recipe, kept, taken up again, and never half done."""

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


def image_inputs(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "web", "steps": list(steps), **more}


def write_step(text: str) -> dict[str, Any]:
    """A step that writes a file."""
    return {"path": "x", "content": text}


def run_step(script: str, **more: Any) -> dict[str, Any]:
    """A step that runs a shell."""
    return {"run": ["sh", "-c", script], **more}


def count_objects(driver: LifecycleDriver) -> dict[str, int]:
    return {kind: driver.emulator.state()[kind] for kind in ("sandboxes", "snapshots")}


def image_ids(stored: StoredResource) -> list[str]:
    return [image["recipeDigest"] for image in stored.state["images"]]


async def read_from_image(driver: LifecycleDriver, stored: StoredResource, script: str) -> str:
    """What a shell writes in a sandbox that is made from the image."""
    box = await driver.create(SANDBOX, name="box", snapshotId=stored.state["snapshotId"])
    observed = await driver.create(COMMAND, sandboxId=box.id, create=["sh", "-c", script])
    await driver.delete(SANDBOX, box)
    driver.take_requests()
    return str(observed.state["stdout"])


async def test_a_recipe_is_built_in_order_and_its_builder_sleeps_afterwards(
    driver: LifecycleDriver, tmp_path: Path
) -> None:
    (tmp_path / "app" / "deep").mkdir(parents=True)
    (tmp_path / "app" / "deep" / "run").write_text("#!/bin/sh\necho ran $GREETING\n")
    (tmp_path / "app" / "deep" / "run").chmod(0o755)
    (tmp_path / "file").write_bytes(b"\xff\x00")
    stored = await driver.create(
        IMAGE,
        **image_inputs(
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
    assert (stored.id, len(stored.state["recipeDigest"]), image_ids(stored)) == (
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


async def test_an_image_is_built_on_the_snapshot_of_another(driver: LifecycleDriver) -> None:
    base = await driver.create(IMAGE, **image_inputs(write_step("1")))
    stored = await driver.create(
        IMAGE, name="on-top", sourceSnapshotId=base.state["snapshotId"], steps=[run_step("cat x > y")], cpu=4
    )
    assert await read_from_image(driver, stored, "cat y") == "1"
    builder = await driver.api.sandboxes.get(stored.state["builderId"])
    assert builder.resources is not None
    assert builder.resources.cpu == 4


async def test_an_edit_of_one_file_builds_once_and_a_touch_builds_nothing(
    driver: LifecycleDriver, tmp_path: Path
) -> None:
    file = tmp_path / "x"
    file.write_text("one")
    recipe = image_inputs({"path": "x", "sourcePath": str(file)}, run_step("true"))
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
    assert image_ids(newer) == [newer.state["recipeDigest"], stored.state["recipeDigest"]]
    assert await read_from_image(driver, newer, "cat x") == "two"
    again = await driver.finish(IMAGE, newer)
    assert again.state == newer.state
    assert not [line for line in driver.take_requests() if not line.startswith("GET")]


async def test_what_is_kept_is_taken_up_again_and_what_is_more_goes(driver: LifecycleDriver) -> None:
    first = await driver.create(IMAGE, **image_inputs(write_step("1"), historyLimit=1))
    second = await driver.update(IMAGE, first, **image_inputs(write_step("2"), historyLimit=1))
    driver.take_requests()
    back = await driver.update(IMAGE, second, **image_inputs(write_step("1"), historyLimit=1))
    assert CREATE not in driver.take_requests()
    assert back.state["snapshotId"] == first.state["snapshotId"]
    assert image_ids(back) == [first.state["recipeDigest"], second.state["recipeDigest"]]
    third = await driver.update(IMAGE, back, **image_inputs(write_step("3"), historyLimit=1))
    assert image_ids(third) == [third.state["recipeDigest"], second.state["recipeDigest"]]
    assert count_objects(driver) == {"sandboxes": 2, "snapshots": 2}
    alone = await driver.update(IMAGE, third, **image_inputs(write_step("3"), historyLimit=0))
    assert alone.state["snapshotId"] == third.state["snapshotId"]
    assert count_objects(driver) == {"sandboxes": 1, "snapshots": 1}


async def test_a_failing_step_says_which_and_leaves_the_image_that_there_was(driver: LifecycleDriver) -> None:
    stored = await driver.create(IMAGE, **image_inputs(write_step("1")))
    broken = image_inputs(
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
    # whoever stored the new inputs with the old state still finds a change
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
    ids=["unknown outcome", "refused write", "failed snapshot"],
)
async def test_whatever_fails_no_half_recipe_becomes_an_image(
    driver: LifecycleDriver, fault: dict[str, Any], message: str
) -> None:
    driver.emulator.inject(**fault)
    recipe = image_inputs(write_step("1"), {"run": ["true"]})
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


async def test_a_file_that_changes_while_the_image_is_built_fails_the_build(
    driver: LifecycleDriver, tmp_path: Path
) -> None:
    (tmp_path / "x").write_text("one")
    steps = [run_step("true"), {"path": "x", "sourcePath": str(tmp_path / "x")}]
    checked, failed = IMAGE.check({}, image_inputs(*steps), str)
    assert failed == []
    call = driver.new_context()

    def meddle(text: str) -> None:
        if text.startswith("step 1"):
            (tmp_path / "x").write_text("two")

    going = replace(call, deadline=replace(call.deadline, on_progress=meddle))
    with pytest.raises(ResourceInitFailed, match="the content of x changed during the build"):
        await create_and_finish(IMAGE.connect(driver.api), checked, going)


async def test_a_wish_to_stop_loses_no_builder(driver: LifecycleDriver) -> None:
    checked, _ = IMAGE.check({}, image_inputs(run_step("sleep 60")), str)
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
    """An image whose builder has stood still, as if its build had been killed before the snapshot."""
    stored = await driver.create(IMAGE, **recipe)
    await driver.api.snapshots.delete(stored.state["snapshotId"])
    return stored


async def test_what_a_killed_build_left_is_found_by_its_name(driver: LifecycleDriver) -> None:
    recipe = image_inputs(write_step("1"))
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
async def test_an_image_of_this_name_that_is_there_already_is_left_alone(driver: LifecycleDriver, text: str) -> None:
    """An image of another stack with the same name is neither taken up nor retired, whatever it is made by."""
    stored = await driver.create(IMAGE, **image_inputs(write_step("1")))
    driver.take_requests()
    with pytest.raises(
        OperationFailed,
        match=r"the image web: .* such as web-[0-9a-f]{12} \(of 1\).* recover what an interrupted create left",
    ):
        await driver.create(IMAGE, **image_inputs(write_step(text), historyLimit=0))
    assert driver.take_requests() == []
    observed = await driver.read(IMAGE, stored)
    assert observed is not None
    assert observed.state == stored.state


async def test_two_images_of_one_name_that_are_created_at_the_same_moment_keep_to_their_own(
    driver: LifecycleDriver,
) -> None:
    """Each has looked before the other has built anything; no build, refresh, update or delete touches the other's."""
    checked, _ = IMAGE.check({}, image_inputs(write_step("1"), historyLimit=0), str)
    begun = [await lifecycle.start_create(IMAGE.connect(driver.api), checked, driver.new_context()) for _ in range(2)]
    one, two = [
        await lifecycle.finish_create(IMAGE.connect(driver.api), item, driver.new_context(), just_created=True)
        for item in begun
    ]
    assert one.state["recipeDigest"] == two.state["recipeDigest"]
    assert one.state["builderIds"] != two.state["builderIds"]
    assert await lifecycle.find_created(IMAGE.connect(driver.api), checked) is None
    changed = await driver.update(IMAGE, one, **image_inputs(write_step("2"), historyLimit=0))
    assert await driver.read(IMAGE, two) == two
    await driver.delete(IMAGE, changed)
    assert count_objects(driver) == {"sandboxes": 1, "snapshots": 1}
    builder = await driver.api.sandboxes.get(two.state["builderId"])
    line = f"{builder.name} ({builder.id}): called like builders of the image web, but not recorded as its own, so left"
    assert [item for item in driver.log_lines if item.startswith(line)]
    await driver.delete(IMAGE, two)
    assert count_objects(driver) == {"sandboxes": 0, "snapshots": 0}


async def test_a_builder_that_only_the_name_proves_is_taken_up(driver: LifecycleDriver) -> None:
    """As after the death of a plugin that was updating the image: the state is the one of before."""
    before = await driver.create(IMAGE, **image_inputs(write_step("1")))
    after = await driver.update(IMAGE, before, **image_inputs(write_step("2")))
    driver.take_requests()
    again = await driver.update(IMAGE, before, **image_inputs(write_step("2")))
    assert (again.state["snapshotId"], driver.take_requests()) == (after.state["snapshotId"], [])


async def test_the_image_of_an_older_version_keeps_its_builder_and_takes_no_other(driver: LifecycleDriver) -> None:
    """Its builder is called after the recipe alone, as everybody's of the same recipe is."""
    created = await driver.create(IMAGE, **image_inputs(write_step("1")))
    state = {name: value for name, value in created.state.items() if name not in ("uid", "builderIds")}
    old = StoredResource(created.id, created.inputs, state)
    other = await driver.api.sandboxes.create({"name": f"web-{'a' * 12}"})
    observed = await driver.read(IMAGE, old)
    assert observed is not None
    assert observed.state["snapshotId"] == created.state["snapshotId"]
    rebuilt = await driver.update(IMAGE, old, **image_inputs(write_step("2"), historyLimit=0))
    assert rebuilt.state["builderIds"] == [rebuilt.state["builderId"]]
    await driver.delete(IMAGE, rebuilt)
    assert [item.id for item in await driver.api.sandboxes.list()] == [other.id]


async def test_sandboxes_whose_names_begin_alike_are_not_builders(driver: LifecycleDriver) -> None:
    other = await driver.create(IMAGE, name="web-2", steps=[write_step("1")])
    await driver.api.sandboxes.create({"name": "web-boss"})
    await driver.delete(IMAGE, await driver.create(IMAGE, **image_inputs(write_step("1"))))
    assert count_objects(driver) == {"sandboxes": 2, "snapshots": 1}
    assert await driver.read(IMAGE, other) is not None


async def test_a_builder_without_a_snapshot_is_not_trusted(driver: LifecycleDriver) -> None:
    recipe = image_inputs(write_step("1"))
    stored = await interrupt_build(driver, recipe)
    found = await lifecycle.find_created(IMAGE.connect(driver.api), stored.inputs)
    assert found is not None
    assert found.state["snapshotId"] == ""
    afresh = await driver.finish(IMAGE, found)
    assert afresh.state["builderId"] != stored.state["builderId"]
    assert count_objects(driver) == {"sandboxes": 1, "snapshots": 1}
    await driver.delete(IMAGE, afresh)
    assert await lifecycle.find_created(IMAGE.connect(driver.api), stored.inputs) is None


async def test_a_snapshot_that_is_still_being_taken_is_waited_for(driver: LifecycleDriver) -> None:
    recipe = image_inputs(write_step("1"))
    stored = await interrupt_build(driver, recipe)
    driver.emulator.change_settings(durations={"snapshot": 60})
    await driver.api.snapshots.create(stored.state["builderId"], name=f"web-{stored.state['recipeDigest']}")
    found = await lifecycle.find_created(IMAGE.connect(driver.api), stored.inputs)
    assert found is not None
    driver.emulator.clear_log()
    finishing = asyncio.ensure_future(driver.finish(IMAGE, found))
    while not driver.emulator.counts().get("GET /snapshots/{id}"):  # noqa: ASYNC110  the platform is another thread's
        await asyncio.sleep(0.01)
    driver.emulator.advance(60)
    observed = await finishing
    assert observed.state["builderId"] == stored.state["builderId"]
    assert count_objects(driver) == {"sandboxes": 1, "snapshots": 1}


async def test_an_image_whose_snapshot_is_gone_is_built_again(driver: LifecycleDriver) -> None:
    first = await driver.create(IMAGE, **image_inputs(write_step("1")))
    second = await driver.update(IMAGE, first, **image_inputs(write_step("2")))
    same = await driver.read(IMAGE, second)
    assert same is not None
    assert same.state == second.state
    await driver.api.snapshots.delete(second.state["snapshotId"])
    observed = await driver.read(IMAGE, second)
    assert observed is not None
    assert (observed.state["recipeDigest"], image_ids(observed)) == ("", [first.state["recipeDigest"]])
    assert IMAGE.diff(observed.inputs, observed.state, second.inputs).changes
    again = await driver.update(IMAGE, observed, **image_inputs(write_step("2")))
    assert image_ids(again) == [second.state["recipeDigest"], first.state["recipeDigest"]]


async def test_what_is_held_fast_is_told_and_goes_the_next_time(driver: LifecycleDriver) -> None:
    first = await driver.create(IMAGE, **image_inputs(write_step("1"), historyLimit=0))
    driver.emulator.inject("status", method="DELETE", path="/sandboxes/{id}", status=409)
    second = await driver.update(IMAGE, first, **image_inputs(write_step("2"), historyLimit=0))
    assert image_ids(second) == [second.state["recipeDigest"], first.state["recipeDigest"]]
    assert any("is not deleted yet" in line for line in driver.log_lines)
    third = await driver.update(IMAGE, second, **image_inputs(write_step("3"), historyLimit=0))
    assert image_ids(third) == [third.state["recipeDigest"]]
    assert count_objects(driver) == {"sandboxes": 1, "snapshots": 1}


async def test_a_failure_after_the_build_keeps_the_image(driver: LifecycleDriver) -> None:
    first = await driver.create(IMAGE, **image_inputs(write_step("1"), historyLimit=0))
    driver.emulator.inject("status", method="DELETE", path="/sandboxes/{id}", status=403)
    with pytest.raises(ResourceInitFailed) as caught:
        await driver.update(IMAGE, first, **image_inputs(write_step("2"), historyLimit=0))
    half = caught.value.stored
    assert half.state["recipeDigest"] not in ("", first.state["recipeDigest"])
    driver.take_requests()
    stored = await driver.finish(
        IMAGE, StoredResource(half.id, image_inputs(write_step("2"), historyLimit=0), half.state)
    )
    assert CREATE not in driver.take_requests()
    assert image_ids(stored) == [half.state["recipeDigest"]]


async def test_a_preview_knows_the_snapshot_where_the_recipe_stays(driver: LifecycleDriver) -> None:
    stored = await driver.create(IMAGE, **image_inputs(write_step("1")))
    same = IMAGE.preview_update(stored.state, image_inputs(write_step("1"), historyLimit=3))
    assert (same["snapshotId"], same["historyLimit"]) == (stored.state["snapshotId"], 3)
    rebuilt = IMAGE.preview_update(stored.state, image_inputs(write_step("2")))
    assert (rebuilt["snapshotId"], rebuilt["uid"]) == (UNKNOWN, stored.state["uid"])
    unreadable = IMAGE.preview_update(stored.state, image_inputs({"path": "x", "sourcePath": "/no/such"}))
    assert unreadable["snapshotId"] is UNKNOWN
    created = IMAGE.preview_create(image_inputs(write_step("1")))
    assert (created["snapshotId"], created["recipeDigest"]) == (UNKNOWN, stored.state["recipeDigest"])
    assert "steps" not in {**same, **created}


async def test_an_import_is_clean_where_the_recipe_is_the_same(driver: LifecycleDriver) -> None:
    created = await driver.create(IMAGE, **image_inputs(write_step("1")))
    stored = await lifecycle.read(IMAGE.connect(driver.api), "web", None)
    assert stored is not None
    assert stored.inputs == {"name": "web"}
    assert not [
        change
        for change in IMAGE.diff(stored.inputs, stored.state, created.inputs).changes
        if change.property_name in ("steps", "recipeDigest")
    ]
    assert await lifecycle.read(IMAGE.connect(driver.api), "we", None) is None


async def test_the_recipe_is_what_the_image_is_made_by_and_nothing_else(driver: LifecycleDriver) -> None:
    recipe = image_inputs(write_step("1"), run_step("true", timeoutSeconds=5), env={"TOKEN": TOKEN})
    stored = await driver.create(IMAGE, **recipe)

    def changed(**more: Any) -> list[str]:
        return [change.path for change in IMAGE.diff(stored.inputs, stored.state, {**stored.inputs, **more}).changes]

    assert changed(steps=[write_step("1"), run_step("true", timeoutSeconds=9)]) == []
    assert changed(env={"TOKEN": "renewed"}) == ["env.TOKEN"]
    assert "recipeDigest" in changed(env={"TOKEN": TOKEN, "MORE": "1"})
    assert changed(historyLimit=2) == ["historyLimit"]
    assert changed(cpu=2) == ["cpu", "recipeDigest"]
    assert changed(egress={"mode": "deny_all"}) == ["egress", "recipeDigest"]
    assert changed(sourceSnapshotId="other") == ["sourceSnapshotId", "recipeDigest"]
    assert changed(steps=[run_step("true", timeoutSeconds=5)]) == ["steps[0]", "recipeDigest", "steps[1]"]
    assert changed(steps=[UNKNOWN]) == ["steps[0]", "steps[1]"]
    assert "recipeDigest" in changed(steps=[{"path": "x", "sourcePath": "/no/such"}])
    assert TOKEN not in json.dumps({name: value for name, value in stored.state.items() if name != "env"})


async def test_an_archive_of_which_only_the_hash_is_told_is_the_one_of_before(driver: LifecycleDriver) -> None:
    whole = Archive(assets={"a": Asset(text="A")}, hash="h")
    stored = await driver.create(IMAGE, **image_inputs({"path": "x", "source": whole}))
    output = image_inputs({"path": "x", "source": Archive(hash="h")}, historyLimit=1)
    assert not IMAGE.diff(output, stored.state, output).changes
    other = image_inputs({"path": "x", "source": Archive(hash="i")}, historyLimit=1)
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
def test_a_step_that_cannot_be_is_refused_by_its_path(step: dict[str, Any], path: str) -> None:
    (failure,) = IMAGE.check({}, image_inputs(step), str)[1]
    assert failure.path == path


def test_steps_warn_of_patterns_that_match_nothing_and_pass_over_what_is_not_known_or_not_at_hand() -> None:
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


def test_a_name_leaves_room_for_the_recipe() -> None:
    assert IMAGE.check({}, {"name": "x" * 51}, str)[1]
    name = generate_name(
        "a-very-long-name-that-goes-on-and-on-and-on-and-on", "abcdef0", max_length=IMAGE.max_name_length
    )
    assert IMAGE.check({}, {"name": name}, str)[1] == []
    assert name.endswith("-abcdef0")
