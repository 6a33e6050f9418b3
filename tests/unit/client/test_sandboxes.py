"""The calls for sandboxes, against the emulator."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.fakes.clock import EPOCH, FakeClock
from tests.fakes.scripted_transport import ScriptedOutcome, ScriptedTransport, json_response

from neev_emulator import Emulator
from neev_provider.client import Api, Settings, connect
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core import errors
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.wait import Deadline, Done, InProgress, wait_until

TEMPLATE = "sb-ubuntu-26-04-minimal"
BODY: dict[str, Any] = {
    "name": "box",
    "sandbox_template_id": TEMPLATE,
    "resources": {"cpu": 1, "memory_gb": 2, "disk_gb": 10},
    "env": [{"name": "TOKEN", "value": "hunter2-long"}],
}


async def create_ready(api: Api, name: str = "box") -> Sandbox:
    """Create a sandbox and return it once it is ready."""
    created = await api.sandboxes.create({**BODY, "name": name})
    return await wait_for_phase(api, created.id, "Ready")


async def wait_for_phase(api: Api, id: str, phase: str) -> Sandbox:
    """Return the sandbox once it is in the phase."""
    observed = await wait_until(
        lambda within: api.sandboxes.observe(id, within),
        lambda item: Done() if item and item.phase == phase else InProgress(item.phase if item else "gone"),
        deadline=Deadline(timeout=20, clock=SYSTEM_CLOCK, cancelled=asyncio.Event()),
        action=f"waiting for {phase}",
    )
    assert observed is not None
    return observed


async def test_a_sandbox_is_created_found_listed_and_deleted(api: Api) -> None:
    created = await create_ready(api)
    assert (created.name, created.sandbox_template_id) == ("box", TEMPLATE)
    assert created.resources is not None
    assert (created.resources.cpu, created.resources.memory_gb, created.resources.disk_gb) == (1, 2, 10)
    assert (await api.sandboxes.get(created.id)).id == created.id
    assert (await api.sandboxes.get("box")).id == created.id
    assert [item.id for item in await api.sandboxes.list()] == [created.id]
    await api.sandboxes.delete(created.id)
    await wait_until(
        lambda within: api.sandboxes.observe_gone(created.id, within),
        lambda gone: Done() if gone else InProgress("Deleting"),
        deadline=Deadline(timeout=20, clock=SYSTEM_CLOCK, cancelled=asyncio.Event()),
        action="waiting until it is gone",
    )
    assert await api.sandboxes.observe(created.id, 0) is None
    assert await api.sandboxes.find("box") is None


async def test_deleting_a_missing_sandbox_succeeds(api: Api) -> None:
    await api.sandboxes.delete("00000000-0000-4000-8000-000000000000")


async def test_a_sandbox_is_found_by_its_exact_name_only(api: Api) -> None:
    created = await create_ready(api)
    assert await api.sandboxes.find("bo") is None
    assert await api.sandboxes.find(created.id) is None
    assert (found := await api.sandboxes.find("box"))
    assert found.id == created.id


async def test_lists_are_filtered_by_part_of_the_name_and_by_phase(api: Api) -> None:
    await asyncio.gather(create_ready(api, "box-a"), create_ready(api, "box-b"), create_ready(api, "other"))
    assert {item.name for item in await api.sandboxes.list(name="box")} == {"box-a", "box-b"}
    assert await api.sandboxes.list(status="Paused") == ()


async def test_size_egress_and_timeouts_are_updated_in_place(api: Api) -> None:
    id = (await create_ready(api)).id
    sized = await api.sandboxes.patch(id, {"resources": {"cpu": 2}, "egress": {"mode": "deny_all"}})
    assert sized.resources is not None
    assert sized.resources.cpu == 2
    timed = await api.sandboxes.set_timeout(id, {"idle_timeout_seconds": 600, "on_idle": "delete"})
    assert (timed.idle_timeout_seconds, timed.on_idle) == (600, "delete")


async def test_a_sandbox_is_paused_and_resumed(api: Api) -> None:
    id = (await create_ready(api)).id
    await api.sandboxes.pause(id)
    assert await wait_for_phase(api, id, "Paused")
    await api.sandboxes.resume(id)
    assert await wait_for_phase(api, id, "Ready")


async def test_a_sandbox_is_forked_and_rolled_back(api: Api) -> None:
    source = await create_ready(api)
    fork = await api.sandboxes.fork(source.id, "copy")
    assert fork.name == "copy"
    assert fork.id != source.id
    snapshot = await api.snapshots.create(source.id, name="before")
    await wait_until(
        lambda within: api.snapshots.observe(snapshot.id, source.id, within),
        lambda item: Done() if item and item.status == "Ready" else InProgress("Pending"),
        deadline=Deadline(timeout=20, clock=SYSTEM_CLOCK, cancelled=asyncio.Event()),
        action="waiting for the snapshot",
    )
    assert (await api.sandboxes.rollback(source.id, snapshot.id)).id == source.id


async def test_metrics_are_read_over_a_window(api: Api) -> None:
    id = (await create_ready(api)).id
    metrics = await api.sandboxes.metrics(id, step="60s")
    assert (metrics.sandbox_id, metrics.step) == (id, "60s")
    assert metrics.from_ < metrics.to


LOST_RESPONSES = ["reset_after", "truncate_body", "malformed_body", "wrong_content_type"]


@pytest.mark.parametrize("kind", LOST_RESPONSES)
async def test_a_create_whose_response_was_lost_creates_one_sandbox_and_returns_it(
    api: Api, emulator: Emulator, kind: str
) -> None:
    emulator.inject(kind, method="POST", path="/sandboxes")
    created = await api.sandboxes.create(BODY)
    assert created.name == "box"
    assert emulator.counts()["POST /sandboxes"] == 1
    assert emulator.state()["sandboxes"] == 1


@pytest.mark.parametrize("kind", LOST_RESPONSES)
async def test_a_fork_whose_response_was_lost_creates_one_sandbox_and_returns_it(
    api: Api, emulator: Emulator, kind: str
) -> None:
    source = await create_ready(api)
    emulator.inject(kind, method="POST", path="/sandboxes/{id}/fork")
    assert (await api.sandboxes.fork(source.id, "copy")).name == "copy"
    assert emulator.state()["sandboxes"] == 2


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 502, "execute_first": True}, {"kind": "delay", "execute_first": True}]
)
async def test_a_sandbox_is_adopted_after_a_gateway_error_or_a_timeout(
    settings: Settings, emulator: Emulator, fault: dict[str, Any]
) -> None:
    emulator.inject(**fault, method="POST", path="/sandboxes")
    short_timeout = Settings(settings.base_url, settings.api_key, settings.org_id, settings.project_id, timeout=0.3)
    async with connect(short_timeout) as api:
        assert (await api.sandboxes.create(BODY)).name == "box"
    assert emulator.state()["sandboxes"] == 1


@pytest.mark.parametrize("labels", [{"owner": "me"}, {"owner": "me", "more": "1"}, {"owner": "you"}, {}, None])
async def test_only_a_sandbox_with_the_labels_of_the_request_is_adopted(
    settings: Settings, labels: dict[str, str] | None
) -> None:
    clock = FakeClock()
    found = {"id": "1", "name": "box", "phase": "Ready", "created_at": datetime.fromtimestamp(EPOCH, UTC).isoformat()}
    answers = [json_response(502), *[json_response(json={**found, "labels": labels})] * 9]
    async with connect(settings, clock=clock, transport=ScriptedTransport(*answers)) as api:
        creation = api.sandboxes.create({"name": "box", "labels": {"owner": "me"}})
        if labels is None or labels.get("owner") == "me":
            assert (await creation).id == "1"
        else:
            with pytest.raises(errors.OutcomeUnknown, match="is not what this request asked for"):
                await creation


async def test_a_lost_create_request_raises_outcome_unknown_and_is_not_retried(api: Api, emulator: Emulator) -> None:
    emulator.inject("reset_before", method="POST", path="/sandboxes")
    with pytest.raises(errors.OutcomeUnknown, match="The sandbox box has not appeared since"):
        await api.sandboxes.create(BODY)
    assert emulator.counts()["POST /sandboxes"] == 1
    assert emulator.state()["sandboxes"] == 0


async def test_a_create_without_a_name_is_not_looked_up_after_a_lost_response(api: Api, emulator: Emulator) -> None:
    emulator.inject("reset_after", method="POST", path="/sandboxes")
    with pytest.raises(errors.OutcomeUnknown, match="the connection was lost"):
        await api.sandboxes.create({"sandbox_template_id": TEMPLATE})
    assert emulator.counts() == {"POST /sandboxes": 1}


@pytest.mark.parametrize(("verb", "phases"), [("pause", ("Pausing", "Paused")), ("resume", ("Resuming", "Ready"))])
@pytest.mark.parametrize("kind", LOST_RESPONSES)
async def test_a_transition_with_a_lost_response_is_confirmed_by_the_phase(
    api: Api, emulator: Emulator, kind: str, verb: str, phases: tuple[str, ...]
) -> None:
    id = (await create_ready(api)).id
    if verb == "resume":
        await api.sandboxes.pause(id)
        await wait_for_phase(api, id, "Paused")
    emulator.inject(kind, method="POST", path=f"/sandboxes/{{id}}/{verb}")
    assert (await getattr(api.sandboxes, verb)(id)).phase in phases
    assert emulator.counts()[f"POST /sandboxes/{{id}}/{verb}"] == 1


async def test_a_lost_transition_request_raises_outcome_unknown(api: Api, emulator: Emulator) -> None:
    id = (await create_ready(api)).id
    emulator.inject("reset_before", method="POST", path="/sandboxes/{id}/pause")
    with pytest.raises(errors.OutcomeUnknown):
        await api.sandboxes.pause(id)


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
async def test_a_keepalive_is_retried_after_a_lost_response(api: Api, emulator: Emulator, kind: str) -> None:
    id = (await create_ready(api)).id
    emulator.inject(kind, method="POST", path="/sandboxes/{id}/keepalive")
    assert (await api.sandboxes.keepalive(id)).id == id
    assert emulator.counts()["POST /sandboxes/{id}/keepalive"] == 2


def format_time(seconds: float) -> str:
    """Return the time this many seconds after the start of fake clocks."""
    return datetime.fromtimestamp(EPOCH + seconds, UTC).isoformat()


@pytest.mark.parametrize(
    ("ends", "age"), [({}, 60), ({"max_lifetime_seconds": 600, "hard_expires_at": format_time(590)}, 10)]
)
async def test_lifetime_elapsed_starts_at_the_creation_or_at_the_renewal(ends: dict[str, Any], age: int) -> None:
    """The API returns the end and the length of the lifetime."""
    observed = Sandbox.model_validate(
        {"id": "1", "name": "box", "phase": "Ready", "created_at": format_time(-60), **ends}
    )
    async with connect(Settings("http://127.0.0.1", "key", "org", "project"), clock=FakeClock()) as api:
        assert api.sandboxes.lifetime_elapsed(observed) == age


async def test_a_lost_rollback_request_raises_outcome_unknown(api: Api, emulator: Emulator) -> None:
    id = (await create_ready(api)).id
    emulator.inject("reset_before", method="POST", path="/sandboxes/{id}/rollback")
    with pytest.raises(errors.OutcomeUnknown):
        await api.sandboxes.rollback(id, "00000000-0000-4000-8000-000000000000")


async def test_a_delete_is_retried_after_a_lost_response(api: Api, emulator: Emulator) -> None:
    id = (await create_ready(api)).id
    emulator.inject("reset_after", method="DELETE", path="/sandboxes/{id}")
    await api.sandboxes.delete(id)
    emulator.advance(1)
    assert emulator.state()["sandboxes"] == 0


def sandbox_response(**changes: object) -> ScriptedOutcome:
    """Return a response with the sandbox of BODY, created now, with these changes."""
    resources = {"cpu": 1.0, "memory_gb": 2, "disk_gb": 10, "rootfs_disk_gb": 4}
    sandbox = {"id": "1", "name": "box", "phase": "Pending", "created_at": format_time(1), "resources": resources}
    return json_response(json=sandbox | {"sandbox_template_id": TEMPLATE, "image": "img", "region": "dev"} | changes)


@pytest.mark.parametrize(
    ("arguments", "found", "ours"),
    [
        ({}, {}, True),
        ({"region": "dev"}, {}, True),
        ({"resources": None}, {"resources": {"cpu": 8}}, True),
        ({}, {"resources": None, "sandbox_template_id": None}, True),
        ({}, {"sandbox_template_id": "sb-other"}, False),
        ({"image": "r/other:1"}, {}, False),
        ({"region": "as-south-1"}, {}, False),
        ({"resources": {"cpu": 2}}, {}, False),
        ({"resources": {"disk_gb": 20}}, {}, False),
        ({"resources": {"rootfs_disk_gb": 5}}, {}, False),
        ({}, {"created_at": "2020-01-01T00:00:00Z"}, False),
        ({}, {"name": "other"}, False),
    ],
)
async def test_only_a_sandbox_that_matches_the_request_is_adopted(
    settings: Settings, arguments: dict[str, Any], found: dict[str, Any], *, ours: bool
) -> None:
    script = ScriptedTransport(json_response(504), sandbox_response(**found))
    async with connect(settings, clock=FakeClock(), transport=script) as api:
        if ours:
            assert (await api.sandboxes.create(BODY | arguments)).id == "1"
        else:
            with pytest.raises(errors.OutcomeUnknown):
                await api.sandboxes.create(BODY | arguments)
    assert script.sent_lines.count("POST sandboxes") == 1


async def test_an_error_hides_the_values_of_the_environment(api: Api) -> None:
    with pytest.raises(errors.InvalidRequest) as caught:
        await api.sandboxes.create({**BODY, "name": "Not A Name"})
    assert "hunter2" not in str(caught.value)


async def test_a_duplicate_name_raises_conflict(api: Api) -> None:
    await create_ready(api)
    with pytest.raises(errors.Conflict):
        await api.sandboxes.create(BODY)
