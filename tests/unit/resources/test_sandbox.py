"""The Sandbox resource against the emulator."""

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


async def test_a_create_waits_until_the_sandbox_is_ready(driver: LifecycleDriver) -> None:
    """One POST has all inputs, and the state has the defaults of the API."""
    stored = await driver.create(SANDBOX, name="dev", cpu=2, env={"A": "1"}, egress=OPEN, idleTimeoutSeconds=60)
    assert stored.state["phase"] == "Ready"
    assert "ubuntu" in stored.state["image"]
    assert (stored.state["cpu"], stored.state["memoryGb"], stored.state["idleTimeoutSeconds"]) == (2, 2, 60)
    assert stored.state["egress"] == OPEN
    assert driver.take_requests() == ["POST /sandboxes"]


async def test_a_create_sends_all_inputs(driver: LifecycleDriver) -> None:
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


async def test_a_sandbox_is_paused_after_its_create_if_paused_is_set(driver: LifecycleDriver) -> None:
    stored = await driver.create(SANDBOX, paused=True)
    assert stored.state["phase"] == "Paused"
    assert driver.take_requests() == ["POST /sandboxes", "POST /sandboxes/{id}/pause"]


async def test_size_and_egress_are_updated_in_one_request(driver: LifecycleDriver) -> None:
    """Another order of the rules is not a change."""
    stored = await driver.create(SANDBOX, name="dev", cpu=1)
    driver.take_requests()
    stored = await driver.update(SANDBOX, stored, name="dev", cpu=2, memoryGb=2, egress=OPEN)
    assert (stored.state["cpu"], stored.state["egress"]) == (2, OPEN)
    assert driver.take_requests() == ["PATCH /sandboxes/{id}"]
    await driver.update(SANDBOX, stored, name="dev", cpu=2, egress={**OPEN, "allow": OPEN["allow"][::-1]})
    assert driver.take_requests() == []


async def test_a_removed_egress_policy_denies_all(driver: LifecycleDriver) -> None:
    """A removed idle timeout is unchanged."""
    stored = await driver.create(SANDBOX, name="dev", egress=OPEN, idleTimeoutSeconds=60)
    stored = await driver.update(SANDBOX, stored, name="dev")
    assert stored.state["egress"]["mode"] == "deny_all"
    assert stored.state["idleTimeoutSeconds"] == 60


async def test_timeouts_are_updated_in_one_request(driver: LifecycleDriver) -> None:
    stored = await driver.create(SANDBOX, name="dev")
    driver.take_requests()
    stored = await driver.update(SANDBOX, stored, name="dev", idleTimeoutSeconds=90, onIdle="delete")
    assert (stored.state["idleTimeoutSeconds"], stored.state["onIdle"]) == (90, "delete")
    assert driver.take_requests() == ["PUT /sandboxes/{id}/timeout"]


async def test_an_update_of_paused_pauses_or_resumes_the_sandbox(driver: LifecycleDriver) -> None:
    """A paused sandbox can be resized."""
    stored = await driver.create(SANDBOX, name="dev", paused=False)
    stored = await driver.update(SANDBOX, stored, name="dev", paused=True)
    assert stored.state["phase"] == "Paused"
    stored = await driver.update(SANDBOX, stored, name="dev", paused=True, cpu=4)
    assert (stored.state["phase"], stored.state["cpu"]) == ("Paused", 4)
    stored = await driver.update(SANDBOX, stored, name="dev", paused=False, cpu=4)
    assert stored.state["phase"] == "Ready"


async def test_a_manual_pause_is_drift_if_paused_is_false(driver: LifecycleDriver) -> None:
    """An update resumes the sandbox."""
    stored = await driver.create(SANDBOX, name="dev", paused=False)
    await driver.api.sandboxes.pause(stored.id)
    observed = await driver.read(SANDBOX, stored)
    assert observed is not None
    assert observed.inputs["paused"] is True
    stored = await driver.update(SANDBOX, observed, name="dev", paused=False)
    assert stored.state["phase"] == "Ready"


async def test_paused_is_ignored_if_the_input_is_absent(driver: LifecycleDriver) -> None:
    """Neither a refresh nor an update changes the power state."""
    stored = await driver.create(SANDBOX, name="dev")
    await driver.api.sandboxes.pause(stored.id)
    observed = await driver.read(SANDBOX, stored)
    assert observed is not None
    assert observed.inputs == stored.inputs
    driver.take_requests()
    await driver.update(SANDBOX, observed, name="dev", cpu=2)
    assert driver.take_requests() == ["PATCH /sandboxes/{id}"]


async def test_an_idle_pause_is_not_drift(driver: LifecycleDriver) -> None:
    """A refresh has no drift, and an update of another input does not resume the sandbox."""
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


async def test_an_idle_pause_is_drift_if_resume_idle_paused_is_set(driver: LifecycleDriver) -> None:
    """An update resumes the sandbox."""
    inputs = {"name": "dev", "paused": False, "idleTimeoutSeconds": 60, "resumeIdlePaused": True}
    stored = await driver.create(SANDBOX, **inputs)
    driver.emulator.advance(120)
    observed = await driver.read(SANDBOX, stored)
    assert observed is not None
    assert observed.inputs["paused"] is True
    assert (await driver.update(SANDBOX, observed, **inputs)).state["phase"] == "Ready"


async def test_a_change_of_paused_resumes_an_idle_sandbox(driver: LifecycleDriver) -> None:
    """A changed input always takes effect."""
    stored = await driver.create(SANDBOX, name="dev", idleTimeoutSeconds=60)
    driver.emulator.advance(120)
    stored = await driver.update(SANDBOX, stored, name="dev", idleTimeoutSeconds=60, paused=False)
    assert stored.state["phase"] == "Ready"


