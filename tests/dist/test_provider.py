"""The release of the provider: both engines install it from a mirror, and it serves them without Python."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from tests.dist.surroundings import (
    GLIBC,
    build_container_command,
    find_unnamed_libraries,
    find_libraries_of_bundle,
    check_bundle,
    find_needed_libraries,
)
from tests.engine.terraform.project import Result, TerraformProject
from tools.dist.layout import PROVIDER, TERRAFORM, executable_name, target
from tools.dist.terraform import HOSTS, MIRROR, SOURCE
from tools.engine.engine import ROOT
from tools.engine.terraform import find_all
from tools.version import read_version

from neev_emulator import Emulator

pytestmark = pytest.mark.engine

BOX = "neev_sandbox.box"
PROGRAM = executable_name(f"{PROVIDER}_v{read_version()}", target()[0])
_CLI_CONFIG = 'provider_installation {{\n  filesystem_mirror {{ path = "{}" }}\n}}\n'


class InstalledProject(TerraformProject):
    """A project whose engine installs the provider from a mirror, and finds nothing on PATH."""

    def __init__(self, directory: Path, executable: Path, emulator: Emulator) -> None:
        super().__init__(directory, executable, emulator)
        kept = {name: value for name, value in self.env.items() if name.startswith(("TF_", "CHECKPOINT", "NEEV"))}
        self.env = {**kept, "PATH": str(directory / "nothing"), "HOME": str(directory)}
        self.container: Sequence[str] = ()

    def install(self, mirror: Path) -> Path:
        """Install the provider from the mirror as a user does, and return its folder."""
        Path(self.env["TF_CLI_CONFIG_FILE"]).write_text(_CLI_CONFIG.format(mirror))
        self.run("init").require_success()
        providers = self.directory / ".terraform" / "providers"
        # the engine links to an unpacked provider
        return next(providers.glob(f"*/{SOURCE}/{read_version()}/*/{PROGRAM}")).resolve().parent

    def contain(self, *readable: Path) -> None:
        """Run every command in a container, with these files and folders beside the engine."""
        found = {self.executable, *readable, *find_needed_libraries([self.executable])}
        self.container = build_container_command(writable=self.directory.parent, readable=found)

    def start(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command of the engine, in the container if there is one."""
        return subprocess.Popen(
            [*self.container, self.executable, *arguments],
            cwd=self.directory,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def apply_from(self, folder: Path) -> Result:
        """Apply the configuration, and assert that the engine runs the provider from the folder."""
        running = self.start_apply()
        is_found = check_bundle(running, self, PROGRAM, folder)
        result = Result.wait_for(running).require_success()
        assert is_found
        return result


@pytest.fixture(params=["tofu", "terraform"])
def project(request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator) -> Iterator[InstalledProject]:
    """Yield a project: each test runs with both engines."""
    engines = dict(zip(("tofu", "terraform"), find_all(os.environ, ROOT), strict=False))
    if request.param not in engines:
        pytest.skip("Terraform from version 1.11 is not on PATH")
    project = InstalledProject(tmp_path, engines[request.param], emulator)
    project.write('resource "neev_sandbox" "box" {\n  cpu = 1\n}\n')
    yield project
    for process in project.list_processes():
        process.kill()


@pytest.fixture(params=["unpacked", "packed"])
def mirror(request: pytest.FixtureRequest, provider: Path, tmp_path: Path) -> Path:
    """Return a mirror with the unpacked provider, and one with the archive of the release."""
    if request.param == "unpacked":
        return MIRROR
    for host in HOSTS:
        (tmp_path / "mirror" / host / SOURCE).mkdir(parents=True)
        shutil.copy(provider, tmp_path / "mirror" / host / SOURCE)
    return tmp_path / "mirror"


def test_a_configuration_is_applied_and_destroyed_without_python(
    project: InstalledProject,
    mirror: Path,
    unpacked_provider: Path,
    is_contained: bool,  # noqa: FBT001  a fixture
) -> None:
    emulator = project.emulator
    if is_contained:
        project.contain(mirror, *find_libraries_of_bundle(unpacked_provider))
    applied = project.apply_from(project.install(mirror))
    assert (applied.changes, applied.warnings) == ({BOX: "create"}, [])
    assert project.values(BOX)["phase"] == "Ready"

    emulator.clear_log()
    again = project.plan()
    assert (again.returncode, again.changes, again.drift, again.warnings) == (0, {}, {}, [])
    assert emulator.mutating_requests == []

    project.destroy()
    assert emulator.state()["sandboxes"] == 0


def test_the_checksums_match_the_files_of_the_release(provider: Path) -> None:
    name = f"{PROVIDER}_{read_version()}"
    sums = (TERRAFORM / f"{name}_SHA256SUMS").read_text().splitlines()
    assert {line.partition("  ")[2] for line in sums} == {provider.name, f"{name}_manifest.json"}
    for line in sums:
        digest, _, file = line.partition("  ")
        assert hashlib.sha256((TERRAFORM / file).read_bytes()).hexdigest() == digest


def test_the_bundle_depends_only_on_glibc(unpacked_provider: Path) -> None:
    needed = {library.name for library in find_libraries_of_bundle(unpacked_provider)}
    assert needed
    assert {name for name in needed if not GLIBC.fullmatch(name)} == set()


def test_the_licences_name_every_bundled_library(unpacked_provider: Path) -> None:
    assert find_unnamed_libraries(unpacked_provider) == set()


def test_the_bundle_prints_its_version_and_contains_licences(unpacked_provider: Path) -> None:
    printed = subprocess.run(
        [unpacked_provider / PROGRAM, "--version"], env={}, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    assert printed.strip() == read_version()
    top = {file.name for file in unpacked_provider.iterdir()}
    assert top == {PROGRAM, "_internal", "LICENSE", "LICENSES.txt", "README.md"}
