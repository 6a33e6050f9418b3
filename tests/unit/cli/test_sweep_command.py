"""The command `pulumi-neev sweep`."""

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
def test_invalid_or_too_broad_options_are_rejected(arguments: tuple[str, ...]) -> None:
    assert run_sweep(*arguments).exit_code == 2


def test_sweep_lists_orphans_and_deletes_them_with_yes(pulumi_cli: FakePulumiCli, neev_emulator: Emulator) -> None:
    pulumi_cli.set_state()
    assert run_sweep().output == "There are no orphans.\n"
    for name in ("pr-1", "pr-2"):
        out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": name})
    neev_emulator.advance(7200)
    assert run_sweep().output == "There are no orphans.\n"  # without labels they have no owner
    shown = run_sweep("--prefix", "pr-")
    assert (shown.exit_code, shown.output.count("sandbox  pr-")) == (3, 2)
    assert "Nothing is changed yet. Run again with --yes." in shown.output
    neev_emulator.inject("status", method="DELETE", path="/sandboxes/{id}", name="pr-1", status=409)
    failed = run_sweep("--prefix", "pr-", "--yes")
    assert (failed.exit_code, "failed: DELETE" in failed.output) == (1, True)
    done = json.loads(run_sweep("--prefix", "pr-", "--yes", "--json").stdout)
    assert {orphan["name"]: orphan["outcome"] for orphan in done["orphans"]}["pr-1"] == "deleted"


def test_sweep_without_a_filter_names_the_options_to_add(pulumi_cli: FakePulumiCli, neev_emulator: Emulator) -> None:
    pulumi_cli.set_state()
    labels = {"managed-by": "pulumi-neev"}
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "pr-1", "labels": labels})
    neev_emulator.advance(7200)
    shown = run_sweep()
    assert "Orphans, which no state refers to: 1\n" in shown.output
    assert "Run again with --prefix, --stack, --label or ids, and --yes." in shown.output


def test_sweep_fails_if_the_state_cannot_be_read(pulumi_cli: FakePulumiCli, neev_emulator: Emulator) -> None:
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "pr-1"})
    neev_emulator.advance(7200)
    refused = run_sweep("--prefix", "pr-", "--yes")  # there is no state to read
    assert (refused.exit_code, "`pulumi stack export" in refused.output) == (1, True)
    assert neev_emulator.state()["sandboxes"] == 1
    assert pulumi_cli.commands == ["stack ls", "stack export"]


def test_sweep_by_id_skips_objects_that_are_not_orphans(pulumi_cli: FakePulumiCli, neev_emulator: Emulator) -> None:
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
    over = (ids["held"], ids["young"], inner, "unknown-id")
    refused = run_sweep(*over, "--yes", "--json")
    assert refused.exit_code == 1
    output = json.loads(refused.stdout)
    assert (output["done"], output["orphans"]) == (False, [])
    assert {item["id"]: item["why"] for item in output["skipped"]} == {
        ids["held"]: "a state refers to it",
        ids["young"]: "it is younger than 1h 0m, or its name does not begin with --prefix",
        inner: f"it is the sandbox of the agent {agent['id']}, and can only be deleted with the agent",
        "unknown-id": "the project has no sandbox, agent or snapshot with this id, or its labels do not match",
    }
    both = run_sweep(ids["free"], ids["held"], "--yes")
    assert (both.exit_code, f"{ids['held']} is skipped: a state refers to it" in both.output) == (1, True)
    there = out_of_band_request(neev_emulator, "GET", "/sandboxes")["items"]
    assert set(ids.values()) - {item["id"] for item in there if item["phase"] != "Terminating"} == {ids["free"]}
    assert run_sweep(ids["other"], "--phase", "Paused").exit_code == 1
    assert run_sweep(ids["other"], "--yes").exit_code == 0


