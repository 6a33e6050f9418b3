"""The plugin rejects operations on resources whose state records another account."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.adapters.fake_pulumi_engine import FakePulumiEngine, RpcFailure

from neev_emulator.testing import Emulator
from neev_provider.core.account import ACCOUNT_KEY


async def test_operations_on_a_resource_of_another_account_are_rejected(
    plugin: FakePulumiEngine, emulator: Emulator
) -> None:
    kept = await plugin.create("Sandbox", {"name": "box"})
    record = kept.state[ACCOUNT_KEY].replace(emulator.project_id, "another")
    elsewhere = replace(kept, state={**kept.state, ACCOUNT_KEY: record})
    emulator.clear_log()
    for act in (
        plugin.diff(elsewhere, {"name": "box"}),
        plugin.refresh(elsewhere),
        plugin.update(elsewhere, {"name": "box", "cpu": 2}),
        plugin.delete(elsewhere),
    ):
        with pytest.raises(
            RpcFailure, match=r"projectId another, and neev:projectId \(or NEEV_PROJECT_ID\) is project-emulator"
        ):
            await act
    assert emulator.requests == []
    await plugin.delete(kept)
