"""The accounts that a state records for its resources, and how the commands use them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.engine.project import out_of_band_request
from tests.unit.cli.conftest import FakePulumiCli
from typer.testing import CliRunner, Result

from neev_emulator import Emulator
from neev_provider.cli import recorded_accounts
from neev_provider.cli.app import app
from neev_provider.core.account import ACCOUNT_KEY, WrongAccount
from neev_provider.core.labels import Owner

BOX = "neev:index:Sandbox"
ENVIRON = {
    "NEEV_API_KEY": "key",
    "NEEV_ORG_ID": "org",
    "NEEV_PROJECT_ID": "here",
    "NEEV_BASE_URL": "https://api.example/agent",
}
HERE = {"orgId": "org", "projectId": "here", "baseUrl": "https://api.example/agent/"}


def make_box_entry(name: str = "box", id: str = "id-of-it", kind: str = BOX, **account: Any) -> dict[str, Any]:
    outputs = {ACCOUNT_KEY: "{baseUrl}/orgs/{orgId}/projects/{projectId}".format(**account)} if account else {}
    urn = f"urn:pulumi:dev::story::{kind}::{name}"
    return {"urn": urn, "type": kind, "custom": True, "id": id, "outputs": outputs}


def run_command(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def make_account(neev_emulator: Emulator, **other: str) -> dict[str, str]:
    """Return the account that a state records for objects of the emulator, with these changes."""
    return {
        "orgId": neev_emulator.org_id,
        "projectId": neev_emulator.project_id,
        "baseUrl": neev_emulator.base_url,
        **other,
    }


def test_only_resources_recorded_in_another_account_are_mismatches() -> None:
    entries = [
        make_box_entry("here", **HERE),
        make_box_entry("unknown"),
        make_box_entry("there", **{**HERE, "projectId": "there"}),
        make_box_entry("dynamic", kind="pulumi-python:dynamic/neev:Sandbox", **{**HERE, "projectId": "there"}),
        make_box_entry("other", kind="aws:s3/bucket:Bucket", **{**HERE, "projectId": "there"}),
    ]
    found = recorded_accounts.find_account_mismatches(entries, {}, ENVIRON)
    assert [item["urn"].rpartition("::")[2] for item, _ in found] == ["there", "dynamic"]
    assert recorded_accounts.find_account_mismatches(entries, {"neev:projectId": "there"}, ENVIRON)[0][0] is entries[0]
    with pytest.raises(WrongAccount, match="projectId there"):
        recorded_accounts.require_matching_account(entries, {}, ENVIRON)
    recorded_accounts.require_matching_account(entries[:2], {}, ENVIRON)


def test_the_environment_overrides_the_stored_inputs_of_the_default_provider() -> None:
    inputs = {"orgId": "org", "projectId": "there", "baseUrl": "https://api.example/agent"}
    urn = "urn:pulumi:dev::story::pulumi:providers:neev::{}"
    default = {"urn": urn.format("default"), "type": "pulumi:providers:neev", "id": "1", "inputs": inputs}
    own = {**default, "urn": urn.format("own")}
    there = {**HERE, "projectId": "there"}
    entries = [
        default,
        own,
        {**make_box_entry("by-default", **there), "provider": f"{default['urn']}::1"},
        {**make_box_entry("by-its-own", **there), "provider": f"{own['urn']}::1"},
    ]
    [(entry, wrong)] = recorded_accounts.find_account_mismatches(entries, {}, ENVIRON)
    assert (entry["urn"].rpartition("::")[2], wrong.differences) == ("by-default", {"projectId": ("there", "here")})
    unsaid = {name: value for name, value in ENVIRON.items() if name == "NEEV_API_KEY"}
    assert recorded_accounts.find_account_mismatches(entries, {}, unsaid) == []


def test_a_mismatch_finding_names_both_accounts_and_up_to_three_resources() -> None:
    entries = [make_box_entry(f"box-{number}", **{**HERE, "projectId": "there"}) for number in range(5)]
    entries += [make_box_entry("far", **{**HERE, "baseUrl": "https://old.example/agent"})]
    first, second = recorded_accounts.report_mismatches(recorded_accounts.find_account_mismatches(entries, {}, ENVIRON))
    assert first.what.startswith("Sandbox box-0, Sandbox box-1, Sandbox box-2 and 2 more: ")
    assert "the state records projectId there, and neev:projectId (or NEEV_PROJECT_ID) is here" in first.what
    assert "set neev:projectId (or NEEV_PROJECT_ID) to there" in first.remedy
    assert second.what.startswith("Sandbox far: ")
    assert "neev:previousBaseUrl" in second.remedy


def test_doctor_does_not_look_up_resources_recorded_in_another_account(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator
) -> None:
    pulumi_cli.set_state(
        resources=(
            make_box_entry(**make_account(neev_emulator, projectId="another")),
            make_box_entry("gone", "no-such", **make_account(neev_emulator)),
        )
    )
    looked = run_command("doctor", "--stack", "dev", "--cwd", str(pulumi_cli.directory))
    assert looked.exit_code == 1
    assert (
        f"the state records projectId another, and neev:projectId (or NEEV_PROJECT_ID) is {neev_emulator.project_id}"
        in looked.output
    )
    assert "Sandbox box does not exist" not in looked.output
    assert "Sandbox gone does not exist (no-such)\n         `pulumi refresh`" in looked.output


def test_doctor_suspects_the_settings_if_no_resource_of_the_stack_exists(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator
) -> None:
    pulumi_cli.set_state(resources=(make_box_entry(), make_box_entry("other", "other-id")))
    doubted = run_command("doctor", "--stack", "dev", "--cwd", str(pulumi_cli.directory)).output
    assert "Sandbox box does not exist (id-of-it)\n         No object of the stack exists" in doubted
    assert "refresh" not in doubted
    there = out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "box"})["id"]
    pulumi_cli.set_state(resources=(make_box_entry(), make_box_entry("other", there)))
    assert "`pulumi refresh`" in run_command("doctor", "--stack", "dev", "--cwd", str(pulumi_cli.directory)).output


@pytest.mark.parametrize(("variable", "value"), [("NEEV_PROJECT_ID", "project-nowhere"), ("NEEV_BASE_URL", "{origin}")])
def test_a_missing_account_is_reported_as_the_cause(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    pulumi_cli.set_state(
        resources=(make_box_entry(), make_box_entry("recorded", "its-id", **make_account(neev_emulator)))
    )
    monkeypatch.setenv(variable, value.format(origin=neev_emulator.base_url.removesuffix("/agent")))
    looked = run_command("doctor", "--stack", "dev", "--cwd", str(pulumi_cli.directory))
    assert looked.exit_code == 1
    assert "there is no project" in looked.output
    assert (
        "Check neev:projectId (or NEEV_PROJECT_ID), neev:orgId (or NEEV_ORG_ID) and neev:baseUrl (or" in looked.output
    )
    assert "Sandbox recorded: It is in another account" in looked.output
    assert ("refresh" in looked.output, "is gone" in looked.output) == (False, False)


def test_recover_fails_if_the_stack_is_in_another_account(pulumi_cli: FakePulumiCli, neev_emulator: Emulator) -> None:
    begun = {"resource": {**make_box_entry("new"), "inputs": {"name": "new"}}, "type": "creating"}
    pulumi_cli.set_state(begun, resources=(make_box_entry(**make_account(neev_emulator, projectId="another")),))
    refused = run_command("recover", "--yes")
    assert refused.exit_code == 1
    assert "the state records projectId another" in refused.output
    assert len(pulumi_cli.state["deployment"]["pending_operations"]) == 1
    assert neev_emulator.counts() == {}


def test_sweep_by_stack_fails_if_the_stack_is_in_another_account(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator
) -> None:
    labels = Owner("pulumi-neev", "story", "dev", "1").to_labels()
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "pr-1", "labels": labels})
    neev_emulator.advance(7200)
    pulumi_cli.set_state(resources=(make_box_entry(**make_account(neev_emulator, projectId="another")),))
    refused = run_command("sweep", "--stack", "organization/story/dev", "--yes", "--json")
    assert (refused.exit_code, "the state records projectId another" in refused.output) == (1, True)
    assert neev_emulator.state()["sandboxes"] == 1
    pulumi_cli.set_state(resources=(make_box_entry(**make_account(neev_emulator)),))
    assert json.loads(run_command("sweep", "--stack", "organization/story/dev", "--yes", "--json").stdout)["done"]
