"""Values that become known or invalid, and sources that are deleted, between validation, plan and apply."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import terraform_values as values
from tests.fakes.terraform_engine import Engine, EngineError, open_engine, settings_of

from neev_emulator import Emulator
from neev_provider.adapters.terraform.names import function_of, resource_of
from neev_provider.core.errors import InputError
from neev_provider.core.model import UNKNOWN


async def expect_error(operation: Awaitable[Any]) -> EngineError:
    """Return the error that the engine reports."""
    with pytest.raises(EngineError) as caught:
        await operation
    return caught.value


async def test_an_unknown_value_that_becomes_invalid_is_an_error_at_its_argument(
    terraform: Engine, platform: Emulator
) -> None:
    box = terraform.resource("neev_sandbox")
    plan = await box.plan({"cpu": UNKNOWN})
    error = await expect_error(box.apply(plan, {"cpu": -1}))
    assert error.paths == ["cpu"]
    assert "must be at least 0.5" in error.details()
    assert platform.requests == []


async def test_a_source_deleted_after_the_plan_is_an_error_at_its_argument(
    terraform: Engine, platform: Emulator, tmp_path: Path
) -> None:
    box = await terraform.resource("neev_sandbox").create({})
    config = {"sandbox_id": box.id, "path": "app", "source_path": str(tmp_path)}
    directory = terraform.resource("neev_directory")
    plan = await directory.plan(config)
    await asyncio.to_thread(tmp_path.rmdir)
    platform.clear_log()
    response = await terraform.call(
        "ApplyResourceChange",
        type_name="neev_directory",
        prior_state=values.to_wire(None),
        planned_state=values.to_wire(plan.planned),
        config=values.to_wire(plan.config),
    )
    (error,) = response.diagnostics
    assert [step.attribute_name for step in error.attribute.steps] == ["source_path"]
    assert values.from_wire(directory.block, response.new_state) is None
    assert platform.requests == []


async def test_an_invalid_argument_of_a_data_source_is_an_error_at_its_argument(
    terraform: Engine, platform: Emulator
) -> None:
    block = terraform.schemas.data_source_schemas["neev_sandbox_metrics"].block
    config = values.to_wire(values.convert(block, {"sandbox_id": "box", "window_seconds": 0}))
    response = await terraform.call("ReadDataSource", type_name="neev_sandbox_metrics", config=config)
    (error,) = response.diagnostics
    assert [step.attribute_name for step in error.attribute.steps] == ["window_seconds"]
    assert platform.requests == []


@pytest.mark.parametrize("source_path", [None, UNKNOWN])
async def test_the_error_of_a_missing_argument_names_only_existing_attributes(
    source_path: Any, terraform: Engine
) -> None:
    directory = terraform.resource("neev_directory")
    config = {"sandbox_id": "box", "path": "app", "source_path": source_path}
    if source_path is UNKNOWN:
        assert (await directory.plan(config)).action == "create"
        return
    error = await expect_error(directory.validate(config))
    assert (error.paths, error.details()) == (["source_path"], "Invalid source_path: source_path: is required")


@pytest.mark.parametrize("is_read", [False, True])
async def test_reordering_an_unordered_list_plans_no_change(
    is_read: bool,  # noqa: FBT001
    terraform: Engine,
    platform: Emulator,
) -> None:
    box, rule = terraform.resource("neev_sandbox"), terraform.resource("neev_egress_rule")
    hosts = [{"host": "a.org", "ports": [80, 443]}, {"host": "b.org"}]
    state = await box.create({"egress": {"mode": "allow_list", "allow": hosts}})
    other = await box.create({})
    allowed = {"sandbox_id": other.id, "host": "a.org"}
    rule_state = await rule.create({**allowed, "ports": [80, 443]})
    if is_read:
        state, rule_state = await box.read(state) or state, await rule.read(rule_state) or rule_state
    platform.clear_log()
    turned = [{"host": "b.org"}, {"host": "a.org", "ports": [443, 80]}]
    assert (await box.plan({"egress": {"mode": "allow_list", "allow": turned}}, state)).action == "none"
    assert (await rule.plan({**allowed, "ports": [443, 80]}, rule_state)).action == "none"
    assert (await rule.plan({**allowed, "ports": [443]}, rule_state)).action == "update"
    assert platform.mutating_requests == []


async def test_two_provider_configurations_use_their_own_projects(terraform: Engine, platform: Emulator) -> None:
    async with open_engine() as alias:
        await alias.configure(**{**settings_of(platform), "project_id": "project-other"})
        for engine, project in ((terraform, "project-emulator"), (alias, "project-other")):
            await engine.resource("neev_sandbox").create({"name": f"of-{project}"})
        for engine, project in ((terraform, "project-emulator"), (alias, "project-other")):
            found = await engine.read_data_source("neev_sandboxes", {})
            assert [item["name"] for item in found["sandboxes"]] == [f"of-{project}"]


async def test_a_read_warns_about_the_problem_of_the_object(terraform: Engine, platform: Emulator) -> None:
    box = await terraform.resource("neev_sandbox").create({})
    snapshots = terraform.resource("neev_snapshot")
    platform.inject("failed_phase", method="POST", path="/sandboxes/{id}/snapshots", reason="disk full")
    error = await expect_error(snapshots.create({"sandbox_id": box.id}))
    assert error.state is not None
    assert await snapshots.read(error.state) is not None
    assert "disk full" in str(terraform.warnings())


def test_an_unknown_type_is_rejected_with_its_name() -> None:
    with pytest.raises(InputError, match="this version of the provider has no resource neev_moon"):
        resource_of("neev_moon")
    with pytest.raises(InputError, match="this version of the provider has no data source neev_moon"):
        function_of("neev_moon")


async def test_the_error_of_an_invalid_json_object_shows_jsonencode(terraform: Engine) -> None:
    agent = terraform.resource("neev_agent")
    error = await expect_error(agent.validate({"agent_template": "claude-code", "config": "text"}))
    assert error.paths == ["config"]
    assert "config: must be a JSON object, such as jsonencode(" in error.details()
