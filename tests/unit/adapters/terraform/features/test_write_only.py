"""Write-only attributes: no plan, state or private state has the secret, and its version announces a change."""

from typing import Any

import pytest
from tests.unit.adapters.terraform.features.conftest import Engine, config_of

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.values import decode, encode

SANDBOX, COMMAND = "neev_sandbox", "neev_command"
SECRET = "hunter2-of-the-env"
ALLOWED = pb.ClientCapabilities(write_only_attributes_allowed=True)


class Resource:
    """One resource as the engine has it."""

    def __init__(self, engine: Engine, type_name: str) -> None:
        self.engine = engine
        self.type_name = type_name
        self.state: Any = None
        self.private = b""

    def config(self, **values: Any) -> pb.DynamicValue:
        """Return the configuration of the resource."""
        return config_of(self.engine.schema.resource_schemas[self.type_name], timeouts=None, **values)

    async def plan(self, **values: Any) -> pb.PlanResourceChange.Response:
        """Return the plan for this configuration."""
        response: pb.PlanResourceChange.Response = await self.engine.call(
            "PlanResourceChange",
            type_name=self.type_name,
            prior_state=encode(self.state),
            proposed_new_state=self.config(**values),
            config=self.config(**values),
            prior_private=self.private,
        )
        assert not response.diagnostics
        assert SECRET.encode() not in response.SerializeToString()
        return response

    async def apply(self, **values: Any) -> None:
        """Create or update the resource."""
        planned = await self.plan(**values)
        response = await self.engine.call(
            "ApplyResourceChange",
            type_name=self.type_name,
            prior_state=encode(self.state),
            planned_state=planned.planned_state,
            config=self.config(**values),
            planned_private=planned.planned_private,
        )
        assert not response.diagnostics
        assert SECRET.encode() not in response.SerializeToString()
        self.state, self.private = decode(response.new_state), response.private

    async def refresh(self) -> None:
        """Read the resource."""
        response = await self.engine.call(
            "ReadResource", type_name=self.type_name, current_state=encode(self.state), private=self.private
        )
        self.state, self.private = decode(response.new_state), response.private


def is_change(resource: Resource, plan: pb.PlanResourceChange.Response) -> bool:
    """Return whether the plan changes more than the version."""
    return any(
        value != resource.state[name]
        for name, value in decode(plan.planned_state).items()
        if not name.endswith("_wo_version")
    )


def list_replacing_attributes(plan: pb.PlanResourceChange.Response) -> list[str]:
    """Return the attributes that replace the resource."""
    return [path.steps[0].attribute_name for path in plan.requires_replace]


@pytest.fixture
async def sandbox(engine: Engine) -> Resource:
    """Return a sandbox whose environment is write-only."""
    created = Resource(engine, SANDBOX)
    await created.apply(name="box", env_wo={"KEY": SECRET}, env_wo_version=1)
    await created.refresh()
    return created


async def test_only_a_changed_write_only_version_replaces_the_resource(sandbox: Resource) -> None:
    assert (sandbox.state["env"], sandbox.state["env_wo"], sandbox.state["env_wo_version"]) == (None, None, 1)
    same = await sandbox.plan(name="box", env_wo={"KEY": "another"}, env_wo_version=1)
    assert not is_change(sandbox, same)
    assert list_replacing_attributes(same) == []
    other = await sandbox.plan(name="box", env_wo={"KEY": "another"}, env_wo_version=2)
    assert list_replacing_attributes(other) == ["env", "env_wo_version"]


async def test_removing_a_write_only_value_replaces_the_resource(sandbox: Resource) -> None:
    assert list_replacing_attributes(await sandbox.plan(name="box")) == ["env", "env_wo_version"]
    assert list_replacing_attributes(await sandbox.plan(name="box", env={"KEY": "plain"})) == ["env", "env_wo_version"]


async def test_a_change_from_write_only_to_stored_puts_the_value_in_the_state(sandbox: Resource) -> None:
    command = Resource(sandbox.engine, COMMAND)
    arguments = {"sandbox_id": sandbox.state["id"], "create": ["true"], "update": ["true"]}
    await command.apply(**arguments, env_wo={"KEY": SECRET}, env_wo_version=1)
    await command.apply(**arguments, env={"KEY": "plain"})
    assert (command.state["env"], command.state["env_wo_version"]) == ({"KEY": "plain"}, None)


async def test_output_of_a_command_with_a_secret_stays_secret_after_a_refresh(sandbox: Resource) -> None:
    command = Resource(sandbox.engine, COMMAND)
    arguments = {
        "sandbox_id": sandbox.state["id"],
        "create": ["sh", "-c", "echo ${#KEY}"],
        "update": ["sh", "-c", "echo again"],
    }
    await command.apply(**arguments, env_wo={"KEY": SECRET}, env_wo_version=1)
    for _ in range(2):
        assert (command.state["stdout"], command.state["secret_stdout"]) == (None, "18\n")
        assert command.state["env"] is None
        assert not is_change(command, await command.plan(**arguments, env_wo={"KEY": SECRET}, env_wo_version=1))
        await command.refresh()
    await command.apply(**arguments, env_wo={"KEY": SECRET}, env_wo_version=2)
    assert command.state["secret_stdout"] == "again\n"


async def test_write_only_arguments_are_rejected_if_the_engine_does_not_support_them(engine: Engine) -> None:
    resource = Resource(engine, SANDBOX)
    for values, allowed, refused in (
        ({"env_wo": {"KEY": SECRET}, "env_wo_version": 1}, ALLOWED, False),
        ({"env_wo": {"KEY": SECRET}, "env_wo_version": 1}, None, True),
        ({"env": {"KEY": SECRET}}, None, False),
    ):
        response = await engine.call(
            "ValidateResourceConfig",
            type_name=SANDBOX,
            config=resource.config(**values),
            client_capabilities=allowed,
        )
        texts = [diagnostic.detail for diagnostic in response.diagnostics]
        assert bool(texts) == refused
        assert all("env_wo requires Terraform or OpenTofu 1.11" in text for text in texts)


async def test_an_input_that_a_refresh_compares_has_no_write_only_attribute(engine: Engine) -> None:
    names = {item.name for item in engine.schema.resource_schemas["neev_sandbox_pool"].block.attributes}
    assert "env" in names
    assert not {"env_wo", "env_wo_version"} & names
