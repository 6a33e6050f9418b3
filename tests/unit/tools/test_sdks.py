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
def test_a_readme_installs_the_version_and_shows_a_program(language: str) -> None:
    text = render_readme(language, "1.2.3")
    fences = re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert "1.2.3" in fences[0][1]
    assert fences[1][0] == LANGUAGES[language].syntax
    assert "Sandbox" in fences[1][1]
    assert re.findall(r"\]\((?!https://)", text) == []


@pytest.mark.parametrize("language", ["python", "nodejs", "go", "java"])
def test_a_readme_installs_the_package_that_the_schema_names(language: str) -> None:
    package = json.loads(sdks.release_schema())["language"][language]
    name = (
        package.get("packageName") or package.get("importBasePath", "").removesuffix("/neev") or package["basePackage"]
    )
    assert name.replace("_", "-") in LANGUAGES[language].install


def test_the_sdks_have_readme_and_licence(tmp_path: Path) -> None:
    sdks.add_documents("go", tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"README.md", "LICENSE"}


def test_a_schema_of_a_release_has_its_version() -> None:
    schema = json.loads(sdks.release_schema())
    assert (schema["version"], schema["meta"]) == (read_version(), {"supportPack": True})


def test_maven_gets_the_version_and_the_dependencies_of_the_schema() -> None:
    project = ET.fromstring(render_pom())
    assert project.findtext(f"{MAVEN}version") == read_version()
    assert (project.findtext(f".//{MAVEN}project.build.outputTimestamp") or "").isdecimal()
    stated = json.loads(sdks.release_schema())["language"]["java"]["dependencies"]
    found = project.findall(f"{MAVEN}dependencies/{MAVEN}dependency")
    assert {":".join(part.text or "" for part in item) for item in found} == {
        f"{artifact}:{number}" for artifact, number in stated.items()
    }


def test_a_package_of_java_names_the_plugin_and_where_it_comes_from() -> None:
    assert json.loads(describe_plugin()) == {
        "resource": True,
        "name": "neev",
        "version": read_version(),
        "server": "github://api.github.com/neevcloud/pulumi-neev",
    }
