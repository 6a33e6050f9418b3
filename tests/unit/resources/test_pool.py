"""The SandboxPool resource against the emulator."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.lifecycle import create_and_finish
from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.core import lifecycle
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.errors import Cancelled, InputError, OperationFailed
from neev_provider.core.lifecycle import ResourceInitFailed, StoredResource
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import Deadline
from neev_provider.resources.pool.sandbox_pool import SandboxPoolResource
from neev_provider.resources.sandbox.sandbox import SandboxResource

POOL, SANDBOX = SandboxPoolResource(), SandboxResource()
OPEN = {"mode": "allow_list", "allowInternet": True, "allow": []}
CREATE, DELETE, PATCH = "POST /sandboxes", "DELETE /sandboxes/{id}", "PATCH /sandboxes/{id}"


def get_members(stored: StoredResource | None) -> list[dict[str, Any]]:
    """Return the members in the state."""
    assert stored is not None
    found: list[dict[str, Any]] = stored.state["members"]
    return found


def get_problems(stored: StoredResource | None) -> dict[int, str]:
    """Return the problem of each member that has one, by its index."""
    return {place: member["problem"] for place, member in enumerate(get_members(stored)) if "problem" in member}


def plan_paths(stored: StoredResource, **inputs: Any) -> list[str]:
    """Return the paths of the changes in a plan."""
    new, failed = POOL.check(stored.inputs, inputs, str)
    assert failed == []
    return [change.path for change in POOL.diff(stored.inputs, stored.state, new).changes]


async def list_names(driver: LifecycleDriver) -> list[str]:
    """Return the sorted names of all sandboxes."""
    return sorted(item.name for item in await driver.api.sandboxes.list())


async def test_a_create_stores_the_members_and_their_common_properties(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=3, cpu=2)
    assert pool.id == "fleet"
    assert [member["name"] for member in get_members(pool)] == await list_names(driver)
    assert {member["phase"] for member in get_members(pool)} == {"Ready"}
    assert all(member["id"] and member["connectUrl"].startswith("http") for member in get_members(pool))
    assert (pool.state["readyReplicas"], pool.state["cpu"], pool.state["memoryGb"]) == (3, 2, 2)
    assert Counter(driver.take_requests()) == {CREATE: 3}


async def test_scaling_creates_or_deletes_only_the_difference(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=4)
    first = [member["id"] for member in get_members(pool)]
    driver.take_requests()
    pool = await driver.update(POOL, pool, name="fleet", replicas=6)
    assert Counter(driver.take_requests()) == {CREATE: 2}
    assert [member["id"] for member in get_members(pool)][:4] == first
    pool = await driver.update(POOL, pool, name="fleet", replicas=3)
    assert Counter(driver.take_requests()) == {DELETE: 3}
    assert [member["id"] for member in get_members(pool)] == first[:3]


async def test_a_refresh_detects_missing_members_and_an_update_recreates_only_them(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=5)
    for place in (1, 3):
        await driver.api.sandboxes.delete(get_members(pool)[place]["id"])
    driver.emulator.advance(1)
    observed = await driver.read(POOL, pool)
    assert get_problems(observed) == {1: "it is missing", 3: "it is missing"}
    assert observed is not None
    assert observed.state["readyReplicas"] == 3
    gone = [get_members(pool)[place]["name"] for place in (1, 3)]
    assert plan_paths(observed, name="fleet", replicas=5) == [f'["{name}"]' for name in gone]
    driver.take_requests()
    healed = await driver.update(POOL, observed, name="fleet", replicas=5)
    assert Counter(driver.take_requests()) == {CREATE: 2}
    assert get_problems(healed) == {}
    assert plan_paths(healed, name="fleet", replicas=5) == []
    kept = [member["id"] for member in get_members(healed)]
    assert [kept[place] == member["id"] for place, member in enumerate(get_members(pool))] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_a_plan_names_at_most_twenty_members() -> None:
    missing = [{"name": f"fleet-abc123-{index}", "phase": "Missing", "problem": "it is missing"} for index in range(30)]
    message = {"name": "fleet", "replicas": 30}
    changes = POOL.diff(message, {**message, "members": missing}, message).changes
    assert (len(changes), changes[0].property_name, changes[-1].property_name) == (
        21,
        "fleet-abc123-0",
        "10 more members",
    )


async def test_a_failed_member_is_recreated_with_the_same_name(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=2)
    name = get_members(pool)[1]["name"]
    driver.emulator.inject("stuck_phase", method="GET", path="/sandboxes*", phase="RestoreFailed")
    await driver.api.sandboxes.get(name)
    observed = await driver.read(POOL, pool)
    assert get_problems(observed) == {1: "it failed (RestoreFailed)"}
    assert observed is not None
    driver.take_requests()
    healed = await driver.update(POOL, observed, name="fleet", replicas=2)
    assert driver.take_requests() == [DELETE, CREATE]
    assert get_members(healed)[1]["name"] == name
    assert get_members(healed)[1]["id"] != get_members(pool)[1]["id"]


async def test_a_refresh_removes_a_pool_from_the_state_if_all_members_are_missing(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=2)
    for member in get_members(pool):
        await driver.api.sandboxes.delete(member["id"])
    driver.emulator.advance(1)
    assert await driver.read(POOL, pool) is None


async def test_a_pool_with_zero_replicas_is_kept_by_a_refresh(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=0)
    assert get_members(pool) == []
    assert await driver.read(POOL, pool) == pool
    assert (await driver.update(POOL, pool, name="fleet", replicas=1)).state["readyReplicas"] == 1


async def test_an_update_corrects_the_drift_of_inputs_that_are_set(driver: LifecycleDriver) -> None:
    message: dict[str, Any] = {"name": "fleet", "replicas": 3, "cpu": 1}
    pool = await driver.create(POOL, **message)
    ids = [member["id"] for member in get_members(pool)]
    await driver.api.sandboxes.patch(ids[0], {"resources": {"cpu": 4}})
    await driver.api.sandboxes.patch(ids[1], {"egress": {"mode": "allow_list", "allow_internet": True}})
    await driver.api.sandboxes.patch(ids[2], {"resources": {"memory_gb": 8}})
    observed = await driver.read(POOL, pool)
    assert get_problems(observed) == {0: "not as asked for: cpu", 1: "not as asked for: egress"}
    assert observed is not None
    driver.take_requests()
    pool = await driver.update(POOL, observed, **message)
    assert Counter(driver.take_requests()) == {PATCH: 2}
    assert get_problems(await driver.read(POOL, pool)) == {}


async def test_new_members_have_the_same_properties_as_existing_members(driver: LifecycleDriver) -> None:
    """Also for inputs that are no longer set."""
    pool = await driver.create(POOL, name="fleet", replicas=1, cpu=4, idleTimeoutSeconds=600)
    pool = await driver.update(POOL, pool, name="fleet", replicas=3)
    observed = await driver.api.sandboxes.list()
    assert [(item.resources and item.resources.cpu, item.idle_timeout_seconds) for item in observed] == [(4, 600)] * 3


async def test_forked_members_inherit_from_their_source_unless_an_input_is_set(driver: LifecycleDriver) -> None:
    source = await driver.create(SANDBOX, name="source", egress=OPEN, cpu=2)
    pool = await driver.create(POOL, name="fleet", replicas=2, sourceSandboxId=source.id)
    assert (pool.state["egress"], pool.state["cpu"]) == (OPEN, 2)
    driver.take_requests()
    pool = await driver.update(POOL, pool, name="fleet", replicas=3, sourceSandboxId=source.id, egress={})
    assert Counter(driver.take_requests()) == {"POST /sandboxes/{id}/fork": 1, PATCH: 3}
    await driver.delete(SANDBOX, source)
    assert get_problems(await driver.read(POOL, pool)) == {}


async def test_members_from_a_snapshot_are_resized_after_their_create(driver: LifecycleDriver) -> None:
    source = await driver.create(SANDBOX, name="source", cpu=1)
    taken = await driver.api.snapshots.create(source.id, name="base")
    driver.emulator.advance(1)
    driver.take_requests()
    pool = await driver.create(POOL, name="fleet", replicas=2, snapshotId=taken.id, cpu=4)
    assert pool.state["cpu"] == 4
    assert Counter(driver.take_requests()) == {CREATE: 2, PATCH: 2}


async def test_a_create_fails_if_a_pool_of_the_same_name_exists(driver: LifecycleDriver) -> None:
    """A pool of another stack with the same name keeps its members."""
    pool = await driver.create(POOL, name="fleet", replicas=1)
    driver.take_requests()
    with pytest.raises(OperationFailed, match=r"such as fleet-[0-9a-f]{6}-0 \(of 1\).* import the pool by its name"):
        await driver.create(POOL, name="fleet", replicas=2)
    assert driver.take_requests() == []
    assert len(get_members(await driver.read(POOL, pool))) == 1


async def test_sandboxes_with_the_same_name_prefix_are_not_members(driver: LifecycleDriver) -> None:
    other = await driver.create(POOL, name="fleet-2", replicas=1)
    await driver.create(SANDBOX, name="fleet-boss")
    pool = await driver.create(POOL, name="fleet", replicas=1)
    assert len(get_members(pool)) == 1
    await driver.delete(POOL, pool)
    assert set(await list_names(driver)) == {"fleet-boss", get_members(other)[0]["name"]}


async def test_a_foreign_sandbox_with_the_name_of_a_member_is_logged_and_kept(driver: LifecycleDriver) -> None:
    """Such as the members of another stack's pool that was created at the same time."""
    pool = await driver.create(POOL, name="fleet", replicas=2)
    other = await driver.api.sandboxes.create({"name": "fleet-abcdef-7"})
    observed = await driver.read(POOL, pool)
    assert get_members(observed) == get_members(pool)
    for replicas in (3, 1):
        pool = await driver.update(POOL, pool, name="fleet", replicas=replicas)
        assert other.id not in {member["id"] for member in get_members(pool)}
    pool = await driver.update(POOL, pool, name="fleet", replicas=1, env={"A": "1"})
    await driver.delete(POOL, pool)
    assert await list_names(driver) == ["fleet-abcdef-7"]
    assert len(driver.log_lines) == 4
    assert driver.log_lines[-1].startswith(
        f"fleet-abcdef-7 ({other.id}): called like members of the pool fleet, but not"
    )


