"""Imports: the accepted ids, the project, and the next plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fakes.terraform_engine import Engine, EngineError, State, open_engine, settings_of

from neev_emulator import Emulator
from neev_provider.core.model import UNKNOWN


@pytest.mark.parametrize("kind", ["id", "name", "identity"])
async def test_an_import_by_id_name_or_identity_has_an_empty_plan(kind: str, terraform: Engine) -> None:
    box = terraform.resource("neev_sandbox")
    state = await box.create({"name": "box"})
    identity = {"id": state.id, "project_id": None} if kind == "identity" else None
    imported = await box.import_state("box" if kind == "name" else state.id, identity)
    assert imported is not None
    assert imported.id == state.id
    assert (await box.plan({"name": "box"}, imported)).action == "none"
    assert await box.import_state("nothing") is None


async def test_an_import_rejects_an_identity_of_another_project(terraform: Engine, platform: Emulator) -> None:
    box = terraform.resource("neev_sandbox")
    state = await box.create({"name": "box"})
    assert await box.import_state(identity={"id": state.id, "project_id": platform.project_id}) is not None
    platform.clear_log()
    with pytest.raises(EngineError, match="a second provider block with an alias") as caught:
        await box.import_state(identity={"id": state.id, "project_id": "another"})
    assert "the identity names the project another" in caught.value.details()
    assert platform.requests == []


async def test_resources_are_imported_by_composite_id(terraform: Engine) -> None:
    box = await terraform.resource("neev_sandbox").create({"name": "box"})
    configs: list[tuple[str, dict[str, Any]]] = [
        ("neev_preview_port", {"sandbox_id": box.id, "port": 8080}),
        ("neev_egress_rule", {"sandbox_id": box.id, "host": "pypi.org"}),
        ("neev_file", {"sandbox_id": box.id, "path": "note", "content": "x"}),
        ("neev_snapshot", {"sandbox_id": box.id, "name": "kept"}),
        ("neev_sandbox_fork", {"source_sandbox_id": box.id, "name": "copy"}),
    ]
    for kind, config in configs:
        resource = terraform.resource(kind)
        state: State = await resource.create(config)
        imported = await resource.import_state(state.id)
        assert imported is not None
        assert imported.id == state.id
        plan = await resource.plan(config, imported)
        assert plan.action != "replace", (kind, plan.replaced_by)


async def test_an_imported_directory_with_the_same_files_is_not_uploaded_again(
    terraform: Engine, platform: Emulator, tmp_path: Path
) -> None:
    box = await terraform.resource("neev_sandbox").create({"name": "box"})
    (tmp_path / "main.py").write_text("print()")
    config = {"sandbox_id": box.id, "path": "app", "source_path": str(tmp_path)}
    directory = terraform.resource("neev_directory")
    created = await directory.create(config)
    imported = await directory.import_state(f"{box.id}/app")
    assert imported is not None
    assert imported.id == created.id
    platform.clear_log()
    state = await directory.update(config, imported)
    assert platform.mutating_requests == []
    assert state.values["source_path"] == str(tmp_path)
    assert (await directory.plan(config, state)).action == "none"


@pytest.mark.parametrize(
    ("kind", "config", "reason"),
    [
        ("neev_command", {"create": ["true"]}, "a command cannot be imported: declare it instead, and it runs"),
        ("neev_process", {"command": ["sleep", "9"]}, "a process cannot be imported: declare it instead"),
    ],
)
async def test_an_import_of_a_command_or_a_process_is_rejected(
    kind: str, config: dict[str, Any], reason: str, terraform: Engine
) -> None:
    box = await terraform.resource("neev_sandbox").create({})
    resource = terraform.resource(kind)
    state = await resource.create({"sandbox_id": box.id, **config})
    with pytest.raises(EngineError, match=reason):
        await resource.import_state(state.id)


async def test_an_import_fails_if_the_api_key_is_unknown(platform: Emulator) -> None:
    async with open_engine() as engine:
        await engine.configure(**{**settings_of(platform), "api_key": UNKNOWN})
        with pytest.raises(EngineError, match="depends on a resource that is not applied yet"):
            await engine.resource("neev_sandbox").import_state("box")
