"""Commands redact the secrets of states, configurations and the environment."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.engine.project import out_of_band_request
from tests.unit.cli.conftest import FakePulumiCli
from typer.testing import CliRunner

from neev_emulator import Emulator
from neev_provider.adapters.pulumi.marshal import SECRET, SIGNATURE
from neev_provider.cli.app import app

KEY = "-----BEGIN KEY-----\nfirst line of it\n  second line of it\nend\n-----END KEY-----"
LINES = ("BEGIN KEY", "first line of it", "second line of it")
BOX = "neev:index:Sandbox"


def make_secret_value(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "plaintext": json.dumps(value)}


def make_box_entry(name: str, **rest: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:dev::story::{BOX}::{name}", "type": BOX, "custom": True, **rest}


def run_output(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)
    return done.output


@pytest.mark.parametrize("arguments", [("doctor", "--json", "--stack", "dev"), ("doctor", "--stack", "dev")])
def test_doctor_redacts_the_secrets_of_a_state(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, arguments: tuple[str, ...]
) -> None:
    there = out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "box"})["id"]
    failed = f"the command failed:\n{KEY}\nand 4711 was not taken, nor top-secret/path"
    env = make_secret_value({"KEY": KEY, "NUMBER": 4711, "PATH": "top-secret/path", "SHORT": "end"})
    pulumi_cli.set_state(resources=(make_box_entry("box", id=there, inputs={"env": env}, initErrors=[failed]),))
    pulumi_cli.set_config(region={"value": "as-secret-1", "secret": True})
    output = run_output(*arguments, "--cwd", str(pulumi_cli.directory))
    assert "Sandbox box is not finished: the command failed:" in output
    assert not [line for line in (*LINES, "4711", "top-secret", neev_emulator.api_key) if line in output]
    assert "json" not in "".join(arguments) or json.loads(output)


@pytest.mark.usefixtures("neev_emulator")
def test_doctor_redacts_the_api_key_in_other_settings(pulumi_cli: FakePulumiCli) -> None:
    pulumi_cli.set_config(
        apiKey={"value": "key-of-a-stack", "secret": False}, baseUrl={"value": "http://key-of-a-stack"}
    )
    output = run_output("doctor", "--stack", "dev", "--cwd", str(pulumi_cli.directory))
    assert ("[secret] in clear" in output, "key-of-a-stack" in output) == (True, False)


@pytest.mark.usefixtures("neev_emulator")
def test_recover_redacts_secrets_in_its_plan(pulumi_cli: FakePulumiCli) -> None:
    begun = make_box_entry("hush-hush", inputs={"name": "box", "env": make_secret_value({"A": "hush-hush"})})
    pulumi_cli.set_state({"resource": begun, "type": "creating"})
    for arguments in (("recover",), ("recover", "--json")):
        output = run_output(*arguments)
        assert ("[secret]" in output, "hush-hush" in output) == (True, False)


def test_sweep_redacts_secrets_in_its_output(pulumi_cli: FakePulumiCli, neev_emulator: Emulator) -> None:
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "hush-hush-1"})
    neev_emulator.advance(7200)
    pulumi_cli.set_state(
        resources=(make_box_entry("box", id="1", inputs={"env": make_secret_value({"A": "hush-hush"})}),)
    )
    assert "hush-hush" not in run_output("sweep") + run_output("sweep", "--json")