async def test_a_rollback_is_in_place_and_sent_only_if_the_input_changes(driver: LifecycleDriver) -> None:
    """The sandbox keeps its id."""
    stored = await driver.create(SANDBOX, name="dev")
    snapshot = await driver.create(SNAPSHOT, sandboxId=stored.id, name="base")
    driver.take_requests()
    rolled = await driver.update(SANDBOX, stored, name="dev", rollbackToSnapshotId=snapshot.id)
    assert (rolled.id, rolled.state["phase"]) == (stored.id, "Ready")
    await driver.update(SANDBOX, rolled, name="dev", rollbackToSnapshotId=snapshot.id, cpu=2)
    assert driver.take_requests() == ["POST /sandboxes/{id}/rollback", "PATCH /sandboxes/{id}"]


async def test_a_rollback_set_at_create_is_stored_without_a_request(driver: LifecycleDriver) -> None:
    """There is nothing to roll back yet."""
    stored = await driver.create(SANDBOX, name="dev", rollbackToSnapshotId="00000000-0000-0000-0000-000000000001")
    assert stored.state["rollbackToSnapshotId"] == "00000000-0000-0000-0000-000000000001"
    assert driver.take_requests() == ["POST /sandboxes"]


async def test_a_failed_create_is_finished_by_the_next_attempt(driver: LifecycleDriver) -> None:
    """The pause fails and the id is stored; the next attempt only pauses."""
    driver.emulator.inject("status", method="POST", path="/sandboxes/{id}/pause", status=409)
    with pytest.raises(ResourceInitFailed) as caught:
        await driver.create(SANDBOX, name="dev", paused=True)
    assert isinstance(caught.value.__cause__, Conflict)
    stored = caught.value.stored
    driver.take_requests()
    finished = await lifecycle.finish_create(SANDBOX.connect(driver.api), stored, driver.new_context())
    assert finished.state["phase"] == "Paused"
    assert driver.take_requests() == ["POST /sandboxes/{id}/pause"]


async def test_a_deleted_sandbox_is_missing_in_a_refresh_and_an_error_in_an_update(driver: LifecycleDriver) -> None:
    """A second delete succeeds."""
    stored = await driver.create(SANDBOX, name="dev")
    await driver.api.sandboxes.delete(stored.id)
    await driver.delete(SANDBOX, stored)
    assert await driver.read(SANDBOX, stored) is None
    with pytest.raises(ResourceInitFailed, match="no longer exists") as caught:
        await driver.update(SANDBOX, stored, name="dev", cpu=2)
    assert isinstance(caught.value.__cause__, OperationFailed)


async def test_a_plan_after_an_import_has_no_changes(driver: LifecycleDriver) -> None:
    """By id or name, whether all or few inputs are set."""
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


async def test_a_sandbox_is_created_from_a_snapshot(driver: LifecycleDriver) -> None:
    origin = await driver.create(SANDBOX, name="origin")
    snapshot = await driver.create(SNAPSHOT, sandboxId=origin.id)
    driver.take_requests()
    stored = await driver.create(SANDBOX, name="copy", snapshotId=snapshot.id)
    assert stored.state["phase"] == "Ready"
    assert driver.take_requests() == ["POST /sandboxes"]


async def test_a_sandbox_from_a_snapshot_is_resized_after_its_create(driver: LifecycleDriver) -> None:
    """A disk cannot be resized, so another size of it is rejected."""
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
def test_invalid_inputs_are_rejected_before_any_request(inputs: dict[str, object], path: str) -> None:
    _, failed = SANDBOX.check({}, inputs, lambda: "made-1")
    assert [failure.path for failure in failed] == [path]


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "10.0.0.0/8", "::/0", "2001:db8::1", "pypi.org", "*.pypi.org", "localhost", "a_b.example.com"]
)
def test_addresses_networks_and_domains_are_valid_hosts_of_a_policy(host: str) -> None:
    egress = {"mode": "allow_list", "allow": [{"host": host}]}
    assert SANDBOX.check({}, {"egress": egress}, lambda: "made-1")[1] == []


async def test_an_import_has_the_image_if_there_is_no_template(driver: LifecycleDriver) -> None:
    created = await driver.create(SANDBOX, name="dev", image="docker.io/library/python:3.12")
    stored = await lifecycle.read(SANDBOX.connect(driver.api), created.id, None)
    assert stored is not None
    assert stored.inputs["image"] == created.inputs["image"]
    assert not SANDBOX.diff(stored.inputs, stored.state, created.inputs).changes


async def test_an_import_has_the_template_without_its_image_and_command(driver: LifecycleDriver) -> None:
    """They follow from the template."""
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


async def test_a_sandbox_has_the_mcp_url_and_headers_without_the_api_key() -> None:
    """As a resource and as the result of a function."""
    async with connect(HOSTED, transport=ScriptedTransport(json_response(json=HOSTED_BOX))) as api:
        stored = await lifecycle.read(SANDBOX.connect(api), "the-id", None)
        found = await GetSandbox().call(api, IdOrNameArguments(id="the-id"))
    assert stored is not None
    for outputs in (stored.state, found.to_properties()):
        assert outputs["mcpUrl"] == "https://mcp.sandboxes.as-south-1.ai.neevcloud.com/mcp"
        assert outputs["mcpHeaders"] == {"x-sandbox-name": "box"}
        assert "hunter2" not in str(outputs)


async def test_mcp_outputs_are_absent_with_the_emulator(driver: LifecycleDriver) -> None:
    stored = await driver.create(SANDBOX, name="box")
    assert not {"mcpUrl", "mcpHeaders"} & set(stored.state)