async def test_two_pools_of_the_same_name_created_concurrently_do_not_affect_each_other(
    driver: LifecycleDriver,
) -> None:
    """Each is started before the other has a member."""
    checked, _ = POOL.check({}, {"name": "fleet", "replicas": 2}, str)
    begun = [await lifecycle.start_create(POOL.connect(driver.api), checked, driver.new_context()) for _ in range(2)]
    call = driver.new_context
    one, two = [
        await lifecycle.finish_create(POOL.connect(driver.api), item, call(), just_created=True) for item in begun
    ]
    assert not {member["id"] for member in get_members(one)} & {member["id"] for member in get_members(two)}
    assert get_problems(await driver.read(POOL, one)) == get_problems(await driver.read(POOL, two)) == {}
    await driver.delete(POOL, one)
    assert await list_names(driver) == sorted(member["name"] for member in get_members(two))
    with pytest.raises(OperationFailed, match="They may belong to somebody else"):
        await driver.create(POOL, name="fleet", replicas=1)
    await driver.delete(POOL, two)
    assert await list_names(driver) == []


async def test_a_delete_needs_only_the_ids_of_the_members(driver: LifecycleDriver) -> None:
    """The rest of the state may be invalid. A sandbox without a recorded id and generation is kept."""
    pool = await driver.create(POOL, name="fleet", replicas=3)
    ids = [{"id": member["id"], "name": 5} for member in get_members(pool)]
    strange = {"members": [ids[0], 7, {"id": 1}, ids[2]], "templateHash": "0", "uid": 5}
    await lifecycle.delete(POOL.connect(driver.api), pool.id, driver.new_context(stored=strange))
    assert await list_names(driver) == [get_members(pool)[1]["name"]]


