"""Labels through the plugin: the URN names the owner of a resource, and changed default labels are logged once."""

import asyncio

import pytest
from pulumi.runtime.proto import plugin_pb2
from tests.unit.adapters.conftest import serve_plugin
from tests.unit.adapters.fake_pulumi_engine import FakePulumiEngine, StoredResource, secret_value
from tests.unit.adapters.test_engine_client import serve_engine

from neev_emulator.testing import Emulator
from neev_provider.adapters.pulumi.ownership import owner_of_urn

BOX = {"name": "box", "labels": {"team": "search"}}


async def test_the_labels_of_a_sandbox_name_its_owner_by_urn(plugin: FakePulumiEngine) -> None:
    stored = await plugin.create("Sandbox", BOX)
    owner = owner_of_urn(stored.urn)
    assert owner is not None
    assert stored.state["effectiveLabels"] == {"team": "search", **owner.to_labels()}
    observed = await plugin.refresh(stored)
    assert observed is not None
    assert (observed.inputs, observed.state) == (stored.inputs, stored.state)


async def test_ownership_labels_can_be_turned_off(plugin: FakePulumiEngine) -> None:
    await plugin.configure(ownershipLabels=False, defaultLabels={"cost": "7"})
    stored = await plugin.create("Sandbox", BOX)
    assert stored.state["effectiveLabels"] == {"team": "search", "cost": "7"}


async def test_effective_labels_are_secret_if_the_labels_are_secret(plugin: FakePulumiEngine) -> None:
    await plugin.configure(ownershipLabels=False)
    stored = await plugin.create("Sandbox", {"name": "box", "labels": secret_value({"team": "search"})})
    assert stored.state["effectiveLabels"] == secret_value({"team": "search"})


@pytest.mark.parametrize("labels", [{"Team": "a"}, {"managed-by": "me"}, {f"k{number}": "v" for number in range(13)}])
async def test_a_check_rejects_invalid_labels(plugin: FakePulumiEngine, labels: dict[str, str]) -> None:
    failures = (await plugin.check("Sandbox", {"name": "box", "labels": labels})).failures
    assert [failure.property for failure in failures] == ["labels"]


async def test_changed_default_labels_are_logged_once_and_replace_nothing(emulator: Emulator) -> None:
    async for plugin in serve_plugin(emulator.env):
        await plugin.configure()
        boxes: list[StoredResource] = [await plugin.create("Sandbox", {"name": name}) for name in ("one", "two")]
        async with serve_engine() as (listening, address):
            await plugin.call("Attach", plugin_pb2.PluginAttach(address=address))
            await plugin.configure(defaultLabels={"team": "search"})
            for box in boxes:
                assert not (await plugin.diff(box, box.inputs)).diffs
            await asyncio.wait_for(listening.log_requests.get(), 20)
            await plugin.create("Sandbox", {"name": "three"})  # earlier log lines have arrived
            assert listening.log_requests.empty()
