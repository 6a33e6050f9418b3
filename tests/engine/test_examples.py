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
from tests.engine.project import Pulumi, outside
from tests.engine.sdks import ROOT, SDKS, built, run

pytestmark = pytest.mark.engine

PULUMI = f"pulumi=={version('pulumi')}"


def with_dynamic_resources(_project: Pulumi) -> dict[str, Any]:
    return {"runtime": _python_in(Path(sys.prefix))}


def with_python_sdk(_project: Pulumi) -> dict[str, Any]:
    built("python")
    ours = next((SDKS / "dist").glob("*.whl"))
    with installed("python", ours, PULUMI) as (folder, new):
        if new:
            uv = (sys.executable, "-m", "uv")
            run(folder, *uv, "venv", "--quiet", "--seed", "--python", sys.executable)
            run(folder, *uv, "pip", "install", "--quiet", "--python", ".venv", str(ours), PULUMI)
    return {"runtime": _python_in(folder / ".venv")}


def with_node_sdk(project: Pulumi) -> dict[str, Any]:
    built("nodejs")
    ours = SDKS / "dist" / "pulumi-neev.tgz"
    package = json.loads((project.directory / "package.json").read_text())
    package["dependencies"]["@neevcloud/pulumi-neev"] = f"file:{ours}"
    text = json.dumps(package)
    with installed("typescript", ours, text) as (folder, new):
        if new:
            (folder / "package.json").write_text(text)
            run(folder, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
    (project.directory / "node_modules").symlink_to(folder / "node_modules")
    return {}


def with_go_sdk(project: Pulumi) -> dict[str, Any]:
    sdk = built("go")
    run(project.directory, "go", "mod", "edit", f"-replace=github.com/neevcloud/pulumi-neev/sdk/go={sdk}")
    return {}


def as_it_is(_project: Pulumi) -> dict[str, Any]:
    return {}


@pytest.mark.parametrize(
    ("example", "prepared"),
    [
        ("python-dynamic", with_dynamic_resources),
        ("python", with_python_sdk),
        ("typescript", with_node_sdk),
        ("go", with_go_sdk),
        ("yaml", as_it_is),
    ],
)
def test_the_story(project: Pulumi, example: str, prepared: Callable[[Pulumi], dict[str, Any]]) -> None:
    source = ROOT / "examples" / example
    ignored = shutil.ignore_patterns("Pulumi.yaml", "Pulumi.*.yaml", "node_modules", "venv", "bin")
    shutil.copytree(source, project.directory, ignore=ignored, dirs_exist_ok=True)
    project.write({**yaml.safe_load((source / "Pulumi.yaml").read_text()), **prepared(project)})
    emulator = project.emulator

    made = project.up()
    assert made.changes == {"agent": "create", "baseline": "create", "experiment": "create"}
    assert made.warnings == []
    outputs = project.outputs()
    assert (outputs["phase"], outputs["snapshot"]) == ("Ready", "Ready")
    assert outputs["name"].startswith("agent-")
    assert outputs["fork"].startswith("experiment-")

    emulator.clear_log()
    again = project.up()
    assert (again.changes, again.warnings) == ({}, [])
    assert project.refresh().changes == {}
    assert emulator.log(mutating=True) == []

    project.config("paused", "true")
    assert project.up().changes == {"agent": "update"}
    assert project.outputs() == {**outputs, "phase": "Paused"}
    assert [entry["path"].rpartition("/")[2] for entry in emulator.log(mutating=True)] == ["pause"]

    project.config("paused", "false")
    project.config("template", "python-3-13")
    assert project.up().changes == {"agent": "replace", "baseline": "replace", "experiment": "replace"}
    assert project.outputs()["name"] != outputs["name"]
    assert emulator.state()["sandboxes"] == 2

    if example != "python-dynamic":  # a dynamic resource cannot be imported
        found = outside(emulator, "POST", "/sandboxes", {"name": "found"})
        project.import_("neev:index:Sandbox", "found", found["id"], "--generate-code=false")
        imported = project.state_of("found")
        assert imported is not None
        assert imported["inputs"]["name"] == "found"

    project.destroy()
    assert (emulator.state()["sandboxes"], emulator.state()["snapshots"]) == (0, 0)


@contextmanager
def installed(example: str, ours: Path, rest: str) -> Iterator[tuple[Path, bool]]:
    """The folder that keeps what an example needs, and whether that is still to be put into it."""
    wanted = hashlib.sha256(ours.read_bytes() + rest.encode()).hexdigest()
    folder = SDKS / f"{example}-example"
    stamp = folder / wanted
    if new := not stamp.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    yield folder, new
    stamp.touch()


def _python_in(environment: Path) -> dict[str, Any]:
    return {"name": "python", "options": {"toolchain": "pip", "virtualenv": str(environment)}}
