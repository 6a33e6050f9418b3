"""The examples: their tests, then apply, change, replacement, import and destroy, each with a plan without changes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.engine.bucket import BUCKET_NAME, StateBucket
from tests.engine.project import find_free_port
from tests.engine.sdks import ROOT
from tests.engine.terraform.project import TerraformProject

pytestmark = pytest.mark.engine

RUNTIME = "/sandboxes-runtime/"
"""The beginning of paths inside a sandbox: some reads are POST requests there."""
EXAMPLES = ROOT / "examples" / "terraform"


@dataclass(frozen=True)
class Scenario:
    """The steps for one example. The changes are those of all resources."""

    example: str
    change: str
    """A variable with its new value."""
    changes: dict[str, str]
    replacement: str
    replaced: set[str]
    imported: str
    """The resource that is removed from the state and imported, by its id."""
    has_port: bool = False


SCENARIOS = [
    Scenario(
        "sandbox",
        change="paused=true",
        changes={"neev_sandbox.agent": "update"},
        replacement="template=python-3-13",
        replaced={"neev_sandbox.agent", "neev_snapshot.baseline", "neev_sandbox_fork.experiment"},
        imported="neev_sandbox.agent",
    ),
    Scenario(
        "service",
        change="greeting=Hi",
        changes={"neev_process.service": "update"},
        replacement="port",
        replaced={"neev_preview_port.web"},
        imported="neev_preview_port.web",
        has_port=True,
    ),
    Scenario(
        "pool",
        change="replicas=4",
        changes={"neev_sandbox_pool.workers": "update"},
        replacement="name=others",
        replaced={"neev_sandbox_pool.workers"},
        imported="neev_sandbox_pool.workers",
    ),
    Scenario(
        "golden-image",
        change="greeting=Hi",
        changes={"neev_golden_image.tools": "update", "neev_sandbox.box": "replace", "neev_command.hello": "replace"},
        replacement="name=others",
        replaced={"neev_golden_image.tools", "neev_sandbox.box", "neev_command.hello"},
        imported="neev_golden_image.tools",
    ),
]


def copy_example(project: TerraformProject, name: str) -> None:
    """Make the example the project's configuration."""
    shutil.copytree(EXAMPLES / name, project.directory, dirs_exist_ok=True)


def import_again(project: TerraformProject, address: str, *arguments: str) -> None:
    """Remove the resource from the state and import it. Nothing of it changes."""
    id = project.values(address)["id"]
    assert project.run("state", "rm", address).returncode == 0
    project.import_(address, id, *arguments)
    # what the API does not return, such as the steps of an image, is stored by the next apply, which changes nothing
    project.emulator.clear_log()
    assert set(project.apply(*arguments).changes.items()) <= {(address, "update")}
    sent = [request["path"] for request in project.emulator.mutating_requests]
    assert [path for path in sent if not path.startswith(RUNTIME)] == []
    assert project.plan(*arguments).returncode == 0


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.example)
def test_an_example_is_tested_applied_changed_replaced_imported_and_destroyed(
    project: TerraformProject, scenario: Scenario
) -> None:
    copy_example(project, scenario.example)
    set_ = [f"-var=port={find_free_port()}"] if scenario.has_port else []
    tested = project.run("test", *set_)
    assert tested.returncode == 0, tested.text
    assert project.emulator.state()["sandboxes"] == 0

    project.apply(*set_)
    assert project.plan(*set_).returncode == 0

    set_ += [f"-var={scenario.change}"]
    assert project.apply(*set_).changes == scenario.changes
    assert project.plan(*set_).returncode == 0

    set_ += [f"-var=port={find_free_port()}" if scenario.replacement == "port" else f"-var={scenario.replacement}"]
    replaced = project.apply(*set_)
    assert {address for address, action in replaced.changes.items() if action == "replace"} == scenario.replaced
    assert project.plan(*set_).returncode == 0

    import_again(project, scenario.imported, *set_)
    project.destroy(*set_)
    assert (project.emulator.state()["sandboxes"], project.emulator.state()["snapshots"]) == (0, 0)


def test_the_environments_example_has_a_workspace_per_branch_with_state_on_s3(
    project: TerraformProject, bucket: StateBucket
) -> None:
    copy_example(project, "environments")
    project.env |= bucket.env | {"AWS_ENDPOINT_URL": bucket.endpoint}
    settings = (f"bucket={BUCKET_NAME}", "region=us-east-1", "use_path_style=true")
    init = project.run("init", "-input=false", *(f"-backend-config={setting}" for setting in settings))
    assert init.returncode == 0, init.text
    tested = project.run("test")
    assert tested.returncode == 0, tested.text
    base = project.apply()
    assert base.changes == {"neev_sandbox.base[0]": "create", "neev_command.prepare[0]": "create"}

    set_ = [f"-var=port={find_free_port()}"]
    assert project.run("workspace", "new", "pr-7").returncode == 0
    created = project.apply(*set_)
    assert set(created.changes.values()) == {"create"}
    assert project.outputs()["name"] == "pr-7"
    assert project.plan(*set_).returncode == 0
    changed = project.apply(*set_, "-var=revision=next")
    assert changed.changes == {"neev_file.revision[0]": "update", "neev_process.server[0]": "update"}

    set_ = [f"-var=port={find_free_port()}", "-var=revision=next"]
    moved = {"neev_preview_port.web[0]": "replace", "neev_process.server[0]": "update"}
    assert project.apply(*set_).changes == moved
    assert project.plan(*set_).returncode == 0

    import_again(project, "neev_sandbox_fork.environment[0]", *set_)
    project.destroy(*set_)
    assert project.emulator.state()["sandboxes"] == 1
    assert project.run("workspace", "select", "default").returncode == 0
    assert project.run("workspace", "delete", "pr-7").returncode == 0
    project.destroy()
    assert project.emulator.state()["sandboxes"] == 0
    assert not [item for item in bucket.s3.list_objects_v2(Bucket=BUCKET_NAME)["Contents"] if "lock" in item["Key"]]


@pytest.mark.parametrize("folder", sorted(EXAMPLES.glob("*/")), ids=lambda folder: folder.name)
def test_an_example_is_formatted(folder: Path, project: TerraformProject) -> None:
    assert project.run("fmt", "-check", str(folder)).text == ""
