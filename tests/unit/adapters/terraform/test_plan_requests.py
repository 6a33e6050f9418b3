"""Plans with `check_on_preview`: the plan fails if an object that an argument names does not exist."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.terraform_engine import Engine, EngineError, settings_of

from neev_emulator import Emulator
from neev_provider.core.model import UNKNOWN

TEMPLATE = "sb-ubuntu-26-04-minimal"
MISSPELT_TEMPLATE = "sb-ubuntu-26-04-minimum"


@pytest.fixture
async def checking(terraform: Engine, platform: Emulator) -> Engine:
    """Return the engine's side of a provider whose plans send requests."""
    await terraform.configure(**settings_of(platform), check_on_preview=True)
    return terraform


async def expect_error(engine: Engine, kind: str, config: dict[str, Any]) -> EngineError:
    """Return the error of the plan."""
    with pytest.raises(EngineError) as caught:
        await engine.resource(kind).plan(config)
    return caught.value


async def test_a_plan_sends_no_request_without_check_on_preview(terraform: Engine, platform: Emulator) -> None:
    plan = await terraform.resource("neev_sandbox").plan({"template_id": MISSPELT_TEMPLATE})
    assert (plan.action, platform.requests) == ("create", [])


@pytest.mark.parametrize(
    ("kind", "config", "path", "reason"),
    [
        ("neev_sandbox", {"template_id": MISSPELT_TEMPLATE}, "template_id", f"did you mean `{TEMPLATE}`"),
        ("neev_snapshot", {"sandbox_id": "gone"}, "sandbox_id", "there is no sandbox 'gone'"),
        ("neev_agent", {"agent_template": "claude-code", "config": '{"model": 5}'}, "config", 'config["model"]: '),
    ],
)
async def test_a_missing_object_is_a_plan_error_at_its_argument(
    kind: str, config: dict[str, Any], path: str, reason: str, checking: Engine
) -> None:
    error = await expect_error(checking, kind, config)
    assert error.paths == [path]
    assert reason in error.details()


async def test_plans_send_each_check_once(checking: Engine, platform: Emulator) -> None:
    box = checking.resource("neev_sandbox")
    await expect_error(checking, "neev_sandbox", {"template_id": MISSPELT_TEMPLATE})
    plan = await box.plan({"template_id": TEMPLATE})
    assert plan.action == "create"
    requested = [entry["template"] for entry in platform.requests]
    assert requested == ["/sandboxes", "/sandbox-templates", "/sandbox-templates"]


async def test_a_plan_does_not_check_unknown_values(checking: Engine, platform: Emulator) -> None:
    plan = await checking.resource("neev_snapshot").plan({"sandbox_id": UNKNOWN})
    assert plan.action == "create"
    assert [entry["template"] for entry in platform.requests] == ["/sandboxes"]


async def test_a_plan_sends_no_request_if_the_api_key_is_unknown(terraform: Engine, platform: Emulator) -> None:
    await terraform.configure(**{**settings_of(platform), "api_key": UNKNOWN}, check_on_preview=True)
    plan = await terraform.resource("neev_sandbox").plan({"template_id": MISSPELT_TEMPLATE})
    assert (plan.action, platform.requests) == ("create", [])
