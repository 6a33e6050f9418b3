"""`pulumi-neev sweep` as a shell sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.engine.project import out_of_band_request
from tests.unit.cli.conftest import FakePulumiCli
from typer.testing import CliRunner, Result

from neev_emulator import Emulator
from neev_provider.cli.app import app
from neev_provider.core.labels import Owner


def run_sweep(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["sweep", *arguments])


@pytest.mark.parametrize(
    "arguments",
    [
        ("--yes",),
        ("--older-than", "9m"),
        ("--older-than", "soon"),
        ("--prefix", "", "--yes"),
        ("--label", "team"),
        ("--label", "a=1", "--label", "a=2"),
    ],
)
def test_what_would_be_too_much_is_refused(arguments: tuple[str, ...]) -> None:
    assert run_sweep(*arguments).exit_code == 2


def test_it_shows_and_then_does(pulumi_cli: FakePulumiCli, neev_emulator: Emulator) -> None:
    pulumi_cli.set_state()
    assert run_sweep().output == "There are no orphans.\n"
    for name in ("pr-1", "pr-2"):
        out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": name})
    neev_emulator.advance(7200)
    assert run_sweep().output == "There are no orphans.\n"  # without labels they are nobody's
    shown = run_sweep("--prefix", "pr-")
    assert (shown.exit_code, shown.output.count("sandbox  pr-")) == (3, 2)
    assert "Nothing is changed yet" in shown.output
    neev_emulator.inject("status", method="DELETE", path="/sandboxes/{id}", name="pr-1", status=409)
    failed = run_sweep("--prefix", "pr-", "--yes", "--stack", "dev")
    assert (failed.exit_code, "failed: DELETE" in failed.output) == (1, True)
    done = json.loads(run_sweep("--prefix", "pr-", "--yes", "--json").stdout)
    assert {orphan["name"]: orphan["outcome"] for orphan in done["orphans"]}["pr-1"] == "deleted"


def test_a_backend_without_an_answer_ends_it(pulumi_cli: FakePulumiCli, neev_emulator: Emulator) -> None:
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "pr-1"})
    neev_emulator.advance(7200)
    refused = run_sweep("--prefix", "pr-", "--yes")  # there is no state to read
    assert (refused.exit_code, "`pulumi stack export" in refused.output) == (1, True)
    assert neev_emulator.state()["sandboxes"] == 1
    assert pulumi_cli.commands == ["stack ls", "stack export"]


def test_ids_name_what_is_meant_and_what_is_no_leftover_is_passed_over(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator
) -> None:
    ids = {
        name: out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": name})["id"]
        for name in ("free", "other", "held")
    }
    agent = out_of_band_request(neev_emulator, "POST", "/agents", {"name": "agent", "agent_template": "claude-code"})
    neev_emulator.advance(7200)
    inner = out_of_band_request(neev_emulator, "GET", f"/agents/{agent['id']}")["sandbox_id"]
    ids["young"] = out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "young"})["id"]
    pulumi_cli.set_state(resources=({"type": "neev:index:Sandbox", "id": ids["held"]},))

    shown = run_sweep(ids["free"])
    assert (shown.exit_code, ids["free"] in shown.output, ids["other"] in shown.output) == (3, True, False)
    over = (ids["held"], ids["young"], inner, "of-nobody")
    refused = run_sweep(*over, "--yes", "--json")
    assert refused.exit_code == 1
    output = json.loads(refused.stdout)
    assert (output["done"], output["orphans"]) == (False, [])
    assert {item["id"]: item["why"] for item in output["skipped"]} == {
        ids["held"]: "a stack refers to it",
        ids["young"]: "it is younger than 1h 0m, or its name does not begin with --prefix",
        inner: f"it is the sandbox of the agent {agent['id']}, and can only be deleted with the agent",
        "of-nobody": "the project has no sandbox, agent or snapshot with this id, or its labels name another owner",
    }
    both = run_sweep(ids["free"], ids["held"], "--yes")
    assert (both.exit_code, f"{ids['held']} is skipped: a stack refers to it" in both.output) == (1, True)
    there = out_of_band_request(neev_emulator, "GET", "/sandboxes")["items"]
    assert set(ids.values()) - {item["id"] for item in there if item["phase"] != "Terminating"} == {ids["free"]}
    assert run_sweep(ids["other"], "--phase", "Paused").exit_code == 1
    assert run_sweep(ids["other"], "--yes").exit_code == 0


def test_what_others_created_is_neither_shown_nor_touched(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, tmp_path: Path
) -> None:
    """Each stack finds its own by one request for its labels, also when it was removed."""
    pulumi_cli.set_state()
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: yaml\n")
    owners = {
        "pr-dev": Owner("pulumi-neev", "shop", "dev", "1"),
        "pr-gone": Owner("pulumi-neev", "shop", "gone", "2"),
        "pr-other": Owner("another", "shop", "dev", "3"),
    }
    bodies = [{"name": name, "labels": {**owner.to_labels(), "team": "a"}} for name, owner in owners.items()]
    ids = {body["name"]: out_of_band_request(neev_emulator, "POST", "/sandboxes", body)["id"] for body in bodies}
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "pr-plain"})
    neev_emulator.advance(7200)

    def swept(*arguments: str) -> list[str]:
        shown = json.loads(run_sweep("--json", "-C", str(tmp_path), *arguments).stdout)
        return sorted(item["name"] for item in shown["orphans"])

    assert swept() == swept("--label", "team=a") == ["pr-dev", "pr-gone"]
    assert swept("--prefix", "pr-") == ["pr-dev", "pr-gone", "pr-plain"]
    assert swept("--stack", "dev") == swept("--stack", "organization/shop/dev") == ["pr-dev"]
    assert swept("--stack", "organization/story/dev") == []
    neev_emulator.clear_log()
    assert swept("--stack", "gone", "--yes") == ["pr-gone"]
    assert neev_emulator.counts()["GET /sandboxes"] == 1
    assert run_sweep(ids["pr-other"], "--yes").exit_code == 1
    neev_emulator.advance(60)
    there = {item["name"] for item in out_of_band_request(neev_emulator, "GET", "/sandboxes")["items"]}
    assert there == {"pr-dev", "pr-other", "pr-plain"}
