"""The Agent resource against the emulator."""

from typing import Any

import pytest
from tests.fakes.lifecycle import create_and_finish
from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.core import lifecycle
from neev_provider.core.errors import InputError
from neev_provider.core.lifecycle import ResourceInitFailed
from neev_provider.core.markers import Secret
from neev_provider.core.validation import parse
from neev_provider.resources.agent import AgentInputs, AgentOutputs, AgentResource
from neev_provider.resources.file.file import FileResource
from neev_provider.resources.preview_port import PreviewPortResource
from neev_provider.resources.sandbox.sandbox_fork import SandboxForkResource
from neev_provider.resources.snapshot import SnapshotResource

AGENT, SNAPSHOT, FILE = AgentResource(), SnapshotResource(), FileResource()
FORK, PORT = SandboxForkResource(), PreviewPortResource()
CODER = {"name": "coder", "agentTemplate": "claude-code"}
WEB = {"name": "web", "agentTemplate": "code-server"}
ALLOW_LIST_POLICY = {"mode": "allow_list", "allowInternet": False, "allow": [{"host": "pypi.org"}]}
SECRET = "hunter2-in-the-environment"
PATCH, PAUSE, RESUME = "PATCH /agents/{id}", "POST /agents/{id}/pause", "POST /agents/{id}/resume"


async def read_sandbox(engine: LifecycleDriver, state: Any) -> Any:
    """Return the sandbox that the agent runs on."""
    return await engine.api.sandboxes.get(state["sandboxId"])


async def test_a_create_waits_until_the_agent_is_ready(driver: LifecycleDriver) -> None:
    """Config and egress are those of the template if the inputs are absent."""
    stored = await driver.create(AGENT, **CODER)
    assert (stored.state["status"], stored.state["agentTemplateId"]) == ("Ready", "ag-claude-code")
    assert stored.state["effectiveConfig"] == {"model": "default"}
    assert stored.state["egress"]["allow"][0]["host"] == "api.anthropic.com"
    assert "gatewayToken" not in stored.state
    assert driver.take_requests() == ["POST /agents"]
    assert await driver.read(AGENT, stored) == stored


async def test_a_create_sends_all_inputs_in_one_request(driver: LifecycleDriver) -> None:
    message = {
        "cpu": 4,
        "memoryGb": 8,
        "diskGb": 30,
        "egress": ALLOW_LIST_POLICY,
        "idleTimeoutSeconds": 60,
        "region": "dev",
    }
    stored = await driver.create(AGENT, **WEB, **message, config={"font": 12}, env={"TOKEN": SECRET})
    assert driver.take_requests() == ["POST /agents"]
    assert stored.state["effectiveConfig"] == {"theme": "dark", "font": 12}
    assert stored.state["gatewayToken"]
    assert stored.state["webUiUrl"]
    sandbox = await read_sandbox(driver, stored.state)
    assert (sandbox.resources.cpu, sandbox.resources.memory_gb, sandbox.resources.disk_gb) == (4, 8, 30)
    assert (sandbox.region, sandbox.idle_timeout_seconds) == ("dev", 60)
    assert {name: stored.state[name] for name in message} == message


async def test_an_update_in_place_sends_one_patch_request(driver: LifecycleDriver) -> None:
    """A removed `egress` becomes a policy that denies everything."""
    stored = await driver.create(AGENT, **CODER)
    driver.take_requests()
    inputs = {"cpu": 1, "memoryGb": 2, "egress": ALLOW_LIST_POLICY, "idleTimeoutSeconds": 90}
    stored = await driver.update(AGENT, stored, **CODER, **inputs)
    assert driver.take_requests() == [PATCH]
    sandbox = await read_sandbox(driver, stored.state)
    assert (sandbox.resources.cpu, sandbox.resources.memory_gb) == (1, 2)
    assert {name: stored.state[name] for name in inputs} == inputs
    stored = await driver.update(AGENT, stored, **CODER)
    assert stored.state["egress"]["mode"] == "deny_all"
    assert stored.state["idleTimeoutSeconds"] == 90