async def test_the_state_of_an_older_version_keeps_its_members_and_adopts_no_others(driver: LifecycleDriver) -> None:
    """Its generation is the digest of its source, so other pools with the same inputs have the same."""
    pool = await driver.create(POOL, name="fleet", replicas=1)
    message = pool.state["templateDigest"]
    await driver.delete(POOL, pool)
    own = await driver.api.sandboxes.create({"name": f"fleet-{message}-0"})
    foreign = await driver.api.sandboxes.create({"name": f"fleet-{message}-1"})
    driver.emulator.advance(1)
    recorded = [{"name": own.name, "id": own.id, "phase": "Ready"}]
    state = {"name": "fleet", "replicas": 1, "members": recorded, "templateHash": message, "templateDigest": message}
    old = StoredResource("fleet", {"name": "fleet", "replicas": 1}, state)
    observed = await driver.read(POOL, old)
    assert [member["id"] for member in get_members(observed)] == [own.id]
    with pytest.raises(ResourceInitFailed, match=r"1 of 2 members failed.*409.*Another sandbox has the name") as failed:
        await driver.update(POOL, old, name="fleet", replicas=2)
    kept = failed.value.stored
    assert get_problems(kept) == {1: "another sandbox has its name"}
    rolled = await driver.update(POOL, kept, name="fleet", replicas=2, env={"A": "1"})
    assert own.name not in await list_names(driver)
    await driver.delete(POOL, rolled)
    assert await list_names(driver) == [foreign.name]


