"""Pulumi's SDK generators: they read the schema, and its examples are programs of the generated SDKs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.engine.project import PulumiProject
from tests.engine.sdks import ROOT, SDKS, build_sdk, run_command

from neev_provider.adapters.pulumi import schema
from neev_provider.adapters.shared import examples

pytestmark = pytest.mark.engine


def list_example_programs(language: str) -> Iterator[tuple[str, str]]:
    """Yield every example in the language, by the name of its resource or function."""
    package = schema.package_schema()
    for token in (*package["resources"], *package["functions"]):
        name = token.rpartition(":")[2]
        for number, example in enumerate(examples.load_examples(name).examples):
            yield f"{name}{number}".lower(), example.programs[language]


def test_the_engine_reads_the_schema_that_the_plugin_serves(project: PulumiProject) -> None:
    shown = project.run_pulumi("package", "get-schema", f"{sys.prefix}/bin/pulumi-resource-neev")
    assert shown.returncode == 0, shown.text
    served = json.loads(shown.stdout)
    assert served["version"] == version("pulumi-neev")
    assert set(served["resources"]) == set(schema.package_schema()["resources"])
    assert "warning" not in shown.stderr


@pytest.mark.parametrize("package", ["pulumi_neev", "pulumi_neev_sdk"])
def test_python_examples_type_check_with_dynamic_resources_and_the_sdk(tmp_path: Path, package: str) -> None:
    sources = {"pulumi_neev": ROOT / "provider", "pulumi_neev_sdk": build_sdk("python")}
    for name, program in list_example_programs("python"):
        (tmp_path / f"{name}.py").write_text(program.replace("pulumi_neev_sdk", package))
    settings = f"[mypy]\nstrict = true\nfollow_imports = silent\nmypy_path = {sources[package]}\n"
    (tmp_path / "mypy.ini").write_text(settings)
    run_command(tmp_path, sys.executable, "-m", "mypy", "--config-file=mypy.ini", ".")


def test_typescript_examples_compile(tmp_path: Path) -> None:
    sdk = build_sdk("nodejs")
    for name, program in list_example_programs("typescript"):
        (tmp_path / f"{name}.ts").write_text(program)
    options = {
        "strict": True,
        "noEmit": True,
        "skipLibCheck": True,
        "module": "nodenext",
        "paths": {
            "@neevcloud/pulumi-neev": [str(sdk / "bin" / "index.d.ts")],
            "@pulumi/pulumi": [str(sdk / "node_modules" / "@pulumi" / "pulumi")],
        },
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}))
    run_command(tmp_path, str(sdk / "node_modules" / ".bin" / "tsc"))


def test_go_examples_compile(tmp_path: Path) -> None:
    sdk = build_sdk("go")
    for name, program in list_example_programs("go"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.go").write_text(program)
    shutil.copy(sdk / "go.sum", tmp_path)
    module = (sdk / "go.mod").read_text().replace("module github.com/neevcloud/pulumi-neev/sdk/go", "module examples")
    local = f"require {GO_SDK} v0.0.0\n\nreplace {GO_SDK} => {sdk}\n"
    (tmp_path / "go.mod").write_text(f"{module}\n{local}")
    run_command(tmp_path, "go", "vet", "./...")


GO_SDK = "github.com/neevcloud/pulumi-neev/sdk/go"
PLUGIN = {
    "resource": True,
    "name": "neev",
    "version": version("pulumi-neev"),
    "server": "github://api.github.com/neevcloud/pulumi-neev",
}
"""The reference to the plugin in an SDK."""


def test_the_sdks_require_the_plugin_of_their_own_version() -> None:
    for language, file in (("python", "pulumi_neev_sdk/pulumi-plugin.json"), ("go", "neev/pulumi-plugin.json")):
        build_sdk(language)
        assert json.loads((SDKS / language / file).read_text()) == PLUGIN


def test_the_npm_package_requires_the_plugin_of_its_own_version() -> None:
    package = json.loads((build_sdk("nodejs") / "bin" / "package.json").read_text())
    assert (package["name"], package["pulumi"]) == (
        "@neevcloud/pulumi-neev",
        PLUGIN,
    )