async def test_an_update_of_paused_pauses_or_resumes_the_agent(driver: LifecycleDriver) -> None:
    """A pause is not a change if `paused` is absent."""
    stored = await driver.create(AGENT, **CODER, paused=True)
    assert stored.state["status"] == "Paused"
    assert driver.take_requests() == ["POST /agents", PAUSE]
    stored = await driver.update(AGENT, stored, **CODER, paused=False)
    assert (stored.state["status"], driver.take_requests()) == ("Ready", [RESUME])
    await driver.api.agents.pause(stored.id)
    observed = await driver.read(AGENT, stored)
    assert observed is not None
    assert not AGENT.diff(observed.inputs, observed.state, CODER).changes


async def test_a_manual_pause_is_drift_and_an_idle_pause_is_not(driver: LifecycleDriver) -> None:
    """With `resumeIdlePaused`, an update resumes an idle agent, too."""
    arguments = {**CODER, "paused": False, "idleTimeoutSeconds": 60}
    stored = await driver.create(AGENT, **arguments)
    await driver.api.agents.pause(stored.id)
    observed = await driver.read(AGENT, stored)
    assert observed is not None
    assert [change.path for change in AGENT.diff(observed.inputs, observed.state, arguments).changes] == ["paused"]
    stored = await driver.update(AGENT, observed, **arguments)
    assert stored.state["status"] == "Ready"

    driver.emulator.advance(120)
    idle = await driver.read(AGENT, stored)
    assert idle is not None
    assert idle.state["status"] in ("Pausing", "Paused")
    assert not AGENT.diff(idle.inputs, idle.state, arguments).changes
    driver.take_requests()
    await driver.update(AGENT, idle, **{**arguments, "cpu": 1})
    assert driver.take_requests() == [PATCH]
    stored = await driver.update(AGENT, idle, **arguments, resumeIdlePaused=True)
    assert (stored.state["status"], driver.take_requests()) == ("Ready", [RESUME])


async def test_an_agent_is_rolled_back_to_a_snapshot_of_its_sandbox(driver: LifecycleDriver) -> None:
    """The agent keeps its id, and a file that was written after the snapshot is deleted."""
    stored = await driver.create(AGENT, **CODER)
    box = stored.state["sandboxId"]
    kept = await driver.create(SNAPSHOT, sandboxId=box, name="kept")
    late = await driver.create(FILE, sandboxId=box, path="late.txt", content="late")
    stored = await driver.update(AGENT, stored, **CODER, rollbackToSnapshotId=kept.id)
    assert stored.state["status"] == "Ready"
    assert await driver.read(FILE, late) is None


async def test_the_error_for_a_rollback_to_a_missing_snapshot_names_the_input(driver: LifecycleDriver) -> None:
    stored = await driver.create(AGENT, **CODER)
    with pytest.raises(ResourceInitFailed, match="rollbackToSnapshotId: there is no snapshot") as caught:
        await driver.update(AGENT, stored, **CODER, rollbackToSnapshotId="00000000-0000-4000-8000-000000000001")
    assert "rollbackToSnapshotId" not in caught.value.stored.inputs


async def test_snapshots_forks_and_ports_accept_the_sandbox_id_of_an_agent(driver: LifecycleDriver) -> None:
    """The id is an output of the agent."""
    stored = await driver.create(AGENT, **WEB)
    box = stored.state["sandboxId"]
    await driver.create(FILE, sandboxId=box, path="notes.txt", content="kept")
    kept = await driver.create(SNAPSHOT, sandboxId=box, name="kept")
    fork = await driver.create(FORK, sourceSandboxId=box, name="fork")
    port = await driver.create(PORT, sandboxId=box, port=3000)
    assert (kept.state["status"], fork.state["phase"]) == ("Ready", "Ready")
    assert port.state["previewUrl"]
    for stored in (port, kept):
        await driver.delete(PORT if stored is port else SNAPSHOT, stored)
    restored = await driver.api.runtime.session(await driver.api.sandboxes.get(fork.id)).stat("notes.txt")
    assert restored is not None