async def test_members_of_an_interrupted_update_are_adopted_by_their_generation(driver: LifecycleDriver) -> None:
    """As after a plugin was killed: the state is the old one."""
    before = await driver.create(POOL, name="fleet", replicas=1)
    scaled = await driver.update(POOL, before, name="fleet", replicas=2)
    observed = await driver.read(POOL, before)
    assert get_problems(observed) == {1: "it is one too many"}
    driver.take_requests()
    again = await driver.update(POOL, before, name="fleet", replicas=2)
    assert (driver.take_requests(), get_members(again)) == ([], get_members(scaled))
    rolled = await driver.update(POOL, again, name="fleet", replicas=2, env={"A": "1"})
    driver.take_requests()
    assert get_members(await driver.update(POOL, again, name="fleet", replicas=2, env={"A": "1"})) == get_members(
        rolled
    )
    assert driver.take_requests() == []
    await driver.delete(POOL, before)
    assert await list_names(driver) == [member["name"] for member in get_members(rolled)]
    await driver.delete(POOL, rolled)


async def test_find_created_finds_neither_of_two_pools_and_an_import_reads_the_larger_one(
    driver: LifecycleDriver,
) -> None:
    checked, _ = POOL.check({}, {"name": "fleet", "replicas": 2}, str)
    begun = [await lifecycle.start_create(POOL.connect(driver.api), checked, driver.new_context()) for _ in range(2)]
    one = await driver.finish(POOL, begun[0])
    await driver.api.sandboxes.create({"name": "fleet-abcdef-0"})
    assert (
        await POOL.connect(driver.api).find_created(POOL.inputs.model_validate({"name": "fleet", "replicas": 2}))
        is None
    )
    imported = await lifecycle.read(POOL.connect(driver.api), "fleet", None)
    assert get_members(imported) == get_members(one)


async def test_a_failed_delete_of_a_member_is_an_error_and_can_be_retried(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=3)
    driver.emulator.inject("status", method="DELETE", path="/sandboxes/*", status=409)
    with pytest.raises(OperationFailed, match=r"1 could not be deleted\. DELETE .* 409"):
        await driver.delete(POOL, pool)
    await driver.delete(POOL, pool)
    assert await list_names(driver) == []


