"""Sandboxes on a platform: made, changed, paused, rolled back and deleted."""

import pytest
from tests.fakes.scripted_transport import ScriptedTransport, json_response
from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.client import Settings, connect
from neev_provider.client.settings import DEFAULT_BASE_URL
from neev_provider.core import lifecycle
from neev_provider.core.errors import Conflict, InvalidRequest, OperationFailed
from neev_provider.core.lifecycle import ResourceInitFailed
from neev_provider.functions.arguments import IdOrNameArguments
from neev_provider.functions.sandboxes import GetSandbox
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.snapshot import SnapshotResource

SANDBOX, SNAPSHOT = SandboxResource(), SnapshotResource()
OPEN = {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443]}, {"host": "10.0.0.0/8"}]}


async def test_a_sandbox_is_ready_when_it_is_made(driver: LifecycleDriver) -> None:
    """One POST carries everything, and the state says what the platform chose."""
    stored = await driver.create(SANDBOX, name="dev", cpu=2, env={"A": "1"}, egress=OPEN, idleTimeoutSeconds=60)
    assert stored.state["phase"] == "Ready"
    assert "ubuntu" in stored.state["image"]
    assert (stored.state["cpu"], stored.state["memoryGb"], stored.state["idleTimeoutSeconds"]) == (2, 2, 60)
    assert stored.state["egress"] == OPEN
    assert driver.take_requests() == ["POST /sandboxes"]


async def test_everything_that_is_set_reaches_the_platform(driver: LifecycleDriver) -> None:
    """Sizes, image, command, windows."""
    inputs = {
        "image": "docker.io/library/python:3.12",
        "command": ["sleep", "60"],
        "region": "dev",
        "diskGb": 20,
        "rootfsDiskGb": 8,
        "memoryGb": 4,
        "maxLifetimeSeconds": 3600,
        "pausedRetentionSeconds": 60,
        "onIdle": "delete",
    }
    stored = await driver.create(SANDBOX, **inputs)
    observed = await driver.read(SANDBOX, stored)
    assert observed is not None
    assert {name: observed.state[name] for name in inputs} == inputs
    assert observed.inputs == stored.inputs


async def test_a_sandbox_can_start_paused(driver: LifecycleDriver) -> None:
    """It is made, becomes ready, and is paused."""
    stored = await driver.create(SANDBOX, paused=True)
    assert stored.state["phase"] == "Paused"
    assert driver.take_requests() == ["POST /sandboxes", "POST /sandboxes/{id}/pause"]


async def test_size_and_egress_change_in_one_request(driver: LifecycleDriver) -> None:
    """In place, and only what differs."""
    stored = await driver.create(SANDBOX, name="dev", cpu=1)
    driver.take_requests()
    stored = await driver.update(SANDBOX, stored, name="dev", cpu=2, memoryGb=2, egress=OPEN)
    assert (stored.state["cpu"], stored.state["egress"]) == (2, OPEN)
    assert driver.take_requests() == ["PATCH /sandboxes/{id}"]
    await driver.update(SANDBOX, stored, name="dev", cpu=2, egress={**OPEN, "allow": OPEN["allow"][::-1]})
    assert driver.take_requests() == []


async def test_taking_the_policy_out_denies_everything(driver: LifecycleDriver) -> None:
    """A sandbox without a policy reaches nothing; windows taken out stay."""
    stored = await driver.create(SANDBOX, name="dev", egress=OPEN, idleTimeoutSeconds=60)
    stored = await driver.update(SANDBOX, stored, name="dev")
    assert stored.state["egress"]["mode"] == "deny_all"
    assert stored.state["idleTimeoutSeconds"] == 60


async def test_windows_change_in_place(driver: LifecycleDriver) -> None:
    """One PUT."""
    stored = await driver.create(SANDBOX, name="dev")
    driver.take_requests()
    stored = await driver.update(SANDBOX, stored, name="dev", idleTimeoutSeconds=90, onIdle="delete")
    assert (stored.state["idleTimeoutSeconds"], stored.state["onIdle"]) == (90, "delete")
    assert driver.take_requests() == ["PUT /sandboxes/{id}/timeout"]