def test_a_config_is_validated_again_only_if_it_or_its_template_changed() -> None:
    inputs = {"agentTemplate": "batch-runner", "config": {"model": "fast"}}
    for old_inputs in ({}, {**inputs, "config": {}}, {**inputs, "agentTemplate": "code-server"}):
        assert "config" in [name for _, name, _ in AGENT.iter_changed_references(inputs, old_inputs)]
    assert list(AGENT.iter_changed_references(inputs, inputs)) == []


async def test_the_error_for_a_rejected_config_names_the_rule_of_the_schema(driver: LifecycleDriver) -> None:
    """The response of the API states only that the request is invalid."""
    driver.emulator.inject("status", method="POST", path="/agents", status=400)
    with pytest.raises(InputError, match=r'config.model: does not satisfy {"type": "string"}'):
        await driver.create(AGENT, **CODER, config={"model": 5})


async def test_a_pause_is_drift_if_the_sandbox_is_hidden_and_has_no_idle_timeout(driver: LifecycleDriver) -> None:
    """The API may answer 404 for the sandbox of an agent."""
    for window, drifts in ((0, ["paused"]), (60, [])):
        arguments = {**CODER, "name": f"coder-{window}", "paused": False, "idleTimeoutSeconds": window}
        stored = await driver.create(AGENT, **arguments)
        await driver.api.agents.pause(stored.id)
        driver.emulator.inject("status", method="GET", path="/sandboxes/{id}", status=404)
        observed = await driver.read(AGENT, stored)
        assert observed is not None
        assert [change.path for change in AGENT.diff(observed.inputs, observed.state, arguments).changes] == drifts


async def test_a_failed_agent_is_an_error_and_the_next_plan_replaces_it(driver: LifecycleDriver) -> None:
    """The state keeps its id until then."""
    driver.emulator.inject("failed_phase", method="POST", path="/agents")
    with pytest.raises(ResourceInitFailed, match="the agent failed; the API gave no reason") as caught:
        await driver.create(AGENT, **CODER)
    observed = await driver.read(AGENT, caught.value.stored)
    assert observed is not None
    assert observed.problem == "the agent failed; the API gave no reason"
    assert AGENT.diff(observed.inputs, observed.state, observed.inputs).requires_replacement


async def test_a_refresh_reports_an_agent_that_is_still_provisioning(
    driver: LifecycleDriver,
) -> None:
    """The next update waits until it is ready."""
    driver.emulator.inject("stuck_phase", method="POST", path="/agents")
    with pytest.raises(ResourceInitFailed, match="last seen: Provisioning") as caught:
        await create_and_finish(AGENT.connect(driver.api), CODER, driver.new_context(0.5))
    observed = await driver.read(AGENT, caught.value.stored)
    assert observed is not None
    assert observed.problem == "it is being provisioned; the next update waits for it"


async def test_a_delete_waits_until_agent_and_sandbox_are_deleted(driver: LifecycleDriver) -> None:
    """A second delete succeeds."""
    stored = await driver.create(AGENT, **CODER)
    await driver.delete(AGENT, stored)
    assert (driver.emulator.state()["agents"], driver.emulator.state()["sandboxes"]) == (0, 0)
    assert await driver.read(AGENT, stored) is None
    await driver.delete(AGENT, stored)


