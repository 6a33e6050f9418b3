"""The same small story in every language: up, again without changes, refresh, update, replace, import, destroy."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.engine.project import PulumiProject, out_of_band_request
from tests.engine.sdks import ROOT, SDKS, build_sdk, run_command

pytestmark = pytest.mark.engine

PULUMI = f"pulumi=={version('pulumi')}"


def use_dynamic_resources(_project: PulumiProject) -> dict[str, Any]:
    return {"runtime": _python_in(Path(sys.prefix))}


def use_python_sdk(_project: PulumiProject) -> dict[str, Any]:
    build_sdk("python")
    ours = next((SDKS / "dist").glob("*.whl"))
    with install_example("python", ours, PULUMI) as (folder, new):
        if new:
            uv = (sys.executable, "-m", "uv")
            run_command(folder, *uv, "venv", "--quiet", "--seed", "--python", sys.executable)
            run_command(folder, *uv, "pip", "install", "--quiet", "--python", ".venv", str(ours), PULUMI)
    return {"runtime": _python_in(folder / ".venv")}


def use_node_sdk(project: PulumiProject) -> dict[str, Any]:
    build_sdk("nodejs")
    ours = SDKS / "dist" / "pulumi-neev.tgz"
    package = json.loads((project.directory / "package.json").read_text())
    package["dependencies"]["@neevcloud/pulumi-neev"] = f"file:{ours}"
    text = json.dumps(package)
    with install_example("typescript", ours, text) as (folder, new):
        if new:
            (folder / "package.json").write_text(text)
            run_command(folder, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
    (project.directory / "node_modules").symlink_to(folder / "node_modules")
    return {}


def use_go_sdk(project: PulumiProject) -> dict[str, Any]:
    sdk = build_sdk("go")
    run_command(project.directory, "go", "mod", "edit", f"-replace=github.com/neevcloud/pulumi-neev/sdk/go={sdk}")
    return {}


def use_unchanged(_project: PulumiProject) -> dict[str, Any]:
    return {}


@pytest.mark.parametrize(
    ("example", "prepared"),
    [
        ("python-dynamic", use_dynamic_resources),
        ("python", use_python_sdk),
        ("typescript", use_node_sdk),
        ("go", use_go_sdk),
        ("yaml", use_unchanged),
    ],
)
def test_the_story(project: PulumiProject, example: str, prepared: Callable[[PulumiProject], dict[str, Any]]) -> None:
    source = ROOT / "examples" / example
    ignored = shutil.ignore_patterns("Pulumi.yaml", "Pulumi.*.yaml", "node_modules", "venv", "bin")
    shutil.copytree(source, project.directory, ignore=ignored, dirs_exist_ok=True)
    project.write_project({**yaml.safe_load((source / "Pulumi.yaml").read_text()), **prepared(project)})
    emulator = project.emulator

    created = project.up()
    assert created.changes == {"agent": "create", "baseline": "create", "experiment": "create"}
    assert created.warnings == []
    outputs = project.outputs()
    assert (outputs["phase"], outputs["snapshot"]) == ("Ready", "Ready")
    assert outputs["name"].startswith("agent-")
    assert outputs["fork"].startswith("experiment-")

    emulator.clear_log()
    again = project.up()
    assert (again.changes, again.warnings) == ({}, [])
    assert project.refresh().changes == {}
    assert emulator.mutating_requests == []

    project.set_config("paused", "true")
    assert project.up().changes == {"agent": "update"}
    assert project.outputs() == {**outputs, "phase": "Paused"}
    assert [entry["path"].rpartition("/")[2] for entry in emulator.mutating_requests] == ["pause"]

    project.set_config("paused", "false")
    project.set_config("template", "python-3-13")
    assert project.up().changes == {"agent": "replace", "baseline": "replace", "experiment": "replace"}
    assert project.outputs()["name"] != outputs["name"]
    assert emulator.state()["sandboxes"] == 2

    if example != "python-dynamic":  # a dynamic resource cannot be imported
        found = out_of_band_request(emulator, "POST", "/sandboxes", {"name": "found"})
        project.import_("neev:index:Sandbox", "found", found["id"], "--generate-code=false")
        imported = project.state_of("found")
        assert imported is not None
        assert imported["inputs"]["name"] == "found"

    project.destroy()
    assert (emulator.state()["sandboxes"], emulator.state()["snapshots"]) == (0, 0)


@contextmanager
def install_example(example: str, ours: Path, rest: str) -> Iterator[tuple[Path, bool]]:
    """Yield the folder of the installed example, and whether it still has to be installed."""
    expected = hashlib.sha256(ours.read_bytes() + rest.encode()).hexdigest()
    folder = SDKS / f"{example}-example"
    stamp = folder / expected
    if new := not stamp.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    yield folder, new
    stamp.touch()


def _python_in(environment: Path) -> dict[str, Any]:
    return {"name": "python", "options": {"toolchain": "pip", "virtualenv": str(environment)}}
