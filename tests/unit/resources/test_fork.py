"""The SandboxFork resource against the emulator."""

from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.core import lifecycle
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.sandbox.sandbox_fork import SandboxForkResource

SANDBOX, FORK = SandboxResource(), SandboxForkResource()
OPEN = {"mode": "allow_list", "allowInternet": False, "allow": [{"host": "pypi.org"}]}


async def test_a_fork_inherits_absent_inputs_from_its_source(driver: LifecycleDriver) -> None:
    """Size, egress and timeouts are those of the source; the fork request has only a name."""
    template = "sb-ubuntu-26-04-minimal"
    source = await driver.create(SANDBOX, name="source", templateId=template, cpu=2, egress=OPEN, idleTimeoutSeconds=60)
    driver.take_requests()
    fork = await driver.create(FORK, sourceSandboxId=source.id, name="fork")
    assert (fork.state["cpu"], fork.state["egress"], fork.state["idleTimeoutSeconds"]) == (2, OPEN, 60)
    assert fork.state["templateId"] == template
    assert driver.take_requests() == ["POST /sandboxes/{id}/fork"]


async def test_the_inputs_of_a_fork_are_sent_after_it_is_ready(driver: LifecycleDriver) -> None:
    source = await driver.create(SANDBOX, name="source")
    driver.take_requests()
    inputs = {"cpu": 4, "egress": OPEN, "idleTimeoutSeconds": 90, "paused": True}
    fork = await driver.create(FORK, sourceSandboxId=source.id, name="fork", **inputs)
    assert {name: fork.state[name] for name in inputs} == inputs
    assert fork.state["phase"] == "Paused"
    assert driver.take_requests() == [
        "POST /sandboxes/{id}/fork",
        "PATCH /sandboxes/{id}",
        "PUT /sandboxes/{id}/timeout",
        "POST /sandboxes/{id}/pause",
    ]


async def test_a_removed_egress_policy_of_a_fork_denies_all(driver: LifecycleDriver) -> None:
    """A policy that was never set is inherited."""
    source = await driver.create(SANDBOX, name="source", egress=OPEN)
    fork = await driver.create(FORK, sourceSandboxId=source.id, name="fork", egress=OPEN)
    found = FORK.diff(fork.inputs, fork.state, {"sourceSandboxId": source.id, "name": "fork"})
    assert {change.property_name for change in found.changes} == {"egress"}
    fork = await driver.update(FORK, fork, sourceSandboxId=source.id, name="fork")
    assert fork.state["egress"]["mode"] == "deny_all"


async def test_a_deleted_source_is_not_drift(driver: LifecycleDriver) -> None:
    """A fork does not depend on its source."""
    source = await driver.create(SANDBOX, name="source")
    fork = await driver.create(FORK, sourceSandboxId=source.id, name="fork")
    await driver.delete(SANDBOX, source)
    observed = await driver.read(FORK, fork)
    assert observed is not None
    assert observed.inputs == fork.inputs


async def test_an_update_after_an_import_stores_the_source_and_keeps_the_policy(driver: LifecycleDriver) -> None:
    """The API does not return the source; if `egress` is absent, the policy is the inherited one."""
    source = await driver.create(SANDBOX, name="source", egress=OPEN)
    fork = await driver.create(FORK, sourceSandboxId=source.id, name="fork")
    stored = await lifecycle.read(FORK.connect(driver.api), fork.id, None)
    assert stored is not None
    found = FORK.diff(stored.inputs, stored.state, {"sourceSandboxId": source.id, "name": "fork"})
    assert [(change.path, change.requires_replacement) for change in found.changes] == [("sourceSandboxId", False)]