@pytest.mark.parametrize("by", ["id", "name"])
async def test_a_plan_after_an_import_has_no_changes(driver: LifecycleDriver, by: str) -> None:
    """The inputs have the template. Inputs that the API does not return cause no replacement."""
    arguments = {**WEB, "idleTimeoutSeconds": 60}
    created = await driver.create(AGENT, **arguments, config={"font": 12}, diskGb=30, env={"A": "1"}, cpu=2)
    stored = await lifecycle.read(AGENT.connect(driver.api), created.id if by == "id" else "web", None)
    assert stored is not None
    assert (stored.id, stored.inputs) == (created.id, arguments)
    assert not AGENT.diff(stored.inputs, stored.state, arguments).changes
    assert not AGENT.diff(stored.inputs, stored.state, created.inputs).requires_replacement


async def test_an_update_after_an_import_sends_the_size(driver: LifecycleDriver) -> None:
    """An import cannot read the size, so it may differ."""
    created = await driver.create(AGENT, **CODER, cpu=2)
    stored = await lifecycle.read(AGENT.connect(driver.api), created.id, None)
    assert stored is not None
    await driver.update(AGENT, stored, **CODER, cpu=4)
    assert (await read_sandbox(driver, created.state)).resources.cpu == 4


async def test_an_import_omits_a_template_that_no_longer_exists(driver: LifecycleDriver) -> None:
    """Setting it afterwards does not replace the agent."""
    created = await driver.create(AGENT, **CODER)
    driver.emulator.inject("status", method="GET", path="*agent-templates*", status=404)
    stored = await lifecycle.read(AGENT.connect(driver.api), created.id, None)
    assert stored is not None
    assert "agentTemplate" not in stored.inputs
    assert not AGENT.diff(stored.inputs, stored.state, created.inputs).requires_replacement


@pytest.mark.parametrize(
    ("changed", "replaces"),
    [
        ({"agentTemplate": "code-server"}, True),
        ({"config": {"model": "other"}}, True),
        ({"config": None}, True),
        ({"env": {"A": "2"}}, True),
        ({"env": None}, True),
        ({"region": "dev"}, True),
        ({"region": None}, None),
        ({"diskGb": 40}, True),
        ({"diskGb": None}, None),
        ({"cpu": None, "memoryGb": None}, None),
        ({"memoryGb": 8}, False),
    ],
)
def test_a_changed_input_replaces_or_updates_the_agent_or_is_ignored(
    changed: dict[str, Any], *, replaces: bool | None
) -> None:
    old = {**CODER, "config": {"model": "x"}, "env": {"A": "1"}, "region": "as-south-1", "diskGb": 20, "cpu": 1}
    found = AGENT.diff(old, old, {**old, **changed})
    assert (found.requires_replacement if found.changes else None) is replaces


@pytest.mark.parametrize(
    ("inputs", "failed"),
    [
        ({"agentTemplate": None}, "agentTemplate: is required"),
        ({"config": "fast"}, "config: must be an object (is 'fast')"),
        ({"cpu": 9}, "cpu: must be at most 8 (is 9)"),
        ({"idleTimeoutSeconds": -1}, "idleTimeoutSeconds: must be at least 0 (is -1)"),
    ],
)
def test_invalid_inputs_are_rejected_by_validation(inputs: dict[str, Any], failed: str) -> None:
    failures = AGENT.check({}, {**CODER, **inputs}, str)[1]
    assert [f"{failure.path}: {failure.reason}" for failure in failures] == [failed]


def test_any_json_object_is_a_valid_config() -> None:
    config = {"a": [1, {"b": None, "c": 1.5}], "d": {"e": True}}
    assert AGENT.check({}, {**CODER, "config": config}, str)[1] == []


def test_outputs_that_grant_access_to_an_agent_are_secret() -> None:
    """`env` is not in the repr, either, which tracebacks contain."""
    secret = {name for name, value in AgentOutputs.properties.items() if value.has(Secret)}
    assert secret == {"gatewayToken", "webUiUrl", "effectiveConfig"}
    assert SECRET not in repr(parse(AgentInputs, {**CODER, "env": {"A": SECRET}}))
