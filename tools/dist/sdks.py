"""The SDKs of the plugin: packages of Python, npm and Maven, and the sources of the Go module and of the C# package.

The generators of C# and Java are a Go program in `gensdk/`. Java is compiled if Maven is installed, and C# is not: its
`dotnet pack` is a step of whoever publishes it.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Final

from tools import sdks
from tools.dist.commands import run_command, source_date_epoch
from tools.dist.layout import BUILD, DIST, ROOT
from tools.version import read_version

TARGET: Final = DIST / "sdks"
WORK: Final = BUILD / "sdks"
HERE: Final = Path(__file__).parent
JAVA_RESOURCES: Final = Path("src/main/resources/com/neevcloud/neev")

DEPENDENCY: Final = """\
    <dependency>
      <groupId>{}</groupId>
      <artifactId>{}</artifactId>
      <version>{version}</version>
    </dependency>"""


def build() -> None:
    """Build the SDKs of all languages."""
    for folder in (TARGET, WORK):
        shutil.rmtree(folder, ignore_errors=True)
    run_command(sys.executable, "-m", "tools.sdks")
    for language in ("python", "nodejs", "java"):
        (TARGET / language).mkdir(parents=True)
    for wheel in sdks.DIST.glob("*.whl"):
        shutil.copy(wheel, TARGET / "python")
    shutil.copy(sdks.DIST / "pulumi-neev.tgz", TARGET / "nodejs" / f"neevcloud-pulumi-neev-{read_version()}.tgz")
    shutil.copytree(sdks.SDKS / "go", TARGET / "go")
    generate("dotnet", TARGET / "dotnet")
    generate("java", WORK / "java")
    build_java(WORK / "java", TARGET / "java")


def generate(language: str, target: Path) -> None:
    """Write the sources of the SDK of Java or C#."""
    generator = BUILD / "gensdk"
    run_command("go", "build", "-trimpath", "-buildvcs=false", "-o", generator, ".", folder=HERE / "gensdk")
    schema = WORK / "schema.json"
    schema.parent.mkdir(parents=True, exist_ok=True)
    schema.write_text(sdks.release_schema(), encoding="utf-8")
    run_command(generator, schema, read_version(), ROOT / "docs" / "logo.png", language, target)
    sdks.add_documents(language, target)


def build_java(sources: Path, target: Path) -> None:
    """Write what Maven needs beside the sources, and build the package."""
    for file in sources.glob("*.gradle"):
        file.unlink()
    (sources / "pom.xml").write_text(render_pom(), encoding="utf-8")
    resources = sources / JAVA_RESOURCES
    resources.mkdir(parents=True)
    (resources / "version.txt").write_text(read_version(), encoding="utf-8")
    (resources / "plugin.json").write_text(describe_plugin(), encoding="utf-8")
    if shutil.which("mvn") is None:
        print("java: Maven is not installed, so its sources are not compiled", flush=True)
        shutil.copytree(sources, target, dirs_exist_ok=True)
        return
    run_command("mvn", "--quiet", "--batch-mode", "package", folder=sources)
    for package in (sources / "target").glob("*.jar"):
        shutil.copy(package, target)
    shutil.copy(sources / "pom.xml", target / f"neev-{read_version()}.pom")


def render_pom() -> str:
    """Return the description of the package for Maven, with the dependencies that the schema has."""
    stated = json.loads(sdks.release_schema())["language"]["java"]["dependencies"]
    dependencies = "\n".join(
        DEPENDENCY.format(*artifact.split(":"), version=number) for artifact, number in stated.items()
    )
    filled = {"VERSION": read_version(), "TIMESTAMP": source_date_epoch(), "DEPENDENCIES": dependencies}
    pom = (HERE / "pom.xml").read_text(encoding="utf-8")
    return re.sub("|".join(filled), lambda name: filled[name[0]], pom)


def describe_plugin() -> str:
    """Return what the engine reads from a package of Java: which plugin, and where it comes from."""
    schema = json.loads(sdks.release_schema())
    plugin = {"resource": True, "name": schema["name"], "version": read_version(), "server": schema["pluginDownloadURL"]}
    return json.dumps(plugin)
