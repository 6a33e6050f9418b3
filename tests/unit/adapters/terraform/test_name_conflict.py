"""The error of a create whose name is taken reports the existing object and how to import it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.project import out_of_band_request
from tests.fakes.terraform_engine import EngineError, open_engine

from neev_emulator.testing import Emulator, serve
from neev_provider.adapters.terraform.attributes import TIMEOUTS, resource_attributes
from neev_provider.adapters.terraform.ownership import owner_of
from neev_provider.adapters.terraform.provider import TerraformProvider
from neev_provider.adapters.terraform.resource_values import ResourceValues
from neev_provider.client import connect
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.reference_errors import DeleteBeforeReplaceRequired, NameConflict
from neev_provider.core.validation import ignore
from neev_provider.resources.agent import AgentResource
from neev_provider.resources.sandbox.sandbox import SandboxResource

OWN_LABELS = "By its labels, this configuration created it, and `terraform state list -id="


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Yield an empty emulator."""
    with serve() as running:
        yield running


async def create(provider: TerraformProvider, resource: AnyResource, **config: str) -> None:
    """Plan and create the resource."""
    values = ResourceValues(resource, {**dict.fromkeys(resource_attributes(resource)), TIMEOUTS: None, **config})
    plan, _ = await provider.plan(values, ignore)
    await provider.apply(values, plan.values, ignore)


async def create_conflict(emulator: Emulator, directory: Path, resource: AnyResource, **config: str) -> NameConflict:
    """Return the error of a create in the configuration of the directory."""
    provider = TerraformProvider(emulator.env, directory, connect, SYSTEM_CLOCK)
    try:
        with pytest.raises(NameConflict) as caught:
            await create(provider, resource, **config)
    finally:
        await provider.aclose()
    return caught.value


@pytest.mark.parametrize(("name", "is_own"), [("web", True), ("other", False)])
async def test_a_name_conflict_reports_an_object_with_labels_of_the_configuration(
    emulator: Emulator, tmp_path: Path, name: str, *, is_own: bool
) -> None:
    labels = owner_of("neev_sandbox", name, {}, tmp_path).to_labels()
    id = out_of_band_request(emulator, "POST", "/sandboxes", {"name": "web", "labels": labels})["id"]
    error = await create_conflict(emulator, tmp_path, SandboxResource(), name="web")
    assert error.summary.startswith("POST /sandboxes was answered with 409")
    assert id in error.summary
    assert (OWN_LABELS in error.hint) is is_own
    assert f"`terraform import neev_sandbox.NAME {id}`" in error.hint


async def test_a_name_conflict_without_labels_proposes_an_import(emulator: Emulator, tmp_path: Path) -> None:
    body = {"name": "helper", "agent_template": "claude-code"}
    id = out_of_band_request(emulator, "POST", "/agents", body)["id"]
    error = await create_conflict(emulator, tmp_path, AgentResource(), **body)
    assert "if it is in no other state: `terraform import neev_agent.NAME " + id in error.hint


async def test_a_name_conflict_is_reported_if_the_labels_cannot_be_read(emulator: Emulator, tmp_path: Path) -> None:
    labels = owner_of("neev_sandbox", "web", {}, tmp_path).to_labels()
    out_of_band_request(emulator, "POST", "/sandboxes", {"name": "web", "labels": labels})
    emulator.inject("status", method="GET", path="/sandboxes/{id}", status=403, skip=1)
    error = await create_conflict(emulator, tmp_path, SandboxResource(), name="web")
    assert "Choose another name" in error.hint


async def test_a_name_conflict_with_the_replaced_resource_proposes_no_import(
    emulator: Emulator, tmp_path: Path
) -> None:
    out_of_band_request(emulator, "POST", "/sandboxes", {"name": "web"})
    resource = SandboxResource()
    resource.existing_names.add("web")  # as the plan of a replacement does
    error = await create_conflict(emulator, tmp_path, resource, name="web")
    assert isinstance(error, DeleteBeforeReplaceRequired)
    assert "terraform import" not in error.hint


@pytest.mark.parametrize("change", ["create", "update"])
async def test_two_resources_of_one_configuration_cannot_have_the_same_name(
    emulator: Emulator, tmp_path: Path, change: str
) -> None:
    directory = tmp_path / "configuration"
    async with open_engine(emulator.env, directory=directory) as engine:
        box = engine.resource("neev_sandbox")
        if change == "update":
            async with open_engine(emulator.env, directory=directory) as earlier:
                state = await earlier.resource("neev_sandbox").create({"name": "web"})
            await box.update({"name": "web", "cpu": 2}, state)
        else:
            await box.create({"name": "web"})
        with pytest.raises(EngineError, match="Another resource of this configuration has this name") as caught:
            await box.create({"name": "web"})
    assert "terraform import" not in caught.value.details()