async def test_pausing_and_resuming_act_at_once(driver: LifecycleDriver) -> None:
    """Both directions, and resizing works while it is paused."""
    stored = await driver.create(SANDBOX, name="dev", paused=False)
    stored = await driver.update(SANDBOX, stored, name="dev", paused=True)
    assert stored.state["phase"] == "Paused"
    stored = await driver.update(SANDBOX, stored, name="dev", paused=True, cpu=4)
    assert (stored.state["phase"], stored.state["cpu"]) == ("Paused", 4)
    stored = await driver.update(SANDBOX, stored, name="dev", paused=False, cpu=4)
    assert stored.state["phase"] == "Ready"


async def test_a_pause_by_somebody_is_drift_where_the_program_says_running(driver: LifecycleDriver) -> None:
    """And an update brings it back."""
    stored = await driver.create(SANDBOX, name="dev", paused=False)
    await driver.api.sandboxes.pause(stored.id)
    observed = await driver.read(SANDBOX, stored)
    assert observed is not None
    assert observed.inputs["paused"] is True
    stored = await driver.update(SANDBOX, observed, name="dev", paused=False)
    assert stored.state["phase"] == "Ready"


async def test_a_pause_is_nobodys_business_where_the_program_says_nothing(driver: LifecycleDriver) -> None:
    """Unset, the power state belongs to the platform and its users."""
    stored = await driver.create(SANDBOX, name="dev")
    await driver.api.sandboxes.pause(stored.id)
    observed = await driver.read(SANDBOX, stored)
    assert observed is not None
    assert observed.inputs == stored.inputs
    driver.take_requests()
    await driver.update(SANDBOX, observed, name="dev", cpu=2)
    assert driver.take_requests() == ["PATCH /sandboxes/{id}"]


async def test_a_pause_of_the_platform_is_no_drift(driver: LifecycleDriver) -> None:
    """An idle sandbox stays asleep through a refresh and through an update of something else."""
    stored = await driver.create(SANDBOX, name="dev", paused=False, idleTimeoutSeconds=60)
    driver.emulator.advance(120)
    observed = await driver.read(SANDBOX, stored)
    assert observed is not None
    assert observed.state["phase"] in ("Pausing", "Paused")
    assert observed.inputs == stored.inputs
    driver.take_requests()
    stored = await driver.update(SANDBOX, observed, name="dev", paused=False, idleTimeoutSeconds=60, cpu=2)
    assert stored.state["phase"] == "Paused"
    assert driver.take_requests() == ["PATCH /sandboxes/{id}"]


async def test_an_idle_sandbox_is_resumed_where_the_program_wants_that(driver: LifecycleDriver) -> None:
    """`resumeIdlePaused` makes the platform's pause a drift like any other."""
    inputs = {"name": "dev", "paused": False, "idleTimeoutSeconds": 60, "resumeIdlePaused": True}
    stored = await driver.create(SANDBOX, **inputs)
    driver.emulator.advance(120)
    observed = await driver.read(SANDBOX, stored)
    assert observed is not None
    assert observed.inputs["paused"] is True
    assert (await driver.update(SANDBOX, observed, **inputs)).state["phase"] == "Ready"


async def test_a_change_of_paused_resumes_an_idle_sandbox(driver: LifecycleDriver) -> None:
    """A change of the input always acts."""
    stored = await driver.create(SANDBOX, name="dev", idleTimeoutSeconds=60)
    driver.emulator.advance(120)
    stored = await driver.update(SANDBOX, stored, name="dev", idleTimeoutSeconds=60, paused=False)
    assert stored.state["phase"] == "Ready"


async def test_rolling_back_puts_the_files_back(driver: LifecycleDriver) -> None:
    """In place: the same id, and only when the input changes."""
    stored = await driver.create(SANDBOX, name="dev")
    snapshot = await driver.create(SNAPSHOT, sandboxId=stored.id, name="base")
    driver.take_requests()
    rolled = await driver.update(SANDBOX, stored, name="dev", rollbackToSnapshotId=snapshot.id)
    assert (rolled.id, rolled.state["phase"]) == (stored.id, "Ready")
    await driver.update(SANDBOX, rolled, name="dev", rollbackToSnapshotId=snapshot.id, cpu=2)
    assert driver.take_requests() == ["POST /sandboxes/{id}/rollback", "PATCH /sandboxes/{id}"]


async def test_a_rollback_set_at_create_is_only_recorded(driver: LifecycleDriver) -> None:
    """There is nothing to put back yet."""
    stored = await driver.create(SANDBOX, name="dev", rollbackToSnapshotId="00000000-0000-0000-0000-000000000001")
    assert stored.state["rollbackToSnapshotId"] == "00000000-0000-0000-0000-000000000001"
    assert driver.take_requests() == ["POST /sandboxes"]