async def test_a_pool_is_imported_by_its_name_and_the_plan_has_no_changes(driver: LifecycleDriver) -> None:
    message: dict[str, Any] = {"name": "fleet", "replicas": 2, "env": {"A": "1"}, "cpu": 2, "egress": OPEN}
    created = await driver.create(POOL, **message)
    imported = await lifecycle.read(POOL.connect(driver.api), "fleet", None)
    assert imported is not None
    assert get_members(imported) == get_members(created)
    assert (imported.inputs["replicas"], imported.inputs["cpu"], imported.inputs["egress"]) == (2, 2, OPEN)
    # with the imported inputs
    assert plan_paths(imported, **imported.inputs) == []
    refreshed = await driver.read(POOL, imported)
    assert refreshed is not None
    assert plan_paths(refreshed, **imported.inputs) == []
    # with the original inputs: the environment is only stored
    driver.take_requests()
    again = await driver.update(POOL, imported, **message)
    assert driver.take_requests() == []
    assert get_members(again) == get_members(created)


async def test_a_missing_pool_or_an_invalid_name_cannot_be_imported(driver: LifecycleDriver) -> None:
    assert await lifecycle.read(POOL.connect(driver.api), "fleet", None) is None
    with pytest.raises(InputError, match="must be the name of the pool"):
        await lifecycle.read(POOL.connect(driver.api), "f" * 60, None)


async def test_an_interrupted_create_is_found_by_its_name_and_finished(driver: LifecycleDriver) -> None:
    """As after the engine was killed: only the inputs are known."""
    message: dict[str, Any] = {"name": "fleet", "replicas": 3}
    checked, _ = POOL.check({}, message, str)
    assert await POOL.connect(driver.api).find_created(POOL.inputs.model_validate(message)) is None
    pool = await driver.create(POOL, **message)
    for place in (0, 2):
        await driver.api.sandboxes.delete(get_members(pool)[place]["id"])
    driver.emulator.advance(1)
    found = await POOL.connect(driver.api).find_created(POOL.inputs.model_validate(message))
    assert found is not None
    driver.take_requests()
    again = await driver.finish(POOL, StoredResource(found.id, checked, POOL.build_state(checked, found)))
    assert Counter(driver.take_requests()) == {CREATE: 2}
    assert get_members(again)[1] == get_members(pool)[1]


async def test_a_lost_create_response_creates_no_duplicate_member(driver: LifecycleDriver) -> None:
    driver.emulator.inject("reset_after", method="POST", path="/sandboxes", skip=1)
    pool = await driver.create(POOL, name="fleet", replicas=4)
    assert len(await list_names(driver)) == 4
    assert get_problems(pool) == {}


async def test_a_sandbox_of_a_late_create_request_is_adopted_by_the_next_update(driver: LifecycleDriver) -> None:
    """As if the last request of a killed plugin arrived after the list was read; the next update reads it again."""
    pool = await driver.create(POOL, name="fleet", replicas=1)
    late = await driver.api.sandboxes.create({"name": f"fleet-{pool.state['templateHash']}-1"})
    driver.emulator.clear_log()
    driver.emulator.inject("truncated_list", method="GET", path="/sandboxes", times=3)
    with pytest.raises(ResourceInitFailed, match=r"409.*is taken by the next update") as failed:
        await driver.update(POOL, pool, name="fleet", replicas=2)
    assert [entry["status"] for entry in driver.emulator.mutating_requests] == [409]
    driver.emulator.control("DELETE", "faults")
    pool = await driver.update(POOL, failed.value.stored, name="fleet", replicas=2)
    assert get_members(pool)[1]["id"] == late.id
    assert get_problems(pool) == {}


async def test_a_create_succeeds_after_rate_limit_responses(driver: LifecycleDriver) -> None:
    for _ in range(3):
        driver.emulator.inject("status", method="POST", path="/sandboxes", status=429, retry_after=0)
    pool = await driver.create(POOL, name="fleet", replicas=5)
    assert len(await list_names(driver)) == 5
    assert get_problems(pool) == {}


