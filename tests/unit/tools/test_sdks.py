"""tools/sdks.py and tools/dist/sdks.py: what the SDKs have beside the generated sources."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tools import sdks
from tools.dist.sdks import describe_plugin, render_pom
from tools.sdk_readme import LANGUAGES, render_readme
from tools.version import read_version

MAVEN = "{http://maven.apache.org/POM/4.0.0}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_readme_has_the_install_command_and_a_program(language: str) -> None:
    text = render_readme(language, "1.2.3")
    fences = re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert "1.2.3" in fences[0][1]
    assert fences[1][0] == LANGUAGES[language].syntax
    assert "Sandbox" in fences[1][1]
    assert re.findall(r"\]\((?!https://)", text) == []


@pytest.mark.parametrize("language", ["python", "nodejs", "go", "java"])
def test_a_readme_installs_the_package_of_the_schema(language: str) -> None:
    package = json.loads(sdks.release_schema())["language"][language]
    name = (
        package.get("packageName") or package.get("importBasePath", "").removesuffix("/neev") or package["basePackage"]
    )
    assert name.replace("_", "-") in LANGUAGES[language].install


def test_an_sdk_has_a_readme_and_a_licence(tmp_path: Path) -> None:
    sdks.add_documents("go", tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"README.md", "LICENSE"}


def test_the_release_schema_has_the_version_of_the_project() -> None:
    schema = json.loads(sdks.release_schema())
    assert (schema["version"], schema["meta"]) == (read_version(), {"supportPack": True})


def test_the_pom_has_the_version_and_the_dependencies_of_the_schema() -> None:
    project = ET.fromstring(render_pom())
    assert project.findtext(f"{MAVEN}version") == read_version()
    assert (project.findtext(f".//{MAVEN}project.build.outputTimestamp") or "").isdecimal()
    stated = json.loads(sdks.release_schema())["language"]["java"]["dependencies"]
    found = project.findall(f"{MAVEN}dependencies/{MAVEN}dependency")
    assert {":".join(part.text or "" for part in item) for item in found} == {
        f"{artifact}:{number}" for artifact, number in stated.items()
    }


def test_the_java_package_names_the_plugin_and_its_download_server() -> None:
    assert json.loads(describe_plugin()) == {
        "resource": True,
        "name": "neev",
        "version": read_version(),
        "server": "github://api.github.com/neevcloud/pulumi-neev",
    }
