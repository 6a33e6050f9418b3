"""Pools on a platform."""

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


def pool_members(stored: StoredResource | None) -> list[dict[str, Any]]:
    """The members as the state holds them."""
    assert stored is not None
    found: list[dict[str, Any]] = stored.state["members"]
    return found


def member_problems(stored: StoredResource | None) -> dict[int, str]:
    """What is wrong with which member, by its place."""
    return {place: member["problem"] for place, member in enumerate(pool_members(stored)) if "problem" in member}


def planned_paths(stored: StoredResource, **inputs: Any) -> list[str]:
    """The paths that a plan shows."""
    new, failed = POOL.check(stored.inputs, inputs, str)
    assert failed == []
    return [change.path for change in POOL.diff(stored.inputs, stored.state, new).changes]


async def sandbox_names(driver: LifecycleDriver) -> list[str]:
    """What is there on the platform."""
    return sorted(item.name for item in await driver.api.sandboxes.list())


async def test_a_pool_is_its_members_and_what_they_have_in_common(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=3, cpu=2)
    assert pool.id == "fleet"
    assert [member["name"] for member in pool_members(pool)] == await sandbox_names(driver)
    assert {member["phase"] for member in pool_members(pool)} == {"Ready"}
    assert all(member["id"] and member["connectUrl"].startswith("http") for member in pool_members(pool))
    assert (pool.state["readyReplicas"], pool.state["cpu"], pool.state["memoryGb"]) == (3, 2, 2)
    assert Counter(driver.take_requests()) == {CREATE: 3}


async def test_scaling_touches_only_the_difference(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=4)
    first = [member["id"] for member in pool_members(pool)]
    driver.take_requests()
    pool = await driver.update(POOL, pool, name="fleet", replicas=6)
    assert Counter(driver.take_requests()) == {CREATE: 2}
    assert [member["id"] for member in pool_members(pool)][:4] == first
    pool = await driver.update(POOL, pool, name="fleet", replicas=3)
    assert Counter(driver.take_requests()) == {DELETE: 3}
    assert [member["id"] for member in pool_members(pool)] == first[:3]


async def test_members_that_are_gone_are_seen_by_a_refresh_and_exactly_they_are_made(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=5)
    for place in (1, 3):
        await driver.api.sandboxes.delete(pool_members(pool)[place]["id"])
    driver.emulator.advance(1)
    observed = await driver.read(POOL, pool)
    assert member_problems(observed) == {1: "it is missing", 3: "it is missing"}
    assert observed is not None
    assert observed.state["readyReplicas"] == 3
    gone = [pool_members(pool)[place]["name"] for place in (1, 3)]
    assert planned_paths(observed, name="fleet", replicas=5) == [f'["{name}"]' for name in gone]
    driver.take_requests()
    healed = await driver.update(POOL, observed, name="fleet", replicas=5)
    assert Counter(driver.take_requests()) == {CREATE: 2}
    assert member_problems(healed) == {}
    assert planned_paths(healed, name="fleet", replicas=5) == []
    kept = [member["id"] for member in pool_members(healed)]
    assert [kept[place] == member["id"] for place, member in enumerate(pool_members(pool))] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_a_plan_names_no_more_members_than_anybody_reads() -> None:
    missing = [{"name": f"fleet-abc123-{index}", "phase": "Missing", "problem": "it is missing"} for index in range(30)]
    message = {"name": "fleet", "replicas": 30}
    changes = POOL.diff(message, {**message, "members": missing}, message).changes
    assert (len(changes), changes[0].property_name, changes[-1].property_name) == (
        21,
        "fleet-abc123-0",
        "10 more members",
    )


async def test_a_member_that_failed_is_made_anew_under_its_name(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=2)
    name = pool_members(pool)[1]["name"]
    driver.emulator.inject("stuck_phase", method="GET", path="/sandboxes*", phase="RestoreFailed")
    await driver.api.sandboxes.get(name)
    observed = await driver.read(POOL, pool)
    assert member_problems(observed) == {1: "it failed (RestoreFailed)"}
    assert observed is not None
    driver.take_requests()
    healed = await driver.update(POOL, observed, name="fleet", replicas=2)
    assert driver.take_requests() == [DELETE, CREATE]
    assert pool_members(healed)[1]["name"] == name
    assert pool_members(healed)[1]["id"] != pool_members(pool)[1]["id"]