async def test_the_other_members_are_created_if_one_create_fails(driver: LifecycleDriver) -> None:
    driver.emulator.inject("status", method="POST", path="/sandboxes", status=500, body={"message": "no room"})
    with pytest.raises(ResourceInitFailed, match=r"1 of 4 members failed\. .*500") as failed:
        await driver.create(POOL, name="fleet", replicas=4)
    kept = failed.value.stored
    assert kept.state["readyReplicas"] == 3
    assert list(get_problems(kept).values()) == ["it is missing"]
    driver.take_requests()
    assert (await driver.finish(POOL, kept)).state["readyReplicas"] == 4
    assert Counter(driver.take_requests()) == {CREATE: 1}


async def test_a_member_that_is_not_ready_in_time_is_in_the_error_and_in_the_next_plan(driver: LifecycleDriver) -> None:
    driver.emulator.inject("stuck_phase", method="POST", path="/sandboxes", phase="Pending", skip=1)
    checked, _ = POOL.check({}, {"name": "fleet", "replicas": 3}, str)
    with pytest.raises(
        ResourceInitFailed, match=r"1 of 3 members failed\. .*last seen: Pending \(fleet-\w+-\d\)"
    ) as failed:
        await create_and_finish(POOL.connect(driver.api), checked, driver.new_context(seconds=3))
    kept = failed.value.stored
    assert kept.state["readyReplicas"] == 2
    (place,) = get_problems(kept)
    assert get_members(kept)[place]["phase"] == "Pending"
    assert plan_paths(kept, name="fleet", replicas=3) == [f'["{get_members(kept)[place]["name"]}"]']


async def test_the_pool_stops_creating_members_after_a_quota_error(driver: LifecycleDriver) -> None:
    refusals = {"status": 403, "body": {"code": "sandbox_quota_exceeded", "message": "no more"}}
    driver.emulator.inject("status", method="POST", path="/sandboxes", times=300, **refusals)
    with pytest.raises(ResourceInitFailed, match=r"of 300 members failed\. .*sandbox_quota_exceeded.*and \d+ more"):
        await driver.create(POOL, name="fleet", replicas=300)
    assert len(driver.take_requests()) < 200


async def test_a_cancelled_create_stores_the_members_that_exist(driver: LifecycleDriver) -> None:
    driver.emulator.change_settings(durations={"create": 3600})
    checked, _ = POOL.check({}, {"name": "fleet", "replicas": 5}, str)
    stop = asyncio.Event()

    def stop_when_ready(_text: str) -> None:
        if driver.emulator.counts()[CREATE] == 5:
            stop.set()

    with pytest.raises(ResourceInitFailed) as stopped:
        await create_and_finish(
            POOL.connect(driver.api),
            checked,
            OperationContext("Test", Deadline(60, SYSTEM_CLOCK, stop, stop_when_ready)),
        )
    assert isinstance(stopped.value.__cause__, Cancelled)
    kept = stopped.value.stored
    assert [member["phase"] for member in get_members(kept)] == ["Pending"] * 5
    driver.emulator.advance(3600 + 60)  # and addressable
    assert (await driver.finish(POOL, kept)).state["readyReplicas"] == 5
    assert driver.emulator.counts()[CREATE] == 5


async def test_progress_is_reported_as_a_number_of_members(driver: LifecycleDriver) -> None:
    output: list[str] = []
    checked, _ = POOL.check({}, {"name": "fleet", "replicas": 3}, str)
    call = OperationContext("Test", Deadline(60, SYSTEM_CLOCK, asyncio.Event(), output.append))
    pool = await create_and_finish(POOL.connect(driver.api), checked, call)
    assert output[-1].startswith("3 of 3 ready, ")
    await POOL.connect(driver.api).delete(pool.id, replace(call, state=pool.state))
    assert output[-1].startswith("3 of 3 gone, ")


