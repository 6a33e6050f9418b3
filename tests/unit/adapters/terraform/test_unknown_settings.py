"""Settings that are known only after another resource is applied: a read or a plan that needs none ignores them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.terraform_engine import Engine, EngineError, open_engine, settings_of

from neev_emulator import Emulator
from neev_provider.core.model import UNKNOWN


@pytest.mark.parametrize(
    "unknown",
    [
        {"default_labels": {"team": UNKNOWN}},
        {"ownership_labels": UNKNOWN},
        {"region": UNKNOWN, "check_on_preview": UNKNOWN, "request_timeout_seconds": UNKNOWN},
    ],
    ids=str,
)
async def test_a_refresh_and_an_empty_plan_ignore_unknown_settings(
    terraform: Engine, platform: Emulator, unknown: dict[str, Any]
) -> None:
    config = {"name": "web", "labels": {f"key{number}": "value" for number in range(12)}}
    state = await terraform.resource("neev_sandbox").create(config)
    async with open_engine() as engine:
        await engine.configure(**settings_of(platform), **unknown)
        box = engine.resource("neev_sandbox")
        assert await box.read(state) == state
        assert (await box.plan(config, state)).action == "none"
        assert engine.warnings() == []
        plan = await box.plan({})
        with pytest.raises(EngineError, match="depends on a resource that is not applied yet"):
            await box.apply(plan)
        await box.destroy(state)


async def test_a_missing_setting_is_an_error_if_others_are_unknown() -> None:
    async with open_engine() as engine:
        with pytest.raises(EngineError, match="NEEV_API_KEY"):
            await engine.configure(org_id="org", default_labels={"team": UNKNOWN})
