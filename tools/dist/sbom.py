"""The software bills of materials: what each published package and program consists of, in CycloneDX's JSON."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from tools.dist import bundles
from tools.dist.commands import UV, run_command
from tools.dist.layout import BUILD, DIST, PLUGIN, PROVIDER, ROOT, target, version

SBOM: Final = DIST / "sbom"
PACKAGES: Final = {"pulumi-neev": ROOT, "neev-emulator": ROOT / "emulator"}
"""The folders of the packages for PyPI."""


def build() -> None:
    """Write the bills of materials of the packages and of the bundles."""
    shutil.rmtree(SBOM, ignore_errors=True)
    SBOM.mkdir(parents=True)
    for name, folder in PACKAGES.items():
        environment = BUILD / "sbom" / name
        options = ("--frozen", "--quiet", "--no-default-groups", "--no-editable", "--package", name)
        run_command(*UV, "sync", *options, env={"UV_PROJECT_ENVIRONMENT": str(environment)})
        write_bill(environment, folder, f"{name}-{version()}", kind="library")
    for program in (PLUGIN, PROVIDER):
        write_bill(bundles.ENVIRONMENT, ROOT, "-".join((program, version(), *target())), kind="application")


def write_bill(environment: Path, package: Path, name: str, *, kind: str) -> None:
    """Write what is installed in the environment as the parts of the package; the tool validates it."""
    run_command(
        *(sys.executable, "-m", "cyclonedx_py", "environment", environment),
        *("--pyproject", package / "pyproject.toml", "--mc-type", kind, "--output-reproducible", "--validate"),
        *("--output-file", SBOM / f"{name}.cdx.json"),
    )