async def test_a_create_that_breaks_half_way_is_finished_by_the_next(driver: LifecycleDriver) -> None:
    """The pause fails; the id is kept; resuming pauses and makes nothing new."""
    driver.emulator.inject("status", method="POST", path="/sandboxes/{id}/pause", status=409)
    with pytest.raises(ResourceInitFailed) as caught:
        await driver.create(SANDBOX, name="dev", paused=True)
    assert isinstance(caught.value.__cause__, Conflict)
    stored = caught.value.stored
    driver.take_requests()
    finished = await lifecycle.finish_create(SANDBOX.connect(driver.api), stored, driver.new_context())
    assert finished.state["phase"] == "Paused"
    assert driver.take_requests() == ["POST /sandboxes/{id}/pause"]


async def test_what_is_gone_is_said_to_be_gone(driver: LifecycleDriver) -> None:
    """A refresh drops it; an update says so; a delete is content."""
    stored = await driver.create(SANDBOX, name="dev")
    await driver.api.sandboxes.delete(stored.id)
    await driver.delete(SANDBOX, stored)
    assert await driver.read(SANDBOX, stored) is None
    with pytest.raises(ResourceInitFailed, match="no longer exists") as caught:
        await driver.update(SANDBOX, stored, name="dev", cpu=2)
    assert isinstance(caught.value.__cause__, OperationFailed)


async def test_an_import_is_clean(driver: LifecycleDriver) -> None:
    """By id or by name, against a program that says much or little."""
    created = await driver.create(SANDBOX, name="dev", cpu=2, egress=OPEN)
    for handle in (created.id, "dev"):
        stored = await lifecycle.read(SANDBOX.connect(driver.api), handle, None)
        assert stored is not None
        assert stored.id == created.id
        for program in (stored.inputs, {"name": "dev", "egress": OPEN}, {**created.inputs, "diskGb": 10}):
            checked, failed = SANDBOX.check(stored.inputs, program, str)
            assert failed == []
            assert not SANDBOX.diff(stored.inputs, stored.state, checked).changes
    assert await lifecycle.read(SANDBOX.connect(driver.api), "no-such", None) is None


async def test_a_sandbox_starts_from_a_snapshot(driver: LifecycleDriver) -> None:
    """Its files come from there."""
    origin = await driver.create(SANDBOX, name="origin")
    snapshot = await driver.create(SNAPSHOT, sandboxId=origin.id)
    driver.take_requests()
    stored = await driver.create(SANDBOX, name="copy", snapshotId=snapshot.id)
    assert stored.state["phase"] == "Ready"
    assert driver.take_requests() == ["POST /sandboxes"]


