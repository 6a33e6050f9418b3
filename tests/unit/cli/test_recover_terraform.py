"""The command `pulumi-neev recover --terraform` after an interrupted apply."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.engine.project import out_of_band_request
from tests.unit.cli.conftest import FakeTerraformCli, make_stored_resource
from typer.testing import CliRunner, Result

from neev_emulator import Emulator
from neev_provider.adapters.terraform.ownership import owner_of
from neev_provider.cli.app import app


def run_recover(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["recover", *map(str, arguments)])


def make_planned_change(kind: str, address: str, *actions: str, **after: Any) -> dict[str, Any]:
    change = {"actions": list(actions or ("create",)), "after": after}
    return {"address": address, "type": kind, "mode": "managed", "change": change}


def create(emulator: Emulator, directory: Path, of: str, name: str, workspace: str = "default") -> str:
    """Create a sandbox as the resource `TYPE.NAME` would."""
    kind, _, resource_name = of.partition(".")
    labels = owner_of(kind, resource_name, {**os.environ, "TF_WORKSPACE": workspace}, directory.resolve()).to_labels()
    return str(out_of_band_request(emulator, "POST", "/sandboxes", {"name": name, "labels": labels})["id"])


def test_recover_imports_labelled_objects_and_reports_the_others(
    terraform_cli: FakeTerraformCli, neev_emulator: Emulator
) -> None:
    infra = terraform_cli.add_configuration("infra")
    created = {
        name: create(neev_emulator, infra, of, name)
        for of, name in (
            ("neev_sandbox.web", "web"),
            ("neev_sandbox.kept", "kept"),
            ("neev_sandbox.sandbox-1f", "sandbox-1f"),
            ("neev_sandbox.web", "fork"),
            ("neev_sandbox_pool.pool", "pool-ab12cd-0"),
            ("neev_golden_image.image", "image-0a1b2c3d4e5f"),
        )
    }
    gone = create(neev_emulator, infra, "neev_sandbox.gone", "gone")
    create(neev_emulator, infra, "neev_sandbox.of-workspace", "of-workspace", "pr-7")
    agent = out_of_band_request(neev_emulator, "POST", "/agents", {"name": "agent", "agent_template": "claude-code"})
    plain = out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "plain"})["id"]
    neev_emulator.advance(5)
    neev_emulator.change_settings(durations={"delete": 3600})
    out_of_band_request(neev_emulator, "DELETE", f"/sandboxes/{gone}")
    terraform_cli.add_configuration(
        "infra", make_stored_resource("neev_sandbox", "kept", {"attributes": {"id": created["kept"], "name": "kept"}})
    )
    terraform_cli.set_plan(
        infra,
        make_planned_change("neev_sandbox", 'module.m.neev_sandbox.web["a b"]', name="web"),
        make_planned_change("neev_sandbox_pool", "neev_sandbox_pool.p", name="pool"),
        make_planned_change("neev_golden_image", "neev_golden_image.g", name="image"),
        make_planned_change("neev_sandbox_fork", "neev_sandbox_fork.f", name="fork"),
        make_planned_change("neev_agent", "neev_agent.a", name="agent"),
        make_planned_change("neev_sandbox", "neev_sandbox.plain", name="plain"),
        make_planned_change("neev_sandbox", "neev_sandbox.new", name="new"),
        make_planned_change("neev_sandbox_pool", "neev_sandbox_pool.new", name="new"),
        make_planned_change("neev_sandbox", "neev_sandbox.generated"),
        make_planned_change("neev_sandbox", "neev_sandbox.kept", "delete", "create", name="kept"),
        make_planned_change("neev_sandbox", "neev_sandbox.kept2", name="kept"),
        make_planned_change("other_thing", "other_thing.t", name="web"),
    )

    shown = run_recover("--terraform", infra, "--dry-run")
    assert (shown.exit_code, "Nothing is changed yet. Run again with --yes" in shown.output) == (3, True)
    assert f"`terraform import neev_agent.a {agent['id']}`" in shown.output
    sweep = f"or `pulumi-neev sweep --terraform {infra} --older-than 10m` deletes it when it is that old"
    assert (
        f"sandbox-1f: no planned create has its name; import it (`terraform import ADDRESS ID`), {sweep}"
        in shown.output
    )

    done = json.loads(run_recover("--terraform", infra, "--yes", "--json").stdout)
    assert done["done"] is True
    assert {(step["action"], step["address"], step["id"], step["outcome"]) for step in done["steps"]} == {
        ("import", 'module.m.neev_sandbox.web["a b"]', created["web"], "imported"),
        ("import", "neev_sandbox_pool.p", "pool", "imported"),
        ("import", "neev_golden_image.g", "image", "imported"),
        ("leave", "neev_sandbox_fork.f", created["fork"], None),
        ("leave", "neev_agent.a", agent["id"], None),
        ("leave", "neev_sandbox.plain", plain, None),
        ("leave", "", created["sandbox-1f"], None),
    }
    imports = [command for command in terraform_cli.commands if command.startswith("import")]
    assert imports == [
        f'import module.m.neev_sandbox.web["a b"] {created["web"]}',
        "import neev_sandbox_pool.p pool",
        "import neev_golden_image.g image",
    ]


def test_a_failed_import_is_reported_and_does_not_affect_the_others(
    terraform_cli: FakeTerraformCli, neev_emulator: Emulator
) -> None:
    infra = terraform_cli.add_configuration("infra")
    create(neev_emulator, infra, "neev_golden_image.image", "image-0a1b2c3d4e5f")
    id = create(neev_emulator, infra, "neev_sandbox.web", "web")
    terraform_cli.set_plan(
        infra,
        make_planned_change("neev_golden_image", "neev_golden_image.g", name="image"),
        make_planned_change("neev_sandbox", "neev_sandbox.web", name="web"),
    )
    terraform_cli.refuse_import("image")
    done = run_recover("--terraform", infra, "--yes")
    assert done.exit_code == 1
    assert "Error: Cannot import image" in done.output
    assert "neev_sandbox.web     imported" in done.output
    assert terraform_cli.commands[-1] == f"import neev_sandbox.web {id}"


def test_recover_does_nothing_if_the_state_is_complete(
    terraform_cli: FakeTerraformCli, neev_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    infra = terraform_cli.add_configuration("infra")
    terraform_cli.set_plan(infra)
    done = run_recover("--terraform", infra)
    assert (done.exit_code, done.output) == (0, f"{infra}: nothing is missing in the state.\n")
    assert run_recover("--terraform", infra, "--stack", "dev").exit_code == 2
    assert neev_emulator.mutating_requests == []
    monkeypatch.delenv("NEEV_PROJECT_ID")
    missing = run_recover("--terraform", infra)
    assert (missing.exit_code, "`project_id` (or NEEV_PROJECT_ID)" in missing.output) == (1, True)


def test_the_error_for_missing_settings_names_environment_variables(
    terraform_cli: FakeTerraformCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command does not read the `provider` block."""
    for name in ("API_KEY", "ORG_ID", "PROJECT_ID"):
        monkeypatch.delenv(f"NEEV_{name}", raising=False)
    refused = run_recover("--terraform", terraform_cli.add_configuration("infra"))
    assert refused.exit_code == 1
    assert refused.output.endswith(
        "Set NEEV_API_KEY, NEEV_ORG_ID and NEEV_PROJECT_ID: this command does not read the `provider` block.\n"
    )
