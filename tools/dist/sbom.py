"""The software bills of materials: what each published package and program consists of, in CycloneDX's JSON."""

from __future__ import annotations

import json
import platform
import shutil
import sys
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.dist import bundles
from tools.dist.commands import UV, run_command
from tools.dist.layout import BUILD, DIST, PLUGIN, PROVIDER, ROOT, target
from tools.version import read_version
from tools.dist.libraries import Library

SBOM: Final = DIST / "sbom"
PACKAGES: Final = {"pulumi-neev": ROOT, "neev-emulator": ROOT / "emulator"}
"""The folders of the packages for PyPI."""
SCHEMA: Final = SchemaVersion.V1_6

Bill = Mapping[str, Any]


class InvalidBillError(Exception):
    """A bill of materials that lacks a part, or is not valid CycloneDX."""


def build() -> None:
    """Write the bills of materials of the packages and of the bundles."""
    shutil.rmtree(SBOM, ignore_errors=True)
    SBOM.mkdir(parents=True)
    for name, folder in PACKAGES.items():
        environment = BUILD / "sbom" / name
        options = ("--frozen", "--quiet", "--no-default-groups", "--no-editable", "--package", name)
        run_command(*UV, "sync", *options, env={"UV_PROJECT_ENVIRONMENT": str(environment)})
        write_bill(describe_environment(environment, folder, kind="library"), f"{name}-{read_version()}")
    environment_of_bundles = describe_environment(bundles.ENVIRONMENT, ROOT, kind="application")
    for program in (PLUGIN, PROVIDER):
        bill = describe_bundle(environment_of_bundles, bundles.list_packages(program), bundles.list_libraries(program))
        write_bill(bill, "-".join((program, read_version(), *target())))


def describe_environment(environment: Path, package: Path, *, kind: str) -> Bill:
    """Return a bill with what is installed in the environment as the parts of the package."""
    printed = run_command(
        *(sys.executable, "-m", "cyclonedx_py", "environment", environment, "--sv", SCHEMA.to_version()),
        *("--pyproject", package / "pyproject.toml", "--mc-type", kind, "--output-reproducible", "--no-validate"),
    )
    return dict(json.loads(printed))


def describe_bundle(environment: Bill, packages: Collection[str], libraries: Iterable[Library]) -> Bill:
    """Return the environment's bill with these packages alone, with Python and with the libraries.

    Raises:
        InvalidBillError: the environment's bill lacks a package.
    """
    program = environment["metadata"]["component"]
    root = program["bom-ref"]
    bundled = [component for component in environment["components"] if component["name"] in packages]
    if missing := {*packages} - {component["name"] for component in (program, *bundled)}:
        raise InvalidBillError(f"the environment has no {', '.join(sorted(missing))}")
    added = [describe_python(), *map(describe_library, libraries)]
    names = {root, *(component["bom-ref"] for component in bundled)}
    needs = {item["ref"]: names.intersection(item.get("dependsOn", ())) for item in environment["dependencies"]}
    needs = {ref: needed for ref, needed in needs.items() if ref in names}
    for component in added:
        needs[root] = needs[root] | {component["bom-ref"]}
        needs[component["bom-ref"]] = set()
    return {
        **environment,
        "components": [*bundled, *added],
        "dependencies": [{"ref": ref, "dependsOn": sorted(needed)} for ref, needed in needs.items()],
    }


def describe_python() -> Bill:
    """Return Python as a part of a bundle."""
    number = platform.python_version()
    return {
        "type": "library",
        "bom-ref": f"python=={number}",
        "name": "python",
        "version": number,
        "purl": f"pkg:generic/python@{number}",
        "licenses": [{"license": {"id": "PSF-2.0"}}],
    }


def describe_library(library: Library) -> Bill:
    """Return the library as a part of a bundle, with the version and the licence if they are known."""
    part: dict[str, Any] = {"type": "library", "bom-ref": library.name, "name": library.name}
    if library.version:
        part["version"] = library.version
    if library.license_name:
        part["licenses"] = [{"license": {"name": library.license_name}}]
    return part


def write_bill(bill: Bill, name: str, folder: Path = SBOM) -> None:
    """Write the bill of the program or package with this name.

    Raises:
        InvalidBillError: the bill is not valid.
    """
    text = json.dumps(bill, indent=2, sort_keys=True) + "\n"
    if fault := JsonStrictValidator(SCHEMA).validate_str(text):
        raise InvalidBillError(f"{name}: {fault}")
    (folder / f"{name}.cdx.json").write_text(text, encoding="utf-8")
