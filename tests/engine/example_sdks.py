"""The SDKs that the programs in `examples/` use, installed for a test."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.engine.project import PulumiProject
from tests.engine.sdks import SDKS, build_sdk, run_command

PULUMI = f"pulumi=={version('pulumi')}"


def use_dynamic_resources(_project: PulumiProject) -> dict[str, Any]:
    return {"runtime": _python_in(Path(sys.prefix))}


def use_python_sdk(_project: PulumiProject) -> dict[str, Any]:
    build_sdk("python")
    ours = next((SDKS / "dist").glob("*.whl"))
    with install_example("python", ours, PULUMI) as (folder, new):
        if new:
            uv = (sys.executable, "-m", "uv")
            run_command(folder, *uv, "venv", "--quiet", "--seed", "--python", sys.executable)
            run_command(folder, *uv, "pip", "install", "--quiet", "--python", ".venv", str(ours), PULUMI)
    return {"runtime": _python_in(folder / ".venv")}


def use_node_sdk(project: PulumiProject) -> dict[str, Any]:
    build_sdk("nodejs")
    ours = SDKS / "dist" / "pulumi-neev.tgz"
    package = json.loads((project.directory / "package.json").read_text())
    package["dependencies"]["@neevcloud/pulumi-neev"] = f"file:{ours}"
    text = json.dumps(package)
    with install_example("typescript", ours, text) as (folder, new):
        if new:
            (folder / "package.json").write_text(text)
            run_command(folder, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error")
    (project.directory / "node_modules").symlink_to(folder / "node_modules")
    return {}


def use_go_sdk(project: PulumiProject) -> dict[str, Any]:
    sdk = build_sdk("go")
    run_command(project.directory, "go", "mod", "edit", f"-replace=github.com/neevcloud/pulumi-neev/sdk/go={sdk}")
    return {}


def use_unchanged(_project: PulumiProject) -> dict[str, Any]:
    return {}


@contextmanager
def install_example(example: str, ours: Path, rest: str) -> Iterator[tuple[Path, bool]]:
    """Yield the folder of the installed example, and whether it still has to be installed."""
    expected = hashlib.sha256(ours.read_bytes() + rest.encode()).hexdigest()
    folder = SDKS / f"{example}-example"
    stamp = folder / expected
    if new := not stamp.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    yield folder, new
    stamp.touch()


def _python_in(environment: Path) -> dict[str, Any]:
    return {"name": "python", "options": {"toolchain": "pip", "virtualenv": str(environment)}}
