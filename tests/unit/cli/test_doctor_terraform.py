"""The command `pulumi-neev doctor --terraform`: checks of the engine, the provider and the resources of a state."""

from __future__ import annotations

import json
from base64 import b64encode
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from tests.engine.project import out_of_band_request
from tests.unit.cli.conftest import FakeTerraformCli, make_stored_resource, make_stored_state
from typer.testing import CliRunner

from neev_emulator import Emulator
from neev_provider.adapters.terraform.ownership import owner_of
from neev_provider.cli.app import app

PROVIDER = "registry.terraform.io/neevcloud/neev"
INSTALLED = metadata.version("pulumi-neev")


def check(*arguments: str | Path) -> dict[str, dict[str, str]]:
    """Return the findings by their messages."""
    result = CliRunner().invoke(app, ["doctor", "--json", *map(str, arguments)])
    return {item["what"]: item for item in json.loads(result.stdout)}


def make_instance(id: str, account: str, *, unfinished: bool = False, **rest: Any) -> dict[str, Any]:
    private = {"inputs": ["name"], "hidden": {"__account": account}, "unfinished": unfinished}
    text = b64encode(json.dumps(private).encode()).decode()
    return {"attributes": {"id": id, "idle_timeout_seconds": 60, **rest.pop("values", {})}, "private": text, **rest}


def test_resources_of_a_terraform_state_are_checked(terraform_cli: FakeTerraformCli, neev_emulator: Emulator) -> None:
    infra = terraform_cli.add_configuration("infra")
    terraform_cli.set_version()
    terraform_cli.set_providers(PROVIDER)
    owners = {
        "foreign": owner_of("neev_sandbox", "x", {"TF_WORKSPACE": "pr-7"}, infra.resolve()).to_labels(),
        "own": owner_of("neev_sandbox", "own", {}, infra.resolve()).to_labels(),
    }
    ids = {
        name: out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": name, "labels": labels})["id"]
        for name, labels in owners.items()
    }
    neev_emulator.advance(5)
    account = f"{neev_emulator.base_url}/orgs/{neev_emulator.org_id}/projects/{neev_emulator.project_id}"
    terraform_cli.add_configuration(
        "infra",
        make_stored_resource(
            "neev_sandbox", "own", make_instance(ids["own"], account, values={"idle_timeout_seconds": None})
        ),
        make_stored_resource("neev_sandbox", "foreign", make_instance(ids["foreign"], account)),
        make_stored_resource("neev_sandbox", "gone", make_instance("gone", account)),
        make_stored_resource("neev_sandbox", "deposed", make_instance("deposed", account, deposed="1")),
        make_stored_resource("neev_sandbox", "half", make_instance(ids["own"], account, unfinished=True)),
        make_stored_resource("neev_sandbox", "bad", make_instance(ids["own"], account, status="tainted")),
        make_stored_resource("neev_sandbox", "moved", make_instance("1", account.replace("project-", "other-"))),
        make_stored_resource("other_thing", "t", {"attributes": {"id": "2"}}),
    )
    found = check("--terraform", infra)
    assert [what for what, item in found.items() if item["level"] == "error"] == [
        next(what for what in found if what.startswith("neev_sandbox.moved: It is in another account")),
        "neev_sandbox.gone does not exist (gone)",
    ]
    assert "`terraform apply -refresh-only` removes it" in found["neev_sandbox.gone does not exist (gone)"]["remedy"]
    unfinished = found["neev_sandbox.half is not finished: its create did not come to its end"]
    assert unfinished["remedy"] == "`terraform apply` finishes it."
    assert any(what.startswith("neev_sandbox.bad is not finished: it is tainted") for what in found)
    (foreign,) = (what for what in found if what.startswith("neev_sandbox.foreign was created by "))
    assert "terraform state rm" in found[foreign]["remedy"]
    (endless,) = (item for what, item in found.items() if what.startswith("neev_sandbox.own has no idle timeout"))
    assert endless["remedy"] == "Set `idle_timeout_seconds` or `max_lifetime_seconds`."
    assert not any("deposed" in what or "pulumi up" in item["remedy"] for what, item in found.items())
    assert "terraform 1.11.4" in found