async def test_a_pool_whose_every_member_is_gone_is_gone(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=2)
    for member in pool_members(pool):
        await driver.api.sandboxes.delete(member["id"])
    driver.emulator.advance(1)
    assert await driver.read(POOL, pool) is None


async def test_a_pool_of_none_is_there(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=0)
    assert pool_members(pool) == []
    assert await driver.read(POOL, pool) == pool
    assert (await driver.update(POOL, pool, name="fleet", replicas=1)).state["readyReplicas"] == 1


async def test_what_was_changed_outside_is_put_right_where_the_program_says_it(driver: LifecycleDriver) -> None:
    message: dict[str, Any] = {"name": "fleet", "replicas": 3, "cpu": 1}
    pool = await driver.create(POOL, **message)
    ids = [member["id"] for member in pool_members(pool)]
    await driver.api.sandboxes.patch(ids[0], {"resources": {"cpu": 4}})
    await driver.api.sandboxes.patch(ids[1], {"egress": {"mode": "allow_list", "allow_internet": True}})
    await driver.api.sandboxes.patch(ids[2], {"resources": {"memory_gb": 8}})
    observed = await driver.read(POOL, pool)
    assert member_problems(observed) == {0: "not as asked for: cpu", 1: "not as asked for: egress"}
    assert observed is not None
    driver.take_requests()
    pool = await driver.update(POOL, observed, **message)
    assert Counter(driver.take_requests()) == {PATCH: 2}
    assert member_problems(await driver.read(POOL, pool)) == {}


async def test_members_that_come_later_are_like_those_that_are_there(driver: LifecycleDriver) -> None:
    """Also where the program no longer says how they are."""
    pool = await driver.create(POOL, name="fleet", replicas=1, cpu=4, idleTimeoutSeconds=600)
    pool = await driver.update(POOL, pool, name="fleet", replicas=3)
    observed = await driver.api.sandboxes.list()
    assert [(item.resources and item.resources.cpu, item.idle_timeout_seconds) for item in observed] == [(4, 600)] * 3


async def test_forks_have_what_their_source_has_unless_told_otherwise(driver: LifecycleDriver) -> None:
    source = await driver.create(SANDBOX, name="source", egress=OPEN, cpu=2)
    pool = await driver.create(POOL, name="fleet", replicas=2, sourceSandboxId=source.id)
    assert (pool.state["egress"], pool.state["cpu"]) == (OPEN, 2)
    driver.take_requests()
    pool = await driver.update(POOL, pool, name="fleet", replicas=3, sourceSandboxId=source.id, egress={})
    assert Counter(driver.take_requests()) == {"POST /sandboxes/{id}/fork": 1, PATCH: 3}
    await driver.delete(SANDBOX, source)
    assert member_problems(await driver.read(POOL, pool)) == {}


async def test_members_from_a_snapshot_are_sized_once_they_are_there(driver: LifecycleDriver) -> None:
    source = await driver.create(SANDBOX, name="source", cpu=1)
    taken = await driver.api.snapshots.create(source.id, name="base")
    driver.emulator.advance(1)
    driver.take_requests()
    pool = await driver.create(POOL, name="fleet", replicas=2, snapshotId=taken.id, cpu=4)
    assert pool.state["cpu"] == 4
    assert Counter(driver.take_requests()) == {CREATE: 2, PATCH: 2}


async def test_names_that_others_have_already_are_left_alone(driver: LifecycleDriver) -> None:
    """A pool of another stack with the same name keeps its members."""
    pool = await driver.create(POOL, name="fleet", replicas=1)
    driver.take_requests()
    with pytest.raises(OperationFailed, match=r"such as fleet-[0-9a-f]{6}-0 \(of 1\).* import the pool by its name"):
        await driver.create(POOL, name="fleet", replicas=2)
    assert driver.take_requests() == []
    assert len(pool_members(await driver.read(POOL, pool))) == 1


