"""Forks on a platform."""

from tests.unit.resources.conftest import LifecycleDriver

from neev_provider.core import lifecycle
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.sandbox.sandbox_fork import SandboxForkResource

SANDBOX, FORK = SandboxResource(), SandboxForkResource()
OPEN = {"mode": "allow_list", "allowInternet": False, "allow": [{"host": "pypi.org"}]}


async def test_a_fork_inherits_what_it_does_not_say(driver: LifecycleDriver) -> None:
    """Size, egress and windows come from the source; the fork call carries only a name."""
    template = "sb-ubuntu-26-04-minimal"
    source = await driver.create(SANDBOX, name="source", templateId=template, cpu=2, egress=OPEN, idleTimeoutSeconds=60)
    driver.take_requests()
    fork = await driver.create(FORK, sourceSandboxId=source.id, name="fork")
    assert (fork.state["cpu"], fork.state["egress"], fork.state["idleTimeoutSeconds"]) == (2, OPEN, 60)
    assert fork.state["templateId"] == template
    assert driver.take_requests() == ["POST /sandboxes/{id}/fork"]


async def test_what_a_fork_says_is_sent_once_it_is_ready(driver: LifecycleDriver) -> None:
    """By PATCH, PUT and pause."""
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


async def test_a_policy_taken_out_of_a_fork_denies_everything(driver: LifecycleDriver) -> None:
    """Unset it is inherited; taken out, nothing is allowed."""
    source = await driver.create(SANDBOX, name="source", egress=OPEN)
    fork = await driver.create(FORK, sourceSandboxId=source.id, name="fork", egress=OPEN)
    found = FORK.diff(fork.inputs, fork.state, {"sourceSandboxId": source.id, "name": "fork"})
    assert {change.property_name for change in found.changes} == {"egress"}
    fork = await driver.update(FORK, fork, sourceSandboxId=source.id, name="fork")
    assert fork.state["egress"]["mode"] == "deny_all"


async def test_the_end_of_the_source_is_no_drift(driver: LifecycleDriver) -> None:
    """A fork is a sandbox of its own."""
    source = await driver.create(SANDBOX, name="source")
    fork = await driver.create(FORK, sourceSandboxId=source.id, name="fork")
    await driver.delete(SANDBOX, source)
    observed = await driver.read(FORK, fork)
    assert observed is not None
    assert observed.inputs == fork.inputs


async def test_an_imported_fork_records_its_source_and_keeps_its_policy(driver: LifecycleDriver) -> None:
    """The API does not say where it came from; a policy that the program does not say is the inherited one."""
    source = await driver.create(SANDBOX, name="source", egress=OPEN)
    fork = await driver.create(FORK, sourceSandboxId=source.id, name="fork")
    stored = await lifecycle.read(FORK.connect(driver.api), fork.id, None)
    assert stored is not None
    found = FORK.diff(stored.inputs, stored.state, {"sourceSandboxId": source.id, "name": "fork"})
    assert [(change.path, change.requires_replacement) for change in found.changes] == [("sourceSandboxId", False)]
