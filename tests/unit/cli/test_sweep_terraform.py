"""The command `pulumi-neev sweep` with states of Terraform."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from tests.engine.project import out_of_band_request
from tests.unit.cli.conftest import FakePulumiCli, FakeTerraformCli, make_stored_resource, make_stored_state
from typer.testing import CliRunner, Result

from neev_emulator import Emulator
from neev_provider.adapters.terraform.ownership import owner_of
from neev_provider.cli.app import app
from neev_provider.core.labels import Owner

TWO_HOURS = 7200


def run_sweep(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["sweep", *map(str, arguments)])


def make_labels(directory: Path, name: str, workspace: str = "default") -> dict[str, str]:
    return owner_of("neev_sandbox", name, {**os.environ, "TF_WORKSPACE": workspace}, directory.resolve()).to_labels()


def create(emulator: Emulator, name: str, labels: dict[str, str] | None = None) -> str:
    body = {"name": name} if labels is None else {"name": name, "labels": labels}
    return str(out_of_band_request(emulator, "POST", "/sandboxes", body)["id"])


def list_sandbox_names(emulator: Emulator) -> set[str]:
    emulator.advance(5)
    return {item["name"] for item in out_of_band_request(emulator, "GET", "/sandboxes")["items"]}


def make_attributes(id: str, **values: Any) -> dict[str, Any]:
    return {"attributes": {"id": id, **values}}


def test_only_orphans_of_the_configuration_and_workspace_are_deleted(
    terraform_cli: FakeTerraformCli, neev_emulator: Emulator
) -> None:
    """References of a state are members, builders, deposed objects, outputs and the results of data sources."""
    infra, other = terraform_cli.add_configuration("infra"), terraform_cli.add_configuration("other")
    own = make_labels(infra, "x")
    kept = ("web", "member", "deposed", "output", "remote", "data")
    ids = {name: create(neev_emulator, name, own) for name in (*kept, "orphan", "in-list")}
    create(neev_emulator, "of-workspace", make_labels(infra, "x", "pr-7"))
    create(neev_emulator, "of-other", make_labels(other, "x"))
    create(neev_emulator, "of-pulumi", Owner("pulumi-neev", "shop", "dev", "1").to_labels())
    create(neev_emulator, "unlabelled")
    agent = out_of_band_request(neev_emulator, "POST", "/agents", {"name": "agent", "agent_template": "claude-code"})
    listed = {"sandboxes": [{"id": id} for id in ids.values()], "name": None}
    terraform_cli.add_configuration(
        "infra",
        make_stored_resource(
            "neev_sandbox", "web", make_attributes(ids["web"]), {**make_attributes(ids["deposed"]), "deposed": "1"}
        ),
        make_stored_resource("neev_sandbox_pool", "p", make_attributes("pool", members=[{"id": ids["member"]}])),
        make_stored_resource("neev_sandboxes", "all", {"attributes": listed}, mode="data"),
        make_stored_resource("neev_sandbox", "data", make_attributes(ids["data"]), mode="data"),
        make_stored_resource(
            "terraform_remote_state", "r", {"attributes": {"outputs": {"id": ids["remote"]}}}, mode="data"
        ),
        outputs={"url": {"value": f"https://{ids['output']}/", "type": "string"}},
    )
    neev_emulator.advance(TWO_HOURS)

    shown = run_sweep("--terraform", infra)
    assert (shown.exit_code, "Orphans, which no state refers to: 2" in shown.output) == (3, True)
    owners = [f"{own['managed-by.project']}/pr-7", f"{make_labels(other, 'x')['managed-by.project']}/default"]
    for owner in owners:
        why = f"Left alone: 1 of {owner} (terraform-provider-neev), whose state was not given: add --terraform"
        assert why in shown.output
    assert run_sweep("--terraform", infra, "--yes").exit_code == 0
    left = {"of-workspace", "of-other", "of-pulumi", "unlabelled", agent["name"]}
    assert list_sandbox_names(neev_emulator) >= {*kept, *left} - {"agent"}
    assert not list_sandbox_names(neev_emulator) & {"orphan", "in-list"}


def test_the_five_other_owners_with_the_most_sandboxes_are_listed(
    terraform_cli: FakeTerraformCli, neev_emulator: Emulator
) -> None:
    infra = terraform_cli.add_configuration("infra")
    young = make_labels(infra, "x")
    for index in range(8):
        create(neev_emulator, f"other-{index}", make_labels(infra, "x", f"pr-{index}"))
    create(neev_emulator, "second", make_labels(infra, "y", "pr-7"))
    neev_emulator.advance(TWO_HOURS)
    create(neev_emulator, "young", young)
    shown = run_sweep("--terraform", infra)
    assert shown.output.count("whose state was not given") == 5
    assert f"Left alone: 2 of {young['managed-by.project']}/pr-7 (" in shown.output
    assert "Left alone, too: 3 of 3 other owners.\n" in shown.output
    assert "Younger than 1h 0m, so left alone: 1 orphan;" in shown.output
    assert len(json.loads(run_sweep("--terraform", infra, "--json").stdout)["notGiven"]) == 8


def test_prefix_and_ids_do_not_select_sandboxes_of_other_owners(
    terraform_cli: FakeTerraformCli, pulumi_cli: FakePulumiCli, neev_emulator: Emulator
) -> None:
    """A sweep of stacks reads no state of Terraform, and reports the owner of the sandbox."""
    pulumi_cli.set_state()
    infra = terraform_cli.add_configuration("infra")
    own = create(neev_emulator, "pr-own", make_labels(infra, "x"))
    others = [create(neev_emulator, "pr-plain"), create(neev_emulator, "pr-pulumi", {"managed-by": "pulumi-neev"})]
    neev_emulator.advance(TWO_HOURS)

    refused = json.loads(run_sweep("--terraform", infra, *others, "--yes", "--json").stdout)
    assert [item["why"] for item in refused["skipped"]] == [
        "the project has no sandbox, agent or snapshot with this id, or its labels do not match"
    ] * 2
    assert run_sweep("--terraform", infra, "--prefix", "pr-p", "--yes").exit_code == 0
    by_id = run_sweep(own, "--yes")
    assert by_id.exit_code == 1
    assert "(terraform-provider-neev), whose state was not given: add --terraform" in by_id.output
    assert run_sweep("--prefix", "pr-o", "--yes").exit_code == 0
    assert list_sandbox_names(neev_emulator) == {"pr-own", "pr-plain", "pr-pulumi"}


def test_an_agent_is_deleted_by_id_if_no_state_refers_to_it(
    terraform_cli: FakeTerraformCli, neev_emulator: Emulator
) -> None:
    """Agents have no labels, so a prefix could also select agents of stacks whose states are not read."""
    body = {"agent_template": "claude-code"}
    own, other = (
        out_of_band_request(neev_emulator, "POST", "/agents", {**body, "name": name})["id"] for name in ("own", "other")
    )
    infra = terraform_cli.add_configuration("infra", make_stored_resource("neev_agent", "a", make_attributes(other)))
    neev_emulator.advance(TWO_HOURS)
    assert run_sweep("--terraform", infra, "--prefix", "o", "--yes").exit_code == 0
    kept = run_sweep("--terraform", infra, own, other, "--yes")
    assert "a state refers to it" in kept.output
    neev_emulator.advance(5)
    left = [item["id"] for item in out_of_band_request(neev_emulator, "GET", "/agents")["items"]]
    assert left == [other]


def test_the_states_of_both_engines_are_read_if_a_backend_is_given(
    terraform_cli: FakeTerraformCli, pulumi_cli: FakePulumiCli, neev_emulator: Emulator
) -> None:
    infra = terraform_cli.add_configuration("infra")
    ids = {name: create(neev_emulator, name) for name in ("pr-stack", "pr-terraform", "pr-free")}
    create(neev_emulator, "pr-own", make_labels(infra, "x"))
    create(neev_emulator, "pr-other", make_labels(infra, "x", "other"))
    pulumi_cli.set_state(resources=({"type": "neev:index:Sandbox", "id": ids["pr-stack"]},))
    terraform_cli.add_configuration(
        "infra", make_stored_resource("neev_sandbox", "a", make_attributes(ids["pr-terraform"]))
    )
    neev_emulator.advance(TWO_HOURS)
    assert run_sweep("--terraform", infra, "--backend", "file://state", "--prefix", "pr-", "--yes").exit_code == 0
    assert list_sandbox_names(neev_emulator) == {"pr-stack", "pr-terraform", "pr-other"}


def test_terraform_states_only_protect_objects_in_a_sweep_of_a_stack(
    terraform_cli: FakeTerraformCli, pulumi_cli: FakePulumiCli, neev_emulator: Emulator, tmp_path: Path
) -> None:
    infra = terraform_cli.add_configuration("infra")
    (tmp_path / "Pulumi.yaml").write_text("name: story\nruntime: yaml\n")
    of_stack = Owner("pulumi-neev", "story", "dev", "1").to_labels()
    kept = create(neev_emulator, "kept", of_stack)
    create(neev_emulator, "free", of_stack)
    create(neev_emulator, "own", make_labels(infra, "x"))
    pulumi_cli.set_state()
    terraform_cli.add_configuration(
        "infra", make_stored_resource("neev_sandbox_fork", "f", make_attributes("1", source=kept))
    )
    neev_emulator.advance(TWO_HOURS)
    assert run_sweep("--cwd", tmp_path, "--stack", "dev", "--terraform", infra, "--yes").exit_code == 0
    assert list_sandbox_names(neev_emulator) == {"kept", "own"}


def test_the_owner_of_a_state_file_is_read_from_the_labels_in_it(neev_emulator: Emulator, tmp_path: Path) -> None:
    own, foreign = make_labels(tmp_path / "a", "x"), make_labels(tmp_path / "b", "x")
    web, module = create(neev_emulator, "web", own), create(neev_emulator, "module", own)
    create(neev_emulator, "orphan", own)
    neev_emulator.advance(TWO_HOURS)
    shown = {
        "format_version": "1.0",
        "values": {
            "root_module": {
                "resources": [
                    {"address": "neev_sandbox.a", "type": "neev_sandbox", "mode": "managed", "values": {"id": web}}
                ],
                "child_modules": [
                    {
                        "resources": [
                            {
                                "address": "module.m.neev_sandbox.b",
                                "type": "neev_sandbox",
                                "mode": "managed",
                                "values": {"id": module, "effective_labels": own},
                            }
                        ]
                    }
                ],
            }
        },
    }
    stored = make_stored_state(
        make_stored_resource("neev_sandbox", "a", make_attributes(web, effective_labels=own)),
        make_stored_resource("neev_sandbox_fork", "f", make_attributes("2", effective_labels=foreign)),
        make_stored_resource(
            "neev_sandbox", "m", make_attributes(module, effective_labels={"managed-by": "pulumi-neev"})
        ),
        make_stored_resource("neev_of_tomorrow", "t", make_attributes("3")),
    )
    file = tmp_path / "given.tfstate"
    for document in (shown, stored):
        file.write_text(json.dumps(document))
        found = json.loads(run_sweep("--terraform", file, "--json").stdout)
        assert [item["name"] for item in found["orphans"]] == ["orphan"]

    several = make_stored_resource("neev_sandbox", "o", make_attributes("4", effective_labels=foreign))
    file.write_text(json.dumps(make_stored_state(*stored["resources"], several)))
    unknown = json.loads(run_sweep("--terraform", file, "--json").stdout)
    project = own["managed-by.project"]
    assert unknown["orphans"] == []
    assert unknown["notGiven"] == [{"owner": f"{project}/default (terraform-provider-neev)", "sandboxes": 3}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not a state: "),
        ("[]", "is not a state"),
        ('{"encrypted_data": "x"}', "is encrypted, a plan, or a state of another version"),
        ('{"format_version": "1.2", "resource_changes": []}', "is encrypted, a plan, or a state of another version"),
    ],
)
def test_an_invalid_state_file_is_an_error(content: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(content)
    refused = run_sweep("--terraform", file)
    assert (refused.exit_code, message in refused.output) == (1, True)
    assert "terraform state pull > FILE" in refused.output


def test_an_unreadable_state_is_an_error(
    terraform_cli: FakeTerraformCli, neev_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    infra = terraform_cli.add_configuration("infra")
    create(neev_emulator, "orphan", make_labels(infra, "x"))
    neev_emulator.advance(TWO_HOURS)
    (tmp_path / "empty").mkdir()
    assert "contains no Terraform configuration" in run_sweep("--terraform", tmp_path / "empty", "--yes").output
    monkeypatch.chdir(tmp_path)
    assert run_sweep("--terraform", infra, "--engine", "./terraform").exit_code == 3
    missing = run_sweep("--terraform", infra, "--engine", "tofu-9", "--yes")
    assert (missing.exit_code, "`tofu-9` is not on PATH" in missing.output) == (1, True)
    terraform_cli.fail("Error: Backend initialization required")
    refused = run_sweep("--terraform", infra, "--yes")
    assert (refused.exit_code, "Error: Backend initialization required" in refused.output) == (1, True)
    terraform_cli.fail("Error: Error acquiring the state lock")
    assert "terraform force-unlock LOCK_ID" in run_sweep("--terraform", infra, "--yes").output
    assert list_sandbox_names(neev_emulator) == {"orphan"}


@pytest.mark.usefixtures("neev_emulator")
def test_reading_a_directory_without_an_engine_is_an_error(
    terraform_cli: FakeTerraformCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    infra = terraform_cli.add_configuration("infra")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    refused = run_sweep("--terraform", infra)
    assert (refused.exit_code, "neither `terraform` nor `tofu` is on PATH" in refused.output) == (1, True)


def test_a_state_of_another_account_is_an_error(terraform_cli: FakeTerraformCli, neev_emulator: Emulator) -> None:
    """A configuration may have resources in several accounts. At least one must be in the account of the settings."""
    own = f"{neev_emulator.base_url}/orgs/{neev_emulator.org_id}/projects/{neev_emulator.project_id}"
    accounts = (own.replace(neev_emulator.org_id, "other"), own)
    private = [
        b64encode(json.dumps({"inputs": [], "hidden": {"__account": account}}).encode()).decode()
        for account in accounts
    ]
    wrong, right = (
        make_stored_resource("neev_sandbox", f"s{index}", {**make_attributes("1"), "private": text})
        for index, text in enumerate(private)
    )
    infra = terraform_cli.add_configuration("infra", wrong)
    refused = run_sweep("--terraform", infra, "--yes")
    assert (refused.exit_code, "It is in another account" in refused.output) == (1, True)
    assert "`org_id` (or NEEV_ORG_ID)" in refused.output
    terraform_cli.add_configuration("infra", wrong, right)
    assert run_sweep("--terraform", infra, "--yes").exit_code == 0


def test_the_error_for_missing_settings_names_environment_variables(
    terraform_cli: FakeTerraformCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command does not read the `provider` block."""
    for name in ("API_KEY", "ORG_ID", "PROJECT_ID"):
        monkeypatch.delenv(f"NEEV_{name}", raising=False)
    refused = run_sweep("--terraform", terraform_cli.add_configuration("infra"))
    assert refused.exit_code == 1
    assert refused.output.endswith(
        "Set NEEV_API_KEY, NEEV_ORG_ID and NEEV_PROJECT_ID: this command does not read the `provider` block.\n"
    )