async def test_others_whose_names_begin_alike_are_not_members(driver: LifecycleDriver) -> None:
    other = await driver.create(POOL, name="fleet-2", replicas=1)
    await driver.create(SANDBOX, name="fleet-boss")
    pool = await driver.create(POOL, name="fleet", replicas=1)
    assert len(pool_members(pool)) == 1
    await driver.delete(POOL, pool)
    assert set(await sandbox_names(driver)) == {"fleet-boss", pool_members(other)[0]["name"]}


async def test_what_is_only_called_like_a_member_is_left_alone_and_said(driver: LifecycleDriver) -> None:
    """As the members of another stack's pool that was created at the same moment."""
    pool = await driver.create(POOL, name="fleet", replicas=2)
    other = await driver.api.sandboxes.create({"name": "fleet-abcdef-7"})
    observed = await driver.read(POOL, pool)
    assert pool_members(observed) == pool_members(pool)
    for replicas in (3, 1):
        pool = await driver.update(POOL, pool, name="fleet", replicas=replicas)
        assert other.id not in {member["id"] for member in pool_members(pool)}
    pool = await driver.update(POOL, pool, name="fleet", replicas=1, env={"A": "1"})
    await driver.delete(POOL, pool)
    assert await sandbox_names(driver) == ["fleet-abcdef-7"]
    assert len(driver.log_lines) == 4
    assert driver.log_lines[-1].startswith(
        f"fleet-abcdef-7 ({other.id}): called like members of the pool fleet, but not"
    )


async def test_two_pools_of_one_name_that_are_created_at_the_same_moment_keep_to_their_own(
    driver: LifecycleDriver,
) -> None:
    """Each has looked before the other has made anything."""
    checked, _ = POOL.check({}, {"name": "fleet", "replicas": 2}, str)
    begun = [await lifecycle.start_create(POOL.connect(driver.api), checked, driver.new_context()) for _ in range(2)]
    call = driver.new_context
    one, two = [
        await lifecycle.finish_create(POOL.connect(driver.api), item, call(), just_created=True) for item in begun
    ]
    assert not {member["id"] for member in pool_members(one)} & {member["id"] for member in pool_members(two)}
    assert member_problems(await driver.read(POOL, one)) == member_problems(await driver.read(POOL, two)) == {}
    await driver.delete(POOL, one)
    assert await sandbox_names(driver) == sorted(member["name"] for member in pool_members(two))
    with pytest.raises(OperationFailed, match="They may belong to somebody else"):
        await driver.create(POOL, name="fleet", replicas=1)
    await driver.delete(POOL, two)
    assert await sandbox_names(driver) == []


async def test_a_delete_needs_only_the_ids(driver: LifecycleDriver) -> None:
    """Whatever else stands in the state; what no id and no generation proves to be the pool's is left."""
    pool = await driver.create(POOL, name="fleet", replicas=3)
    ids = [{"id": member["id"], "name": 5} for member in pool_members(pool)]
    strange = {"members": [ids[0], 7, {"id": 1}, ids[2]], "templateHash": "0", "uid": 5}
    await lifecycle.delete(POOL.connect(driver.api), pool.id, driver.new_context(stored=strange))
    assert await sandbox_names(driver) == [pool_members(pool)[1]["name"]]


async def test_the_pool_of_an_older_version_keeps_its_members_and_takes_no_others(driver: LifecycleDriver) -> None:
    """Its generation is the digest of its source, which anybody makes who says the same."""
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
    assert [member["id"] for member in pool_members(observed)] == [own.id]
    with pytest.raises(ResourceInitFailed, match=r"1 of 2 members failed.*409.*Another sandbox has the name") as failed:
        await driver.update(POOL, old, name="fleet", replicas=2)
    kept = failed.value.stored
    assert member_problems(kept) == {1: "another sandbox has its name"}
    rolled = await driver.update(POOL, kept, name="fleet", replicas=2, env={"A": "1"})
    assert own.name not in await sandbox_names(driver)
    await driver.delete(POOL, rolled)
    assert await sandbox_names(driver) == [foreign.name]


