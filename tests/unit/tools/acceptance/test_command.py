"""The command line of `make acceptance`, before anything is created."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.engine.project import out_of_band_request

from neev_emulator import Emulator

ROOT = Path(__file__).parents[4]


def run_acceptance(
    *arguments: str, env: Mapping[str, str], answer: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command; without an answer, its input is empty."""
    command = [sys.executable, "-m", "tools.acceptance", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, input=answer or "", capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--max-sandboxes", "5"], "the story needs 6 sandboxes at a time"),
        (["--adapters", "plugin,chef"], "there is no adapter chef"),
        (["--sweep", "a"], "this is not the prefix of a run, such as acc-1a2b3c"),
    ],
)
def test_an_invalid_option_is_rejected(arguments: list[str], message: str) -> None:
    done = run_acceptance(*arguments, env={})
    assert done.returncode == 2
    assert message in done.stderr


def test_the_command_fails_without_an_account() -> None:
    done = run_acceptance(env={})
    assert done.returncode == 1
    assert done.stderr.startswith("acceptance: the NeevAI provider is not configured")


def test_a_wrong_api_key_fails_before_the_prompt_and_is_not_printed(emulator: Emulator) -> None:
    done = run_acceptance(env={**emulator.env, "NEEV_API_KEY": "wrong"})
    assert done.returncode == 1
    assert "acceptance: " in done.stderr
    assert "wrong" not in done.stderr + done.stdout


@pytest.mark.parametrize("answer", [None, "\n", "n\n"], ids=["no input", "empty", "no"])
def test_without_confirmation_nothing_is_created(emulator: Emulator, tmp_path: Path, answer: str | None) -> None:
    engine, tofu = tmp_path / "bin" / "pulumi", tmp_path / "tofu"
    for file in (engine, tofu):
        file.parent.mkdir(exist_ok=True)
        file.write_text("", encoding="utf-8")
        file.chmod(0o755)
    variables = {**emulator.env, "PULUMI_NEEV_ENGINE": str(tmp_path), "PULUMI_NEEV_TOFU": str(tofu)}
    done = run_acceptance(env=variables, answer=answer)
    assert done.returncode == 1
    assert "up to 6 small sandboxes at a time" in done.stdout
    assert "acceptance: nothing was done" in done.stderr
    assert emulator.mutating_requests == []


def test_a_sweep_by_prefix_deletes_the_orphans_of_one_run(emulator: Emulator) -> None:
    for name in ("acc-1a2b3c-box", "acc-ffffff-box"):
        out_of_band_request(emulator, "POST", "/sandboxes", {"name": name})
    done = run_acceptance("--sweep", "acc-1a2b3c", env=emulator.env)
    assert done.returncode == 0, done.stderr
    assert "deleted: 1, left: 0" in done.stdout
    assert out_of_band_request(emulator, "GET", "/sandboxes")["total"] == 1
