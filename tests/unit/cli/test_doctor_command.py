"""The command `pulumi-neev doctor`."""

from __future__ import annotations

import json

import pytest
from tests.engine.project import out_of_band_request
from tests.unit.cli.conftest import FakePulumiCli
from typer.testing import CliRunner, Result

from neev_emulator import Emulator
from neev_provider.cli.app import app


def run_doctor(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["doctor", *arguments])


def test_doctor_compares_a_stack_with_the_objects_at_the_api(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator
) -> None:
    box = out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "box"})
    neev_emulator.advance(5)
    shot = out_of_band_request(neev_emulator, "POST", f"/sandboxes/{box['id']}/snapshots", {"name": "shot"})
    ids = {"box": ("Sandbox", box["id"]), "shot": ("Snapshot", shot["id"]), "lost": ("Snapshot", "no-such-snapshot")}
    entries = tuple(
        {"urn": f"urn:pulumi:dev::story::neev:index:{kind}::{name}", "type": f"neev:index:{kind}", "id": id}
        for name, (kind, id) in ids.items()
    )
    pulumi_cli.set_state(resources=entries)
    looked = run_doctor("--stack", "dev", "--cwd", str(pulumi_cli.directory))
    assert looked.exit_code == 1
    assert "error  Snapshot lost does not exist (no-such-snapshot)\n         `pulumi refresh`" in looked.output
    assert "running sandboxes: 1 (" in looked.output
    assert looked.output.count("error  ") == 1


def test_each_missing_setting_is_reported_once(pulumi_cli: FakePulumiCli, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEY", "ORG_ID", "PROJECT_ID"):
        monkeypatch.delenv(f"NEEV_{name}", raising=False)
    found = json.loads(run_doctor("--json", "--cwd", str(pulumi_cli.directory)).stdout)
    assert [item["what"] for item in found if item["level"] == "error"] == [
        "neev:apiKey is not set",
        "neev:orgId is not set",
        "neev:projectId is not set",
    ]


def test_an_unreadable_state_is_reported_as_a_finding(pulumi_cli: FakePulumiCli, neev_emulator: Emulator) -> None:
    looked = run_doctor("--stack", "dev", "--cwd", str(pulumi_cli.directory))
    assert looked.exit_code == 1
    assert "error  stack dev: `pulumi stack export" in looked.output
    assert neev_emulator.counts() == {"GET /sandboxes": 1, "GET /agents": 1}


def test_an_invalid_duration_is_rejected() -> None:
    assert run_doctor("--expires-within", "tomorrow").exit_code == 2


def test_a_negative_number_of_cores_is_rejected() -> None:
    assert run_doctor("--max-cores", "-1").exit_code == 2


def test_unknown_and_plaintext_settings_of_the_stack_are_reported(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator
) -> None:
    pulumi_cli.set_state()
    plain = {"value": neev_emulator.api_key, "secret": False}
    pulumi_cli.set_config(apiKey=plain, projectID={"value": "elsewhere", "secret": False})
    looked = run_doctor("--stack", "dev", "--cwd", str(pulumi_cli.directory))
    assert looked.exit_code == 1
    assert "Did you mean `neev:projectId`?" in looked.output
    assert "neev:apiKey is in the stack's configuration as plain text" in looked.output
    assert neev_emulator.api_key not in looked.output
