"""Labels of sandboxes, members and builders, at both versions of the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.resources.conftest import LifecycleDriver

from neev_emulator import Emulator, serve
from neev_provider.adapters.shared.planner import Planner
from neev_provider.client import Api, Settings, connect
from neev_provider.core import lifecycle
from neev_provider.core.labels import LabelPolicy, Owner
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.resources.image.golden_image import GoldenImageResource
from neev_provider.resources.pool.sandbox_pool import SandboxPoolResource
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.sandbox.sandbox_fork import SandboxForkResource

SANDBOX, FORK, POOL, IMAGE = SandboxResource(), SandboxForkResource(), SandboxPoolResource(), GoldenImageResource()
OWNER = Owner("tool", "shop", "dev", "address")
OTHER = Owner("tool", "shop", "prod", "address")
DEFAULTS = {"team": "search"}


def build_settings(emulator: Emulator, policy: LabelPolicy) -> Settings:
    return Settings(
        base_url=emulator.base_url,
        api_key=emulator.api_key,
        org_id=emulator.org_id,
        project_id=emulator.project_id,
        labels=policy,
    )


@pytest.fixture
async def api(emulator: Emulator) -> AsyncIterator[Api]:
    """Yield a client with default labels."""
    async with connect(build_settings(emulator, LabelPolicy(DEFAULTS))) as connected:
        yield connected


@pytest.fixture
def own(api: Api, emulator: Emulator) -> LifecycleDriver:
    """Return a driver that sends the owner of the resource."""
    return OwnerDriver(api, emulator)


class OwnerDriver(LifecycleDriver):
    """Runs the operations of an engine that sends the owner of the resource."""

    def new_context(self, *arguments: Any, **more: Any) -> Any:
        return replace(super().new_context(*arguments, **more), owner=OWNER)


async def find_created(api: Api, resource: AnyResource, stored: StoredResource, owner: Owner) -> str | None:
    found = await lifecycle.find_created(resource.connect(api), stored.inputs, owner)
    return found.id if found else None


async def test_a_sandbox_has_its_own_labels_the_default_labels_and_those_of_its_owner(own: LifecycleDriver) -> None:
    stored = await own.create(SANDBOX, name="box", labels={"role": "worker"})
    assert stored.state["labels"] == {"role": "worker"}
    assert stored.state["effectiveLabels"] == {"role": "worker", **DEFAULTS, **OWNER.to_labels()}
    observed = await own.read(SANDBOX, stored)
    assert observed is not None
    assert (observed.inputs, observed.state) == (stored.inputs, stored.state)


async def test_a_sandbox_without_labels_has_no_labels_input(own: LifecycleDriver) -> None:
    stored = await own.create(SANDBOX, name="box")
    assert "labels" not in stored.state
    observed = await own.read(SANDBOX, stored)
    assert observed is not None
    assert "labels" not in observed.inputs
    assert not SANDBOX.diff(stored.inputs, stored.state, {**stored.inputs, "labels": {}}).changes


async def test_a_changed_label_replaces_the_sandbox(own: LifecycleDriver) -> None:
    stored = await own.create(SANDBOX, name="box", labels={"role": "worker"})
    for labels in ({"role": "other"}, {"role": "worker", "a": "1"}, {}, None):
        assert SANDBOX.diff(stored.inputs, stored.state, {**stored.inputs, "labels": labels}).requires_replacement
    assert not SANDBOX.diff(stored.inputs, stored.state, stored.inputs).changes


async def test_missing_labels_of_a_sandbox_are_drift(own: LifecycleDriver) -> None:
    await own.create(SANDBOX, name="box")
    sandbox = await own.api.sandboxes.get("box")
    lacking = StoredResource(sandbox.id, {"name": "box", "labels": {"role": "worker"}}, {})
    observed = await own.read(SANDBOX, lacking)
    assert observed is not None
    assert observed.inputs["labels"] == {}


async def test_an_import_omits_default_labels_and_owner_labels(own: LifecycleDriver) -> None:
    stored = await own.create(SANDBOX, name="box", labels={"role": "worker"})
    imported = await lifecycle.read(SANDBOX.connect(own.api), stored.id, None)
    assert imported is not None
    assert imported.inputs["labels"] == {"role": "worker"}
    plain = await own.create(SANDBOX, name="plain")
    imported = await lifecycle.read(SANDBOX.connect(own.api), plain.id, None)
    assert imported is not None
    assert "labels" not in imported.inputs
    new_inputs = {**imported.inputs, "labels": {"role": "worker"}}
    assert SANDBOX.diff(imported.inputs, imported.state, new_inputs).requires_replacement


async def test_a_fork_has_its_inherited_labels_as_an_output(own: LifecycleDriver) -> None:
    source = await own.create(SANDBOX, name="source", labels={"role": "worker"})
    fork = await own.create(FORK, name="fork", sourceSandboxId=source.id)
    assert fork.state["effectiveLabels"] == source.state["effectiveLabels"]


async def test_changed_labels_of_a_pool_replace_its_members(own: LifecycleDriver) -> None:
    stored = await own.create(POOL, name="fleet", replicas=2, labels={"role": "worker"})
    members = await own.api.sandboxes.list(labels={"role": "worker", **OWNER.to_labels(), **DEFAULTS})
    assert len(members) == 2
    unset, _ = POOL.check({}, {"name": "fleet", "replicas": 2, "labels": {}}, str)
    never, _ = POOL.check({}, {"name": "fleet", "replicas": 2}, str)
    assert not POOL.diff(never, {}, unset).changes
    stored = await own.update(POOL, stored, name="fleet", replicas=2, labels={"role": "other"})
    replaced = await own.api.sandboxes.list(labels={"role": "other"})
    assert len(replaced) == 2
    assert {item.id for item in replaced}.isdisjoint(item.id for item in members)
    imported = await lifecycle.read(POOL.connect(own.api), "fleet", None)
    assert imported is not None
    assert imported.inputs["labels"] == {"role": "other"}


async def test_a_plan_of_a_pool_or_image_logs_that_default_labels_apply_to_new_sandboxes(
    own: LifecycleDriver,
) -> None:
    pool = await own.create(POOL, name="fleet", replicas=2, labels={"role": "worker"})
    image = await own.create(IMAGE, name="base")
    assert pool.state["effectiveLabels"] == {"role": "worker", **DEFAULTS, **OWNER.to_labels()}
    assert image.state["effectiveLabels"] == {**DEFAULTS, **OWNER.to_labels()}
    for resource, stored in ((POOL, pool), (IMAGE, image)):
        assert await own.read(resource, stored) == stored
        lines: list[str] = []
        for policy in (LabelPolicy(DEFAULTS), LabelPolicy({"team": "shop"})):
            planner = Planner(resource, own.api.account, policy)
            assert not planner.diff(stored.id, stored.inputs, stored.state, stored.inputs, lines.append).changes
        assert ["(team differs)" in line for line in lines] == [True]


async def test_the_effective_labels_of_a_pool_are_those_common_to_all_members(
    own: LifecycleDriver, emulator: Emulator
) -> None:
    stored = await own.create(POOL, name="fleet", replicas=1)
    async with connect(build_settings(emulator, LabelPolicy({"team": "shop", "cost": "7"}))) as api:
        other = OwnerDriver(api, emulator)
        grown = await other.update(POOL, stored, name="fleet", replicas=2)
        assert grown.state["effectiveLabels"] == OWNER.to_labels()
        assert "effectiveLabels" not in (await other.update(POOL, grown, name="fleet", replicas=0)).state
        source = await other.create(SANDBOX, name="source")
        forks = await other.create(POOL, name="forks", replicas=1, sourceSandboxId=source.id)
        assert "effectiveLabels" not in forks.state


async def test_changed_labels_of_an_image_apply_to_its_next_builder(own: LifecycleDriver) -> None:
    stored = await own.create(IMAGE, name="base", labels={"role": "builder"})
    (builder,) = await own.api.sandboxes.list(labels={"role": "builder", **OWNER.to_labels()})
    own.take_requests()
    stored = await own.update(IMAGE, stored, name="base", labels={"role": "other"})
    assert (own.take_requests(), stored.state["builderId"]) == ([], builder.id)
    stored = await own.update(IMAGE, stored, name="base", labels={"role": "other"}, cpu=2)
    assert [item.id for item in await own.api.sandboxes.list(labels={"role": "other"})] == [stored.state["builderId"]]


async def test_find_created_ignores_objects_with_the_labels_of_another_owner(own: LifecycleDriver) -> None:
    sandbox = await own.create(SANDBOX, name="box")
    pool = await own.create(POOL, name="fleet", replicas=1)
    image = await own.create(IMAGE, name="base")
    for resource, stored in ((SANDBOX, sandbox), (POOL, pool), (IMAGE, image)):
        assert await find_created(own.api, resource, stored, OWNER) == stored.id
        assert await find_created(own.api, resource, stored, OTHER) is None


async def test_find_created_finds_an_object_without_owner_labels_by_its_name(driver: LifecycleDriver) -> None:
    stored = await driver.create(SANDBOX, name="box")
    assert await find_created(driver.api, SANDBOX, stored, OWNER) == stored.id


async def test_labels_are_not_drift_if_the_api_does_not_support_them() -> None:
    with serve(create_seconds=0.02) as emulator:
        emulator.change_settings(api="0.8")
        async with connect(build_settings(emulator, LabelPolicy(DEFAULTS))) as api:
            own = OwnerDriver(api, emulator)
            stored = await own.create(SANDBOX, name="box", labels={"role": "worker"})
            assert "effectiveLabels" not in stored.state
            observed = await own.read(SANDBOX, stored)
            assert observed is not None
            assert (observed.inputs, observed.state) == (stored.inputs, stored.state)
            assert await api.sandboxes.list(labels={"role": "worker"}) == ()
            assert await find_created(api, SANDBOX, stored, OTHER) == stored.id