async def test_a_sandbox_from_a_snapshot_in_another_size_is_made_and_resized(driver: LifecycleDriver) -> None:
    """As a fork is; a disk cannot be resized, so another one is refused."""
    origin = await driver.create(SANDBOX, name="origin", cpu=1, memoryGb=2)
    snapshot = await driver.create(SNAPSHOT, sandboxId=origin.id)
    driver.take_requests()
    stored = await driver.create(SANDBOX, name="copy", snapshotId=snapshot.id, cpu=4, memoryGb=8)
    assert (stored.state["cpu"], stored.state["memoryGb"]) == (4, 8)
    assert driver.take_requests() == ["POST /sandboxes", "PATCH /sandboxes/{id}"]
    await driver.create(SANDBOX, name="same", snapshotId=snapshot.id, cpu=1, memoryGb=2)
    assert driver.take_requests() == ["POST /sandboxes"]
    with pytest.raises(InvalidRequest, match="must match those of the snapshot's origin"):
        await driver.create(SANDBOX, name="other", snapshotId=snapshot.id, diskGb=50)


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"name": "Dev"}, "name"),
        ({"cpu": 0.7}, "cpu"),
        ({"cpu": 9}, "cpu"),
        ({"memoryGb": 17}, "memoryGb"),
        ({"diskGb": 15}, "diskGb"),
        ({"diskGb": 10, "rootfsDiskGb": 10}, "rootfsDiskGb"),
        ({"image": "python"}, "image"),
        ({"image": "docker.io/library/python"}, "image"),
        ({"image": "registry:5000/library/python"}, "image"),
        ({"templateId": "ubuntu"}, "templateId"),
        ({"templateId": "sb-a", "image": "docker.io/library/python:3"}, "templateId"),
        ({"templateId": "sb-a", "snapshotId": "x"}, "templateId"),
        ({"command": ["sleep"]}, "command"),
        ({"onIdle": "explode"}, "onIdle"),
        ({"idleTimeoutSeconds": -1}, "idleTimeoutSeconds"),
        ({"egress": {"mode": "deny_all", "allow": [{"host": "a.b"}]}}, "egress.mode"),
        ({"egress": {"mode": "allow_list", "allow": [{"host": "10.0.0.0/33"}]}}, "egress.allow[0].host"),
        ({"egress": {"mode": "allow_list", "allow": [{"host": "a.*.b"}]}}, "egress.allow[0].host"),
        ({"egress": {"mode": "allow_list", "allow": [{"host": "a", "ports": [0]}]}}, "egress.allow[0].ports[0]"),
        ({"egress": {"mode": "allow_list", "allow": [{"host": "a", "protocol": "ICMP"}]}}, "egress.allow[0].protocol"),
        ({"egress": {"mode": "allow_list", "alow": []}}, "egress.alow"),
    ],
)
def test_bad_input_is_found_before_anything_is_sent(inputs: dict[str, object], path: str) -> None:
    """Each at its path."""
    _, failed = SANDBOX.check({}, inputs, lambda: "made-1")
    assert [failure.path for failure in failed] == [path]


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "10.0.0.0/8", "::/0", "2001:db8::1", "pypi.org", "*.pypi.org", "localhost", "a_b.example.com"]
)
def test_hosts_that_a_policy_may_name(host: str) -> None:
    """Addresses, blocks, domains and wildcards."""
    egress = {"mode": "allow_list", "allow": [{"host": host}]}
    assert SANDBOX.check({}, {"egress": egress}, lambda: "made-1")[1] == []


async def test_an_import_keeps_the_image_where_there_is_no_template(driver: LifecycleDriver) -> None:
    """It is then where the sandbox comes from."""
    created = await driver.create(SANDBOX, name="dev", image="docker.io/library/python:3.12")
    stored = await lifecycle.read(SANDBOX.connect(driver.api), created.id, None)
    assert stored is not None
    assert stored.inputs["image"] == created.inputs["image"]
    assert not SANDBOX.diff(stored.inputs, stored.state, created.inputs).changes


async def test_an_import_of_what_a_template_made_names_the_template_alone(driver: LifecycleDriver) -> None:
    """Its image and command are the template's."""
    created = await driver.create(SANDBOX, name="dev", templateId="sb-ubuntu-26-04-minimal")
    stored = await lifecycle.read(SANDBOX.connect(driver.api), created.id, None)
    assert stored is not None
    assert stored.inputs["templateId"] == "sb-ubuntu-26-04-minimal"
    assert not {"image", "command"} & stored.inputs.keys()
    assert not SANDBOX.diff(stored.inputs, stored.state, created.inputs).changes


HOSTED = Settings(DEFAULT_BASE_URL, "sk-nc-hunter2", "org", "project")
HOSTED_BOX = {
    "id": "the-id",
    "name": "box",
    "phase": "Ready",
    "region": "as-south-1",
    "image": "docker.io/library/python:3.12",
    "org_id": "org",
    "project_id": "project",
    "created_at": "2026-11-30T00:00:00Z",
}


async def test_a_sandbox_has_what_an_mcp_client_needs_except_the_key() -> None:
    """As a resource, and looked up."""
    async with connect(HOSTED, transport=ScriptedTransport(json_response(json=HOSTED_BOX))) as api:
        stored = await lifecycle.read(SANDBOX.connect(api), "the-id", None)
        found = await GetSandbox().call(api, IdOrNameArguments(id="the-id"))
    assert stored is not None
    for outputs in (stored.state, found.to_properties()):
        assert outputs["mcpUrl"] == "https://mcp.sandboxes.as-south-1.ai.neevcloud.com/mcp"
        assert outputs["mcpHeaders"] == {"x-sandbox-name": "box"}
        assert "hunter2" not in str(outputs)


async def test_the_emulator_has_no_mcp_server(driver: LifecycleDriver) -> None:
    stored = await driver.create(SANDBOX, name="box")
    assert not {"mcpUrl", "mcpHeaders"} & set(stored.state)
