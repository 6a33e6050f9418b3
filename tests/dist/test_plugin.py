"""The archive of the plugin: the engine installs it, and it serves programs in every language without Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.dist.surroundings import (
    GLIBC,
    build_container_command,
    find_program,
    find_unnamed_libraries,
    find_libraries_of_bundle,
    link_programs,
    check_bundle,
    find_needed_libraries,
)
from tests.engine.example_sdks import use_go_sdk, use_node_sdk, use_unchanged
from tests.engine.project import PulumiProject, Result
from tests.engine.sdks import ROOT, run_command
from tools.dist.layout import PLUGIN
from tools.version import read_version

from neev_emulator import Emulator

pytestmark = pytest.mark.engine

TOOLCHAINS: Mapping[str, Sequence[str]] = {"yaml": (), "nodejs": ("node", "npm"), "go": ("go",)}
"""The programs that a program in each language needs, by the name of its host."""
KEPT = ("PULUMI_", "NEEV", "HOME", "GO")
"""Prefixes of the variables that are kept: the engine's, the emulator's, and what Go finds its caches by."""


class InstalledProject(PulumiProject):
    """A project whose engine has installed the plugin, and finds nothing on PATH but the toolchain of one language."""

    def __init__(self, directory: Path, pulumi_bin: Path, emulator: Emulator, host: str) -> None:
        super().__init__(directory, pulumi_bin, emulator)
        self.toolchain = TOOLCHAINS[host]
        self.programs = [pulumi_bin / "pulumi", pulumi_bin / f"pulumi-language-{host}"]
        self.programs += [find_program(name).resolve() for name in self.toolchain]
        self.env = {name: value for name, value in self.env.items() if name.startswith(KEPT)}
        self.env["PATH"] = str(link_programs(directory / "bin", self.programs))
        self.env["USER"] = "somebody"
        self.container: Sequence[str] = ()

    def contain(self, *readable: Path) -> None:
        """Run every command in a container, with these files and folders beside the programs on PATH."""
        found = {*self.programs, *readable, *find_needed_libraries(self.programs)}
        self.container = build_container_command(writable=self.directory.parent, readable=found)

    def start_command(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start the command in the project's directory, in the container if there is one."""
        program = Path(self.env["PATH"], command[0])
        return super().start_command([*self.container, str(program), *command[1:]], env)

    def install(self, archive: Path) -> Path:
        """Install the plugin from its archive as a user does, and return its folder."""
        command = ("plugin", "install", "resource", "neev", read_version(), "--file", str(archive))
        self.run_pulumi(*command).require_success()
        return Path(self.env["PULUMI_HOME"], "plugins", f"resource-neev-v{read_version()}")

    def up_from(self, folder: Path) -> Result:
        """Update the stack, and assert that the engine runs the plugin from the folder."""
        running = self.start_pulumi("up", "--yes", "--json", "--skip-preview")
        is_found = check_bundle(running, self, PLUGIN, folder)
        result = Result.wait_for(running).require_success()
        assert is_found
        return result


@dataclass(frozen=True)
class Language:
    """A language of programs, and the example in it."""

    example: str
    host: str
    use_sdk: Callable[[PulumiProject], dict[str, Any]]


def compile_with_go_sdk(project: PulumiProject) -> dict[str, Any]:
    """Compile the program, which can take minutes. The engine then uses the cache of Go."""
    settings = use_go_sdk(project)
    run_command(project.directory, "go", "build", "-o", os.devnull, ".")
    return settings


YAML = Language("yaml", "yaml", use_unchanged)
TYPESCRIPT = Language("typescript", "nodejs", use_node_sdk)
GO = Language("go", "go", compile_with_go_sdk)


@pytest.fixture(params=[YAML, TYPESCRIPT, GO], ids=lambda language: language.example)
def project(
    request: pytest.FixtureRequest, tmp_path: Path, pulumi_bin: Path, emulator: Emulator
) -> Iterator[InstalledProject]:
    """Yield a project with the example in one language, its SDK installed."""
    language: Language = request.param
    project = InstalledProject(tmp_path, pulumi_bin, emulator, language.host)
    source = ROOT / "examples" / language.example
    ignored = shutil.ignore_patterns("Pulumi.yaml", "node_modules", "bin")
    shutil.copytree(source, project.directory, ignore=ignored, dirs_exist_ok=True)
    settings = {**yaml.safe_load((source / "Pulumi.yaml").read_text()), **language.use_sdk(project)}
    project.write_project({**settings, "plugins": {}})
    yield project
    for process in project.list_processes():
        process.kill()


def test_a_program_is_deployed_and_destroyed_without_python(
    project: InstalledProject,
    plugin: Path,
    unpacked_plugin: Path,
    is_contained: bool,  # noqa: FBT001  a fixture
) -> None:
    emulator, modules = project.emulator, project.directory / "node_modules"
    if is_contained:
        if "go" in project.toolchain:
            pytest.skip("a program in Go is compiled on the machine")
        project.contain(plugin, *find_libraries_of_bundle(unpacked_plugin), *filter(Path.exists, [modules.resolve()]))
    assert shutil.which("python3", path=project.env["PATH"]) is None

    folder = project.install(plugin)
    created = project.up_from(folder)
    assert created.changes == {"agent": "create", "baseline": "create", "experiment": "create"}
    assert created.warnings == []
    assert "$PATH" not in created.text
    assert project.outputs()["phase"] == "Ready"

    emulator.clear_log()
    assert project.up().changes == {}
    assert emulator.mutating_requests == []

    project.destroy()
    assert (emulator.state()["sandboxes"], emulator.state()["snapshots"]) == (0, 0)


def test_the_bundle_depends_only_on_glibc(unpacked_plugin: Path) -> None:
    needed = {library.name for library in find_libraries_of_bundle(unpacked_plugin)}
    assert needed
    assert {name for name in needed if not GLIBC.fullmatch(name)} == set()


def test_the_licences_name_every_bundled_library(unpacked_plugin: Path) -> None:
    assert find_unnamed_libraries(unpacked_plugin) == set()


def test_the_bundle_prints_its_version_and_contains_licences_and_schema(unpacked_plugin: Path) -> None:
    printed = subprocess.run(
        [unpacked_plugin / PLUGIN, "--version"], env={}, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    assert printed.strip() == read_version()
    top = {file.name for file in unpacked_plugin.iterdir()}
    assert top == {PLUGIN, "_internal", "LICENSE", "LICENSES.txt", "README.md", "schema.json"}
    assert json.loads((unpacked_plugin / "schema.json").read_text())["name"] == "neev"