def test_the_provider_version_of_the_configuration_is_checked(
    terraform_cli: FakeTerraformCli, neev_emulator: Emulator
) -> None:
    infra = terraform_cli.add_configuration("infra")
    assert neev_emulator.state()["sandboxes"] == 0
    is_selected = "provider neevcloud/neev 9.9.9 is selected"
    for selected, message, level in (
        ({PROVIDER: INSTALLED}, f"provider neevcloud/neev {INSTALLED} starts", "ok"),
        (
            {PROVIDER: "9.9.9"},
            f"{is_selected}, and this command is of version {INSTALLED}",
            "warn",
        ),
        ({}, "provider neevcloud/neev without a selected version starts", "ok"),
    ):
        terraform_cli.set_version(**selected)
        terraform_cli.set_providers(PROVIDER)
        assert check("--terraform", infra)[message]["level"] == level
    terraform_cli.set_providers()
    required = f"the configuration in {infra} does not require the provider neevcloud/neev"
    assert check("--terraform", infra)[required]["level"] == "error"
    terraform_cli.fail("Error: Inconsistent dependency lock file")
    errors = [what for what, item in check("--terraform", infra).items() if item["level"] == "error"]
    assert len(errors) == 2  # of the engine, and of the state
    assert all(what.startswith(f"{infra}: `terraform ") for what in errors)


def test_a_state_file_is_checked_without_an_engine(
    neev_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "given.tfstate"
    id = out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "box"})["id"]
    file.write_text(
        json.dumps(make_stored_state(make_stored_resource("neev_sandbox", "box", {"attributes": {"id": id}})))
    )
    neev_emulator.advance(5)
    assert [item for item in check("--terraform", file).values() if item["level"] == "error"] == []
    monkeypatch.delenv("NEEV_PROJECT_ID")
    found = check("--terraform", file)
    assert found["`project_id` is not set"]["remedy"] == (
        "Set NEEV_PROJECT_ID: this command does not read the `provider` block."
    )
    assert "`api_key` comes from NEEV_API_KEY" in found
    assert not [what for what in found if "neev:" in what or "Pulumi" in what]


def test_an_image_tag_is_reported_only_if_the_configuration_sets_it(neev_emulator: Emulator, tmp_path: Path) -> None:
    """A plan after an import is empty, so the state still has the image of the default template as an input."""
    id = out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "box"})["id"]
    neev_emulator.advance(5)
    file = tmp_path / "given.tfstate"
    resources = []
    for name, hidden in (("set", {}), ("imported", {"__imported": True})):
        private = b64encode(json.dumps({"inputs": ["image"], "hidden": hidden}).encode()).decode()
        values = {"attributes": {"id": id, "image": "busybox:1"}, "private": private}
        resources.append(make_stored_resource("neev_sandbox", name, values))
    resources.append(make_stored_resource("neev_sandbox", "unknown", {"attributes": {"id": id, "image": "busybox:1"}}))
    file.write_text(json.dumps(make_stored_state(*resources)))
    warned = [what for what in check("--terraform", file) if "uses the image tag" in what]
    assert warned == ["neev_sandbox.set uses the image tag busybox:1"]


def test_errors_use_the_vocabulary_of_terraform(
    neev_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "given.tfstate"
    file.write_text(json.dumps(make_stored_state()))
    monkeypatch.setenv("NEEV_API_KEY", "pat-nc-1")
    found = check("--terraform", file)
    assert found["`api_key` is a personal access token (pat-nc-…), which the API does not accept"]["level"] == "error"
    (rejected,) = (item for what, item in found.items() if what.startswith(neev_emulator.base_url))
    assert "Check `api_key` (or NEEV_API_KEY)" in rejected["remedy"]
    monkeypatch.setenv("NEEV_REQUEST_TIMEOUT_SECONDS", "soon")
    assert any(
        "`request_timeout_seconds` (or NEEV_REQUEST_TIMEOUT_SECONDS)" in what for what in check("--terraform", file)
    )


def test_orphans_of_an_interrupted_apply_are_found_by_their_labels(
    terraform_cli: FakeTerraformCli, neev_emulator: Emulator
) -> None:
    infra = terraform_cli.add_configuration("infra")
    terraform_cli.set_version()
    terraform_cli.set_providers(PROVIDER)
    labels = owner_of("neev_sandbox", "x", {}, infra.resolve()).to_labels()
    ids = {
        name: out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": name, "labels": labels})["id"]
        for name in ("stored", "left", "going")
    }
    out_of_band_request(neev_emulator, "POST", "/sandboxes", {"name": "other", "labels": {"managed-by": "other"}})
    neev_emulator.advance(5)
    out_of_band_request(neev_emulator, "DELETE", f"/sandboxes/{ids['going']}")
    values = {"attributes": {"id": ids["stored"]}}
    terraform_cli.add_configuration("infra", make_stored_resource("neev_sandbox", "stored", values))
    left = check("--terraform", infra)["1 sandbox with the labels of this configuration, and not in its state: left"]
    assert left["level"] == "warn"
    assert f"`pulumi-neev recover --terraform {infra}` imports what it created" in left["remedy"]
    assert f"`pulumi-neev sweep --terraform {infra}` deletes the rest" in left["remedy"]
    out_of_band_request(neev_emulator, "DELETE", f"/sandboxes/{ids['left']}")
    assert not any("not in its state" in what for what in check("--terraform", infra))