async def test_a_reverted_source_reuses_the_remaining_members(driver: LifecycleDriver) -> None:
    message: dict[str, Any] = {"name": "fleet", "replicas": 2, "maxSurge": 1, "maxUnavailable": 0}
    pool = await driver.create(POOL, **message, env={"A": "1"})
    driver.emulator.inject("status", method="POST", path="/sandboxes", status=400, skip=1, times=5)
    with pytest.raises(ResourceInitFailed) as failed:
        await driver.update(POOL, pool, **message, env={"A": "2"})
    half = failed.value.stored
    assert len(get_members(half)) == 3
    driver.emulator.control("DELETE", "faults")
    driver.take_requests()
    back = await driver.update(POOL, half, **message, env={"A": "1"})
    assert [member["name"] for member in get_members(back)] == [member["name"] for member in get_members(pool)]
    assert Counter(driver.take_requests()) == {CREATE: 1, DELETE: 1}


@pytest.mark.parametrize("how", ["cancelled", "late"])
async def test_a_member_whose_request_hangs_at_a_cancel_or_timeout_is_adopted(
    driver: LifecycleDriver, how: str
) -> None:
    driver.emulator.inject("delay", method="POST", path="/sandboxes", seconds=30, execute_first=True)
    checked, _ = POOL.check({}, {"name": "fleet", "replicas": 3}, str)
    stop = asyncio.Event()

    def stop_when_ready(text: str) -> None:
        if text.startswith("2 of 3 ready") and how == "cancelled":
            stop.set()

    with pytest.raises(ResourceInitFailed) as stopped:
        await create_and_finish(
            POOL.connect(driver.api),
            checked,
            OperationContext("Test", Deadline(3, SYSTEM_CLOCK, stop, stop_when_ready)),
        )
    assert isinstance(stopped.value.__cause__, Cancelled) or "not done after 3 s; last seen: under way" in str(
        stopped.value
    )
    kept = stopped.value.stored
    assert sorted(member["phase"] for member in get_members(kept)) == ["Missing", "Ready", "Ready"]
    driver.take_requests()
    assert (await driver.finish(POOL, kept)).state["readyReplicas"] == 3
    assert driver.take_requests() == []


async def test_max_unavailable_limits_resizes_but_not_pauses_and_resumes(driver: LifecycleDriver) -> None:
    message: dict[str, Any] = {"name": "fleet", "replicas": 4, "maxUnavailable": 1}
    pool = await driver.create(POOL, **message)
    driver.take_requests()
    pool = await driver.update(POOL, pool, **message, paused=True)
    assert {member["phase"] for member in get_members(pool)} == {"Paused"}
    pool = await driver.update(POOL, pool, **message, paused=False, cpu=2)
    assert pool.state["readyReplicas"] == 4
    sent = driver.take_requests()
    assert sent[:4] == ["POST /sandboxes/{id}/pause"] * 4
    # each member is resized and then resumed; the order of the members is undefined
    resume = "POST /sandboxes/{id}/resume"
    assert Counter(sent[4:]) == {PATCH: 4, resume: 4}
    assert all(sent[4:end].count(resume) <= sent[4:end].count(PATCH) for end in range(4, 13))


async def test_idle_members_are_resumed_if_paused_is_set_to_false(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=2, idleTimeoutSeconds=60)
    driver.emulator.advance(120)
    observed = await driver.read(POOL, pool)
    assert get_problems(observed) == {}
    assert observed is not None
    pool = await driver.update(POOL, observed, name="fleet", replicas=2, idleTimeoutSeconds=60, paused=False)
    assert pool.state["readyReplicas"] == 2


async def test_a_conflict_without_a_member_of_that_name_is_an_error(driver: LifecycleDriver) -> None:
    driver.emulator.inject("status", method="POST", path="/sandboxes", status=409)
    with pytest.raises(ResourceInitFailed, match=r"1 of 2 members failed\. .*409"):
        await driver.create(POOL, name="fleet", replicas=2)


async def test_an_imported_pool_has_its_template_and_no_image(driver: LifecycleDriver) -> None:
    template = "sb-ubuntu-26-04-minimal"
    await driver.create(POOL, name="fleet", replicas=1, templateId=template)
    imported = await lifecycle.read(POOL.connect(driver.api), "fleet", None)
    assert imported is not None
    assert imported.inputs["templateId"] == template
    assert "image" not in imported.inputs