async def test_what_an_update_made_that_nobody_heard_of_is_known_by_its_generation(driver: LifecycleDriver) -> None:
    """As after the death of a plugin: the state is the one of before."""
    before = await driver.create(POOL, name="fleet", replicas=1)
    scaled = await driver.update(POOL, before, name="fleet", replicas=2)
    observed = await driver.read(POOL, before)
    assert member_problems(observed) == {1: "it is one too many"}
    driver.take_requests()
    again = await driver.update(POOL, before, name="fleet", replicas=2)
    assert (driver.take_requests(), pool_members(again)) == ([], pool_members(scaled))
    rolled = await driver.update(POOL, again, name="fleet", replicas=2, env={"A": "1"})
    driver.take_requests()
    assert pool_members(await driver.update(POOL, again, name="fleet", replicas=2, env={"A": "1"})) == pool_members(
        rolled
    )
    assert driver.take_requests() == []
    await driver.delete(POOL, before)
    assert await sandbox_names(driver) == [member["name"] for member in pool_members(rolled)]
    await driver.delete(POOL, rolled)


async def test_of_two_pools_of_one_name_none_is_found_and_the_larger_is_imported(driver: LifecycleDriver) -> None:
    checked, _ = POOL.check({}, {"name": "fleet", "replicas": 2}, str)
    begun = [await lifecycle.start_create(POOL.connect(driver.api), checked, driver.new_context()) for _ in range(2)]
    one = await driver.finish(POOL, begun[0])
    await driver.api.sandboxes.create({"name": "fleet-abcdef-0"})
    assert (
        await POOL.connect(driver.api).find_created(POOL.inputs.model_validate({"name": "fleet", "replicas": 2}))
        is None
    )
    imported = await lifecycle.read(POOL.connect(driver.api), "fleet", None)
    assert pool_members(imported) == pool_members(one)


async def test_members_that_cannot_be_deleted_are_named(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=3)
    driver.emulator.inject("status", method="DELETE", path="/sandboxes/*", status=409)
    with pytest.raises(OperationFailed, match=r"1 could not be deleted\. DELETE .* 409"):
        await driver.delete(POOL, pool)
    await driver.delete(POOL, pool)
    assert await sandbox_names(driver) == []


async def test_a_pool_is_imported_by_its_name_and_plans_clean(driver: LifecycleDriver) -> None:
    message: dict[str, Any] = {"name": "fleet", "replicas": 2, "env": {"A": "1"}, "cpu": 2, "egress": OPEN}
    created = await driver.create(POOL, **message)
    imported = await lifecycle.read(POOL.connect(driver.api), "fleet", None)
    assert imported is not None
    assert pool_members(imported) == pool_members(created)
    assert (imported.inputs["replicas"], imported.inputs["cpu"], imported.inputs["egress"]) == (2, 2, OPEN)
    # as the import would write the program
    assert planned_paths(imported, **imported.inputs) == []
    refreshed = await driver.read(POOL, imported)
    assert refreshed is not None
    assert planned_paths(refreshed, **imported.inputs) == []
    # as the program was written before: the environment is only recorded
    driver.take_requests()
    again = await driver.update(POOL, imported, **message)
    assert driver.take_requests() == []
    assert pool_members(again) == pool_members(created)


async def test_nothing_is_imported_where_there_is_no_such_pool(driver: LifecycleDriver) -> None:
    assert await lifecycle.read(POOL.connect(driver.api), "fleet", None) is None
    with pytest.raises(InputError, match="must be the name of the pool"):
        await lifecycle.read(POOL.connect(driver.api), "f" * 60, None)


async def test_what_an_interrupted_create_made_is_found_and_gone_on_with(driver: LifecycleDriver) -> None:
    """As after a kill of the engine: the name and the program are all that is left."""
    message: dict[str, Any] = {"name": "fleet", "replicas": 3}
    checked, _ = POOL.check({}, message, str)
    assert await POOL.connect(driver.api).find_created(POOL.inputs.model_validate(message)) is None
    pool = await driver.create(POOL, **message)
    for place in (0, 2):
        await driver.api.sandboxes.delete(pool_members(pool)[place]["id"])
    driver.emulator.advance(1)
    found = await POOL.connect(driver.api).find_created(POOL.inputs.model_validate(message))
    assert found is not None
    driver.take_requests()
    again = await driver.finish(POOL, StoredResource(found.id, checked, POOL.build_state(checked, found)))
    assert Counter(driver.take_requests()) == {CREATE: 2}
    assert pool_members(again)[1] == pool_members(pool)[1]


