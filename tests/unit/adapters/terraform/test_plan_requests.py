"""Plans that ask the API: what an argument names is there, or the plan says so before anything is made."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.terraform_engine import Engine, EngineError, settings_of

from neev_emulator import Emulator
from neev_provider.core.model import UNKNOWN

TEMPLATE = "sb-ubuntu-26-04-minimal"
MISSPELT_TEMPLATE = "sb-ubuntu-26-04-minimum"


@pytest.fixture
async def asking(terraform: Engine, platform: Emulator) -> Engine:
    """The engine's side of a provider whose plans ask the API."""
    await terraform.configure(**settings_of(platform), check_on_preview=True)
    return terraform


async def expect_error(engine: Engine, kind: str, config: dict[str, Any]) -> EngineError:
    """Return the error of the plan."""
    with pytest.raises(EngineError) as caught:
        await engine.resource(kind).plan(config)
    return caught.value


async def test_a_plan_without_the_setting_asks_nothing(terraform: Engine, platform: Emulator) -> None:
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
async def test_what_is_not_there_is_an_error_at_the_line_of_its_argument(
    kind: str, config: dict[str, Any], path: str, reason: str, asking: Engine
) -> None:
    error = await expect_error(asking, kind, config)
    assert error.paths == [path]
    assert reason in error.details()


async def test_each_question_is_asked_once(asking: Engine, platform: Emulator) -> None:
    box = asking.resource("neev_sandbox")
    await expect_error(asking, "neev_sandbox", {"template_id": MISSPELT_TEMPLATE})
    plan = await box.plan({"template_id": TEMPLATE})
    assert plan.action == "create"
    requested = [entry["template"] for entry in platform.requests]
    assert requested == ["/sandboxes", "/sandbox-templates", "/sandbox-templates"]


async def test_what_is_not_known_yet_is_not_asked_for(asking: Engine, platform: Emulator) -> None:
    plan = await asking.resource("neev_snapshot").plan({"sandbox_id": UNKNOWN})
    assert plan.action == "create"
    assert [entry["template"] for entry in platform.requests] == ["/sandboxes"]


async def test_a_plan_without_the_account_asks_nothing(terraform: Engine, platform: Emulator) -> None:
    await terraform.configure(**{**settings_of(platform), "api_key": UNKNOWN}, check_on_preview=True)
    plan = await terraform.resource("neev_sandbox").plan({"template_id": MISSPELT_TEMPLATE})
    assert (plan.action, platform.requests) == ("create", [])
