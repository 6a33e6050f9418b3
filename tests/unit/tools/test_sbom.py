"""tools/dist/sbom.py: the bill of materials of a bundle is complete and valid."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import pytest
from tools.dist.libraries import Library
from tools.dist.sbom import InvalidBillError, describe_bundle, write_bill


def create_component(name: str) -> dict[str, Any]:
    """Return a package as a bill has it."""
    return {"type": "library", "bom-ref": f"{name}==1.0", "name": name, "version": "1.0"}


ENVIRONMENT = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "metadata": {"component": {"type": "application", "bom-ref": "root", "name": "pulumi-neev", "version": "0.1.0"}},
    "components": [create_component("httpx"), create_component("pyinstaller"), create_component("h11")],
    "dependencies": [
        {"ref": "root", "dependsOn": ["httpx==1.0", "pyinstaller==1.0"]},
        {"ref": "httpx==1.0", "dependsOn": ["h11==1.0"]},
        {"ref": "h11==1.0"},
        {"ref": "pyinstaller==1.0", "dependsOn": ["h11==1.0"]},
    ],
}


def test_the_bill_of_a_bundle_has_its_packages_python_and_libraries(tmp_path: Path) -> None:
    copyright = tmp_path / "copyright"
    copyright.write_text("License: Zlib\n")
    libraries = [Library("zlib1g", ("libz.so.1",), "1:1.2", copyright), Library("libffi-8.dll", ("libffi-8.dll",))]
    write_bill(describe_bundle(ENVIRONMENT, ["pulumi-neev", "httpx", "h11"], libraries), "bundle", tmp_path)
    bill = json.loads((tmp_path / "bundle.cdx.json").read_text())
    python = f"python=={platform.python_version()}"
    assert {part["bom-ref"]: part.get("licenses") for part in bill["components"]} == {
        "httpx==1.0": None,
        "h11==1.0": None,
        python: [{"license": {"id": "PSF-2.0"}}],
        "zlib1g": [{"license": {"name": "Zlib"}}],
        "libffi-8.dll": None,
    }
    assert {item["ref"]: set(item["dependsOn"]) for item in bill["dependencies"]} == {
        "root": {"httpx==1.0", python, "zlib1g", "libffi-8.dll"},
        "httpx==1.0": {"h11==1.0"},
        "h11==1.0": set(),
        python: set(),
        "zlib1g": set(),
        "libffi-8.dll": set(),
    }


def test_an_invalid_bill_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(InvalidBillError, match="bundle"):
        write_bill({**ENVIRONMENT, "components": [{"name": "nothing else"}]}, "bundle", tmp_path)
    assert not (tmp_path / "bundle.cdx.json").exists()


def test_a_package_that_is_missing_in_the_environment_is_an_error() -> None:
    with pytest.raises(InvalidBillError, match="the environment has no truststore"):
        describe_bundle(ENVIRONMENT, ["pulumi-neev", "httpx", "truststore"], [])