def test_sweep_excludes_sandboxes_of_other_owners(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, tmp_path: Path
) -> None:
    """The sandboxes of a stack are found by one request for its labels, also if the stack was removed."""
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

    def list_swept(*arguments: str) -> list[str]:
        shown = json.loads(run_sweep("--json", "-C", str(tmp_path), *arguments).stdout)
        return sorted(item["name"] for item in shown["orphans"])

    assert list_swept() == list_swept("--label", "team=a") == ["pr-dev", "pr-gone"]
    assert list_swept("--prefix", "pr-") == ["pr-dev", "pr-gone", "pr-plain"]
    assert list_swept("--stack", "dev") == list_swept("--stack", "organization/shop/dev") == ["pr-dev"]
    assert list_swept("--stack", "organization/story/dev") == []
    assert list_swept("--stack", "dev", "--prefix", "pr-") == list_swept("--stack", "dev", *ids.values()) == ["pr-dev"]
    neev_emulator.clear_log()
    assert list_swept("--stack", "gone", "--yes") == ["pr-gone"]
    assert neev_emulator.counts()["GET /sandboxes"] == 1
    assert run_sweep(ids["pr-other"], "--yes").exit_code == 1
    neev_emulator.advance(60)
    there = {item["name"] for item in out_of_band_request(neev_emulator, "GET", "/sandboxes")["items"]}
    assert there == {"pr-dev", "pr-other", "pr-plain"}


def test_an_unknown_stack_is_reported_with_the_existing_stacks(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, tmp_path: Path
) -> None:
    """A removed stack without orphans is not an error."""
    pulumi_cli.set_state()
    pulumi_cli.set_other_state("prod")
    (tmp_path / "Pulumi.yaml").write_text("name: story\nruntime: yaml\n")
    text = "There is no stack dve, and no sandbox has its labels. Stacks: organization/story/dev, prod."
    for arguments in (("--stack", "dve"), ("--stack", "dve", "--yes")):
        shown = run_sweep("-C", str(tmp_path), *arguments)
        assert (shown.exit_code, shown.output) == (0, f"{text}\n")
    assert json.loads(run_sweep("-C", str(tmp_path), "--stack", "dve", "--json").stdout)["missingStack"] == text
    assert run_sweep("-C", str(tmp_path), "--stack", "dev").output == "There are no orphans.\n"
    owner = Owner("pulumi-neev", "story", "dve", "1")
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "new", "labels": owner.to_labels()})
    younger = "Younger than 1h 0m, so left alone: 1 orphan; `--older-than 10m` lists those of 10m and more.\n"
    assert run_sweep("-C", str(tmp_path), "--stack", "dve").output == younger


def test_orphans_below_the_minimum_age_are_reported(pulumi_cli: FakePulumiCli, neev_emulator: Emulator) -> None:
    """They may be sandboxes of a create that was interrupted recently."""
    ids = [out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": f"pr-{index}"})["id"] for index in "123"]
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "other"})
    pulumi_cli.set_state(resources=({"type": "neev:index:Sandbox", "id": ids[2]},))
    at_least = run_sweep("--prefix", "pr-", "--older-than", "10m")
    assert (at_least.exit_code, at_least.output) == (
        0,
        "Younger than 10m, so left alone: 2 orphans; run it again later.\n",
    )
    neev_emulator.advance(1200)
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "pr-new"})
    young = json.loads(run_sweep("--prefix", "pr-", "--json").stdout)
    assert young["orphans"] == []
    assert [(item["name"], item["ageSeconds"] >= 1200) for item in young["younger"]] == [
        ("pr-1", True),
        ("pr-2", True),
        ("pr-new", False),
    ]
    older = run_sweep("--prefix", "pr-", "--older-than", "10m", "--yes")
    assert (older.exit_code, older.output.count("deleted")) == (0, 2)
    assert "Younger than 10m, so left alone: 1 orphan; run it again later." in older.output


SHOP = Owner("pulumi-neev", "shop", "dev", "1")


def create_owned(neev_emulator: Emulator, name: str, owner: Owner = SHOP) -> str:
    """Create a sandbox with the labels of the owner, and return its id."""
    body = {"name": name, "labels": owner.to_labels()}
    return str(out_of_band_request(neev_emulator, "POST", "/sandboxes", body)["id"])


def list_swept_names(directory: Path, *arguments: str) -> list[str]:
    shown = run_sweep("--json", "-C", str(directory), *arguments)
    assert shown.stdout, shown.output
    return sorted(item["name"] for item in json.loads(shown.stdout)["orphans"])


