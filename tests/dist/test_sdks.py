"""The built SDKs: each has a README, a licence, and asks for the plugin of its own version."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from tools.dist.layout import BUILD, DIST
from tools.sdk_readme import JAVA_PROGRAM
from tools.version import read_version

SDKS = DIST / "sdks"
PLUGIN = {
    "resource": True,
    "name": "neev",
    "version": read_version(),
    "server": "github://api.github.com/neevcloud/pulumi-neev",
}


def test_the_wheel_names_the_plugin() -> None:
    with zipfile.ZipFile(SDKS / "python" / f"pulumi_neev_sdk-{read_version()}-py3-none-any.whl") as wheel:
        assert json.loads(wheel.read("pulumi_neev_sdk/pulumi-plugin.json")) == PLUGIN
        metadata = next(wheel.read(name).decode() for name in wheel.namelist() if name.endswith("/METADATA"))
    assert "# NeevAI for Pulumi in Python" in metadata


def test_the_npm_package_names_the_plugin() -> None:
    with tarfile.open(SDKS / "nodejs" / f"neevcloud-pulumi-neev-{read_version()}.tgz") as package:
        description = package.extractfile("package/package.json")
        assert description
        assert json.load(description)["pulumi"] == PLUGIN
        assert {"package/README.md", "package/LICENSE", "package/index.js"} <= set(package.getnames())


@pytest.mark.parametrize(("language", "file"), [("go", "neev/pulumi-plugin.json"), ("dotnet", "pulumi-plugin.json")])
def test_the_sources_name_the_plugin(language: str, file: str) -> None:
    assert json.loads((SDKS / language / file).read_text()) == PLUGIN
    assert {"README.md", "LICENSE"} <= {item.name for item in (SDKS / language).iterdir()}


def test_a_program_in_java_compiles_with_the_package(tmp_path: Path) -> None:
    if shutil.which("mvn") is None:
        pytest.skip("Maven is not installed")
    package = SDKS / "java" / f"neev-{read_version()}.jar"
    with zipfile.ZipFile(package) as jar:
        assert json.loads(jar.read("com/neevcloud/neev/plugin.json")) == PLUGIN
        assert jar.read("com/neevcloud/neev/version.txt").decode() == read_version()
    paths = tmp_path / "classpath"
    goal = ["mvn", "--quiet", "--batch-mode", "dependency:build-classpath", f"-Dmdep.outputFile={paths}"]
    subprocess.run(goal, cwd=BUILD / "sdks" / "java", check=True, capture_output=True)
    (tmp_path / "App.java").write_text(JAVA_PROGRAM)
    classes = f"{package}:{paths.read_text()}"
    done = subprocess.run(["javac", "-cp", classes, "App.java"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