async def test_an_answer_that_got_lost_makes_no_second_member(driver: LifecycleDriver) -> None:
    driver.emulator.inject("reset_after", method="POST", path="/sandboxes", skip=1)
    pool = await driver.create(POOL, name="fleet", replicas=4)
    assert len(await sandbox_names(driver)) == 4
    assert member_problems(pool) == {}


async def test_a_name_that_a_late_request_took_is_the_members_the_next_time(driver: LifecycleDriver) -> None:
    """As when a killed plugin's last request arrives after the list was read: a 409 proves nothing, a look does."""
    pool = await driver.create(POOL, name="fleet", replicas=1)
    late = await driver.api.sandboxes.create({"name": f"fleet-{pool.state['templateHash']}-1"})
    driver.emulator.clear_log()
    driver.emulator.inject("truncated_list", method="GET", path="/sandboxes", times=3)
    with pytest.raises(ResourceInitFailed, match=r"409.*is taken by the next update") as failed:
        await driver.update(POOL, pool, name="fleet", replicas=2)
    assert [entry["status"] for entry in driver.emulator.mutating_requests] == [409]
    driver.emulator.control("DELETE", "faults")
    pool = await driver.update(POOL, failed.value.stored, name="fleet", replicas=2)
    assert pool_members(pool)[1]["id"] == late.id
    assert member_problems(pool) == {}


async def test_being_asked_to_slow_down_makes_no_difference(driver: LifecycleDriver) -> None:
    for _ in range(3):
        driver.emulator.inject("status", method="POST", path="/sandboxes", status=429, retry_after=0)
    pool = await driver.create(POOL, name="fleet", replicas=5)
    assert len(await sandbox_names(driver)) == 5
    assert member_problems(pool) == {}


async def test_one_that_fails_keeps_no_other_from_being_made(driver: LifecycleDriver) -> None:
    driver.emulator.inject("status", method="POST", path="/sandboxes", status=500, body={"message": "no room"})
    with pytest.raises(ResourceInitFailed, match=r"1 of 4 members failed\. .*500") as failed:
        await driver.create(POOL, name="fleet", replicas=4)
    kept = failed.value.stored
    assert kept.state["readyReplicas"] == 3
    assert list(member_problems(kept).values()) == ["it is missing"]
    driver.take_requests()
    assert (await driver.finish(POOL, kept)).state["readyReplicas"] == 4
    assert Counter(driver.take_requests()) == {CREATE: 1}


async def test_one_that_never_gets_ready_is_named_and_waited_for_the_next_time(driver: LifecycleDriver) -> None:
    driver.emulator.inject("stuck_phase", method="POST", path="/sandboxes", phase="Pending", skip=1)
    checked, _ = POOL.check({}, {"name": "fleet", "replicas": 3}, str)
    with pytest.raises(
        ResourceInitFailed, match=r"1 of 3 members failed\. .*last seen: Pending \(fleet-\w+-\d\)"
    ) as failed:
        await create_and_finish(POOL.connect(driver.api), checked, driver.new_context(seconds=3))
    kept = failed.value.stored
    assert kept.state["readyReplicas"] == 2
    (place,) = member_problems(kept)
    assert pool_members(kept)[place]["phase"] == "Pending"
    assert planned_paths(kept, name="fleet", replicas=3) == [f'["{pool_members(kept)[place]["name"]}"]']


async def test_what_every_member_would_be_refused_is_asked_no_more(driver: LifecycleDriver) -> None:
    refusals = {"status": 403, "body": {"code": "sandbox_quota_exceeded", "message": "no more"}}
    driver.emulator.inject("status", method="POST", path="/sandboxes", times=300, **refusals)
    with pytest.raises(ResourceInitFailed, match=r"of 300 members failed\. .*sandbox_quota_exceeded.*and \d+ more"):
        await driver.create(POOL, name="fleet", replicas=300)
    assert len(driver.take_requests()) < 200


async def test_a_cancel_in_the_middle_keeps_what_exists(driver: LifecycleDriver) -> None:
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
    assert [member["phase"] for member in pool_members(kept)] == ["Pending"] * 5
    driver.emulator.advance(3600)
    assert (await driver.finish(POOL, kept)).state["readyReplicas"] == 5
    assert driver.emulator.counts()[CREATE] == 5


