"""The scripts in release.yml, run as the workflow runs them, on files with the names of a release."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tools.dist.layout import ROOT, plugin_archive, provider_archive

VERSION = "1.2.3"
JOBS = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))["jobs"]
PLATFORMS = (("linux", "amd64"), ("darwin", "arm64"), ("windows", "amd64"))
BUILT = [
    *(f"pulumi/{plugin_archive(VERSION, *platform)}" for platform in PLATFORMS),
    *(f"terraform/{provider_archive(VERSION, *platform)}" for platform in PLATFORMS),
    f"terraform/terraform-provider-neev_{VERSION}_manifest.json",
    f"terraform/terraform-provider-neev_{VERSION}_SHA256SUMS",
    f"python/pulumi_neev-{VERSION}-py3-none-any.whl",
    f"python/pulumi_neev-{VERSION}.tar.gz",
    f"python/neev_emulator-{VERSION}-py3-none-any.whl",
    f"python/neev_emulator-{VERSION}.tar.gz",
    f"sbom/pulumi-neev-{VERSION}.cdx.json",
    f"sdks/python/pulumi_neev_sdk-{VERSION}-py3-none-any.whl",
    f"sdks/nodejs/neevcloud-pulumi-neev-{VERSION}.tgz",
    "sdks/go/go.mod",
    "SHA256SUMS",
    "release-notes.md",
]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a folder with `dist/` as it is when the files of all platforms are downloaded."""
    for name in BUILT:
        file = tmp_path / "dist" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


def run_script(workspace: Path, job: str, number: int = 0, **env: str) -> str:
    """Run a script of the job as a runner does, and return its output."""
    scripts: list[dict[str, Any]] = [step for step in JOBS[job]["steps"] if "run" in step]
    bash = shutil.which("bash")
    assert bash
    command = [bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", scripts[number]["run"]]
    variables = {"PATH": os.environ["PATH"], "GITHUB_REF_NAME": f"v{VERSION}", **env}
    return subprocess.run(command, cwd=workspace, env=variables, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def release(workspace: Path) -> Path:
    """Return the folder with the files of the GitHub release."""
    run_script(workspace, "sign")
    return workspace / "release"


def test_a_release_has_the_files_of_all_platforms(release: Path) -> None:
    """Files of `dist/` for other destinations and the checksums of one platform are excluded."""
    elsewhere = {"go.mod", "release-notes.md"}
    assert {file.name for file in release.iterdir()} == {Path(name).name for name in BUILT} - elsewhere


@pytest.mark.parametrize("name", ["SHA256SUMS", f"terraform-provider-neev_{VERSION}_SHA256SUMS"])
def test_the_checksum_files_match_the_files_of_the_release(release: Path, name: str) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", name], cwd=release, check=True, capture_output=True)
    listed = {line.split("  ")[1] for line in (release / name).read_text().splitlines()}
    present = {file.name for file in release.iterdir()}
    if name == "SHA256SUMS":
        assert listed == present - {name}
    else:
        assert listed == {other for other in present if other.startswith("terraform-provider-neev_")} - {name}


@pytest.mark.parametrize("project", JOBS["pypi"]["strategy"]["matrix"]["project"])
def test_each_pypi_project_publishes_only_its_own_files(release: Path, project: str) -> None:
    run_script(release.parent, "pypi", PROJECT=project)
    prefix = project.replace("-", "_")
    found = {file.name for file in (release.parent / "project").iterdir()}
    assert found == {file.name for file in release.iterdir() if file.name.startswith(f"{prefix}-{VERSION}")}
    assert f"{prefix}-{VERSION}-py3-none-any.whl" in found


@pytest.mark.parametrize("published", ["", VERSION])
def test_a_version_is_published_to_npm_once(release: Path, published: str) -> None:
    """`npm view` prints nothing for a version that does not exist."""
    npm = release.parent / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f'#!/bin/sh\nif [ "$1" = view ]; then echo "{published}"; else echo "npm $*"; fi\n')
    npm.chmod(0o755)
    output = run_script(release.parent, "npm", PATH=f"{npm.parent}{os.pathsep}{os.environ['PATH']}")
    if published:
        assert output == f"{VERSION} is there, from an earlier attempt\n"
    else:
        tarball = f"release/neevcloud-pulumi-neev-{VERSION}.tgz"
        assert output == f"npm publish --access public --provenance {tarball}\n"
