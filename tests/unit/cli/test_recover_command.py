"""The command `pulumi-neev recover` with a fake engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import FakePulumiCli
from typer.testing import CliRunner, Result

from neev_emulator import Emulator
from neev_provider.adapters.pulumi.marshal import SECRET, SIGNATURE
from neev_provider.cli import accounts
from neev_provider.cli.app import app
from neev_provider.cli.pulumi_cli import PulumiCli, PulumiCommandFailed


def run_recover(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["recover", *arguments])


def make_pending_operation(kind: str, operation: str = "creating", **inputs: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::story::{kind}::it"
    return {"resource": {"urn": urn, "type": kind, "custom": True, "inputs": inputs}, "type": operation}


@pytest.mark.usefixtures("neev_emulator")
def test_without_a_terminal_the_plan_is_only_shown(pulumi_cli: FakePulumiCli) -> None:
    pulumi_cli.set_state(make_pending_operation("neev:index:Sandbox", name="box"))
    before = pulumi_cli.state
    for arguments in ((), ("--dry-run", "--yes"), ("--json",)):
        assert run_recover(*arguments).exit_code == 3
    assert pulumi_cli.state == before
    assert "stack import" not in pulumi_cli.commands


@pytest.mark.usefixtures("neev_emulator")
def test_the_lock_is_removed_only_with_cancel_and_before_the_import(pulumi_cli: FakePulumiCli) -> None:
    pulumi_cli.set_state(make_pending_operation("neev:index:Sandbox", name="box"))
    done = run_recover("--cancel", "--yes")
    assert (done.exit_code, "Done." in done.output) == (0, True)
    assert pulumi_cli.commands[-3:] == ["cancel", "stack export", "stack import"]
    assert pulumi_cli.state["deployment"]["pending_operations"] == []
    assert pulumi_cli.commands.count("cancel") == 1
    assert run_recover("--yes").output == "dev: no operation was interrupted.\n"
    assert pulumi_cli.commands.count("cancel") == 1


def test_cancel_removes_the_lock_if_no_operation_was_interrupted(pulumi_cli: FakePulumiCli) -> None:
    pulumi_cli.set_state()
    assert run_recover("--cancel").exit_code == 3
    assert "cancel" not in pulumi_cli.commands
    done = run_recover("--cancel", "--yes")
    assert (done.exit_code, "Done." in done.output) == (0, True)
    assert pulumi_cli.commands[-1] == "cancel"
    assert "stack import" not in pulumi_cli.commands


def test_pending_creates_of_other_providers_are_dropped_only_with_drop_foreign(pulumi_cli: FakePulumiCli) -> None:
    pulumi_cli.set_state(make_pending_operation("aws:s3/bucket:Bucket"))
    refused = run_recover("--yes")
    assert refused.exit_code == 1
    assert "--drop-foreign" in refused.output
    assert len(pulumi_cli.state["deployment"]["pending_operations"]) == 1
    assert run_recover("--dry-run").exit_code == 3
    assert run_recover("--yes", "--drop-foreign").exit_code == 0
    assert pulumi_cli.state["deployment"]["pending_operations"] == []


def test_recover_fails_if_the_state_changed_after_the_plan(pulumi_cli: FakePulumiCli) -> None:
    pulumi_cli.set_state(make_pending_operation("neev:index:Sandbox", "updating", name="box"), busy=1)
    changed = run_recover("--yes")
    assert changed.exit_code == 1
    assert "has changed since the plan was built" in changed.output
    assert "stack import" not in pulumi_cli.commands


@pytest.mark.usefixtures("neev_emulator")
def test_invalid_stored_inputs_are_an_error_with_the_name_of_the_resource(pulumi_cli: FakePulumiCli) -> None:
    pulumi_cli.set_state(make_pending_operation("neev:index:Sandbox", name="box", colour="blue"))
    refused = run_recover("--yes")
    assert refused.exit_code == 1
    assert "neev:index:Sandbox::it: its stored inputs cannot be used: colour: is not a property" in refused.output


@pytest.mark.usefixtures("neev_emulator")
def test_outputs_in_the_stored_inputs_of_a_dynamic_resource_are_ignored(pulumi_cli: FakePulumiCli) -> None:
    kind = "pulumi-python:dynamic/neev:GoldenImage"
    pulumi_cli.set_state(make_pending_operation(kind, name="base", recipeDigest="d", snapshotId=None))
    assert run_recover("--yes").exit_code == 0


def test_the_account_of_an_explicit_provider_is_read_from_the_state(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    urn = "urn:pulumi:dev::story::pulumi:providers:neev::mine"
    key = {SIGNATURE: SECRET, "plaintext": json.dumps(neev_emulator.api_key)}
    provider = {
        "urn": urn,
        "type": accounts.PROVIDER_TYPE,
        "id": "1",
        "inputs": {
            "apiKey": key,
            "orgId": neev_emulator.org_id,
            "projectId": neev_emulator.project_id,
            "baseUrl": neev_emulator.base_url,
            "allowInsecure": "false",
            "version": "0.1.0",
        },
    }
    for name in neev_emulator.env:
        monkeypatch.delenv(name)
    operation = make_pending_operation("neev:index:Sandbox", name="box")
    pulumi_cli.set_state(
        {**operation, "resource": {**operation["resource"], "provider": f"{urn}::1"}}, resources=(provider,)
    )
    done = run_recover("--yes", "--json")
    assert (done.exit_code, json.loads(done.stdout)["steps"][0]["action"]) == (0, "drop"), done.output
    pulumi_cli.set_state(operation)
    assert "neev:apiKey (or NEEV_API_KEY)" in run_recover("--yes").output


def test_a_failed_engine_command_raises_its_error_message(pulumi_cli: FakePulumiCli) -> None:
    with pytest.raises(PulumiCommandFailed, match="`pulumi about` failed: error: unknown command about"):
        PulumiCli(pulumi_cli.directory).run("about")


def test_recover_fails_if_pulumi_is_not_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = run_recover("--yes")
    assert (missing.exit_code, "`pulumi` is not on PATH" in missing.output) == (1, True)