async def test_how_it_goes_is_told_for_the_pool(driver: LifecycleDriver) -> None:
    output: list[str] = []
    checked, _ = POOL.check({}, {"name": "fleet", "replicas": 3}, str)
    call = OperationContext("Test", Deadline(60, SYSTEM_CLOCK, asyncio.Event(), output.append))
    pool = await create_and_finish(POOL.connect(driver.api), checked, call)
    assert output[-1].startswith("3 of 3 ready, ")
    await POOL.connect(driver.api).delete(pool.id, replace(call, state=pool.state))
    assert output[-1].startswith("3 of 3 gone, ")


async def test_a_source_that_changes_back_finds_the_members_that_are_left_of_it(driver: LifecycleDriver) -> None:
    message: dict[str, Any] = {"name": "fleet", "replicas": 2, "maxSurge": 1, "maxUnavailable": 0}
    pool = await driver.create(POOL, **message, env={"A": "1"})
    driver.emulator.inject("status", method="POST", path="/sandboxes", status=400, skip=1, times=5)
    with pytest.raises(ResourceInitFailed) as failed:
        await driver.update(POOL, pool, **message, env={"A": "2"})
    half = failed.value.stored
    assert len(pool_members(half)) == 3
    driver.emulator.control("DELETE", "faults")
    driver.take_requests()
    back = await driver.update(POOL, half, **message, env={"A": "1"})
    assert [member["name"] for member in pool_members(back)] == [member["name"] for member in pool_members(pool)]
    assert Counter(driver.take_requests()) == {CREATE: 1, DELETE: 1}


@pytest.mark.parametrize("how", ["cancelled", "late"])
async def test_a_request_that_hangs_when_all_has_to_stop_loses_nothing(driver: LifecycleDriver, how: str) -> None:
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
    assert sorted(member["phase"] for member in pool_members(kept)) == ["Missing", "Ready", "Ready"]
    driver.take_requests()
    assert (await driver.finish(POOL, kept)).state["readyReplicas"] == 3
    assert driver.take_requests() == []


async def test_pausing_and_waking_are_bounded_by_nothing_and_resizing_is(driver: LifecycleDriver) -> None:
    message: dict[str, Any] = {"name": "fleet", "replicas": 4, "maxUnavailable": 1}
    pool = await driver.create(POOL, **message)
    driver.take_requests()
    pool = await driver.update(POOL, pool, **message, paused=True)
    assert {member["phase"] for member in pool_members(pool)} == {"Paused"}
    pool = await driver.update(POOL, pool, **message, paused=False, cpu=2)
    assert pool.state["readyReplicas"] == 4
    sent = driver.take_requests()
    assert sent[:4] == ["POST /sandboxes/{id}/pause"] * 4
    # each is resized and then resumed; of two members there is no order
    resume = "POST /sandboxes/{id}/resume"
    assert Counter(sent[4:]) == {PATCH: 4, resume: 4}
    assert all(sent[4:end].count(resume) <= sent[4:end].count(PATCH) for end in range(4, 13))


async def test_those_that_sleep_are_woken_when_the_program_begins_to_say_so(driver: LifecycleDriver) -> None:
    pool = await driver.create(POOL, name="fleet", replicas=2, idleTimeoutSeconds=60)
    driver.emulator.advance(120)
    observed = await driver.read(POOL, pool)
    assert member_problems(observed) == {}
    assert observed is not None
    pool = await driver.update(POOL, observed, name="fleet", replicas=2, idleTimeoutSeconds=60, paused=False)
    assert pool.state["readyReplicas"] == 2


async def test_a_conflict_that_no_member_explains_is_told(driver: LifecycleDriver) -> None:
    driver.emulator.inject("status", method="POST", path="/sandboxes", status=409)
    with pytest.raises(ResourceInitFailed, match=r"1 of 2 members failed\. .*409"):
        await driver.create(POOL, name="fleet", replicas=2)


async def test_a_template_is_the_source_of_an_imported_pool(driver: LifecycleDriver) -> None:
    template = "sb-ubuntu-26-04-minimal"
    await driver.create(POOL, name="fleet", replicas=1, templateId=template)
    imported = await lifecycle.read(POOL.connect(driver.api), "fleet", None)
    assert imported is not None
    assert imported.inputs["templateId"] == template
    assert "image" not in imported.inputs
