"""Problems of another machine or resource fail the apply and not the plan, because a destroy also plans them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.terraform_engine import Engine, EngineError

from neev_emulator import Emulator


async def test_a_missing_local_file_fails_the_apply_and_warns_in_the_plan(
    terraform: Engine, platform: Emulator, tmp_path: Path
) -> None:
    source = tmp_path / "app.txt"
    source.write_text("content")
    file = terraform.resource("neev_file")
    box = await terraform.resource("neev_sandbox").create({})
    config = {"sandbox_id": box.id, "path": "app.txt", "source_path": str(source)}
    state = await file.create(config)
    assert terraform.diagnostics == []
    source.unlink()
    await file.validate(config)
    plan = await file.plan(config, state)
    assert plan.action == "update"
    assert "sha256" in plan.unknown
    warning = terraform.diagnostics[-1]
    assert (warning.summary, warning.attribute.steps[0].attribute_name) == ("Invalid source_path", "source_path")
    assert "app.txt cannot be read" in terraform.warnings()[-1]
    platform.clear_log()
    with pytest.raises(EngineError, match=r"Cannot update neev_file.*app.txt cannot be read") as caught:
        await file.apply(plan)
    assert caught.value.state == state
    assert platform.requests == []
    await file.destroy(state)


async def test_a_missing_local_file_of_a_new_resource_fails_only_the_apply(terraform: Engine, tmp_path: Path) -> None:
    directory = terraform.resource("neev_directory")
    plan = await directory.plan({"sandbox_id": "box", "path": "app", "source_path": str(tmp_path / "app")})
    assert plan.action == "create"
    assert terraform.warnings() != []
    with pytest.raises(EngineError, match="Cannot create neev_directory"):
        await directory.apply(plan)


async def test_a_plan_shows_the_warnings_about_local_files(terraform: Engine, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("content")
    config = {"sandbox_id": "box", "path": "app", "source_path": str(tmp_path), "exclude": ["*.pyc"]}
    directory = terraform.resource("neev_directory")
    await directory.validate(config)
    assert terraform.warnings() == []
    await directory.plan(config)
    assert "*.pyc" in terraform.warnings()[-1]


async def test_an_egress_rule_beside_a_policy_fails_only_the_apply(terraform: Engine, platform: Emulator) -> None:
    policy = {"egress": {"mode": "deny_all"}}
    box = await terraform.resource("neev_sandbox").create(policy)
    await terraform.resource("neev_sandbox").plan(policy, box)
    rule = terraform.resource("neev_egress_rule")
    plan = await rule.plan({"sandbox_id": box.id, "host": "pypi.org"})
    assert "`egress` of this sandbox" in terraform.warnings()[-1]
    platform.clear_log()
    with pytest.raises(EngineError, match="`egress` of this sandbox") as caught:
        await rule.apply(plan)
    assert caught.value.state is None
    assert platform.mutating_requests == []