def test_a_stack_of_an_unknown_project_is_rejected(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, tmp_path: Path
) -> None:
    pulumi_cli.set_state()
    create_owned(neev_emulator, "of-shop")
    create_owned(neev_emulator, "of-other", Owner("pulumi-neev", "other", "dev", "1"))
    neev_emulator.advance(7200)
    inner = tmp_path / "src"
    inner.mkdir()
    for stack in ("dev", "acme/dev"):
        refused = run_sweep("-C", str(inner), "--stack", stack, "--yes")
        assert refused.exit_code == 1
        assert f"the project of the stack {stack} is unknown: {inner} is not in a project" in refused.output
        assert "Name the stack in full (ORGANIZATION/PROJECT/STACK)" in refused.output
    assert list_swept_names(inner, "--stack", "organization/shop/dev") == ["of-shop"]
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: yaml\n")
    assert list_swept_names(inner, "--stack", "dev") == list_swept_names(inner, "--stack", "acme/dev") == ["of-shop"]


def test_a_removed_stack_is_not_confused_with_one_of_another_project(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, tmp_path: Path
) -> None:
    """The engine lists the stacks of the directory's project without the name of the project."""
    pulumi_cli.set_state()
    pulumi_cli.set_other_state("prod")
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: yaml\n")
    create_owned(neev_emulator, "of-shop")
    neev_emulator.advance(7200)
    for stack, is_there in (
        ("dev", False),
        ("organization/shop/dev", False),
        ("organization/story/dev", True),
        ("prod", True),
        ("organization/shop/prod", True),
        ("organization/story/prod", False),
    ):
        before = pulumi_cli.commands.count("config") if (tmp_path / "log").exists() else 0
        found = list_swept_names(tmp_path, "--stack", stack)
        assert found == (["of-shop"] if stack in ("dev", "organization/shop/dev") else [])
        assert pulumi_cli.commands.count("config") - before == is_there, stack


def test_the_stack_filter_excludes_agents_and_unlabelled_sandboxes(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, tmp_path: Path
) -> None:
    pulumi_cli.set_state()
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: yaml\n")
    create_owned(neev_emulator, "pr-own")
    plain = out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "pr-plain"})
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "pr-team", "labels": {"team": "a"}})
    agent = {"name": "pr-agent", "agent_template": "claude-code"}
    agent_id = out_of_band_request(neev_emulator, "POST", "/agents", agent)["id"]
    neev_emulator.advance(7200)
    assert list_swept_names(tmp_path, "--prefix", "pr-") == ["pr-agent", "pr-own", "pr-plain", "pr-team"]
    assert list_swept_names(tmp_path, "--prefix", "pr-", "--stack", "dev") == ["pr-own"]
    assert list_swept_names(tmp_path, "--prefix", "pr-", "--label", "team=a") == ["pr-team"]
    refused = run_sweep("-C", str(tmp_path), plain["id"], agent_id, "--stack", "dev", "--yes", "--json")
    output = json.loads(refused.stdout)
    assert (refused.exit_code, output["done"], output["orphans"]) == (1, False, [])
    why = "the project has no sandbox, agent or snapshot with this id, or its labels do not match"
    assert {item["id"]: item["why"] for item in output["skipped"]} == {plain["id"]: why, agent_id: why}


def test_a_fork_is_swept_with_the_stack_of_its_source_unless_a_state_refers_to_it(
    pulumi_cli: FakePulumiCli, neev_emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: yaml\n")
    source = create_owned(neev_emulator, "source")
    neev_emulator.advance(60)
    forks = {
        name: out_of_band_request(neev_emulator, "POST", f"/sandboxes/{source}/fork", {"name": name})["id"]
        for name in ("by-hand", "of-a-stack")
    }
    neev_emulator.advance(7200)
    held = [{"type": "neev:index:Sandbox", "id": source}, {"type": "other:index:Job", "id": forks["of-a-stack"]}]
    pulumi_cli.set_state(resources=(held[0],))
    pulumi_cli.set_other_state("prod", held[1])
    assert list_swept_names(tmp_path, "--stack", "dev") == ["by-hand"]
    kept = run_sweep("-C", str(tmp_path), source, forks["of-a-stack"], "--stack", "dev", "--yes")
    assert (kept.exit_code, kept.output.count("is skipped: a state refers to it")) == (1, 2)
    assert list_swept_names(tmp_path, "--stack", "dev", "--yes") == ["by-hand"]
    neev_emulator.advance(60)
    there = {item["name"] for item in out_of_band_request(neev_emulator, "GET", "/sandboxes")["items"]}
    assert there == {"source", "of-a-stack"}
