"""Whether this machine has what an update needs, in the right versions and places."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from neev_provider.cli.doctor.findings import Finding, fail, from_error, ok, warn
from neev_provider.cli.pulumi_cli import PulumiCli
from neev_provider.core.errors import NeevError

PLUGIN_EXECUTABLE = "pulumi-resource-neev"
MIN_ENGINE_VERSION = (3, 259, 0)
"""The engine that this version is tested with, and the floor of the SDK it needs."""


def check_environment(pulumi_cli: PulumiCli) -> Iterator[Finding]:
    """The engine, its language host, the plugin and the packages."""
    yield check_packages()
    try:
        yield check_engine_version(pulumi_cli.read_version())
    except NeevError as error:
        yield from_error(error, "engine")
    project = read_project(pulumi_cli.directory)
    runtime = find_runtime(project)
    if runtime is not None:
        yield check_language_host(runtime, shutil.which(f"pulumi-language-{runtime}"))
    yield check_plugin(shutil.which(PLUGIN_EXECUTABLE), project)


def check_packages() -> Finding:
    """This package, Pulumi's SDK and Python."""
    python = ".".join(map(str, sys.version_info[:3]))
    return ok(
        f"pulumi-neev {metadata.version('pulumi-neev')}, Pulumi SDK {metadata.version('pulumi')}, Python {python}"
    )


def check_engine_version(version: str) -> Finding:
    """Whether the engine is one that this version is tested with."""
    numbers = re.findall(r"\d+", version.partition("-")[0])[:3]
    if numbers and tuple(map(int, numbers)) < MIN_ENGINE_VERSION:
        oldest = ".".join(map(str, MIN_ENGINE_VERSION))
        return warn(f"engine {version} is older than {oldest}, the oldest that is tested", "Install a newer Pulumi.")
    return ok(f"engine {version}")


def check_language_host(runtime: str, path: str | None) -> Finding:
    """Whether the engine can run the project's program."""
    if path is None:
        return fail(
            f"the project's language is {runtime}, and pulumi-language-{runtime} is not on PATH",
            "Install Pulumi with its language hosts, or put their directory on PATH.",
        )
    return ok(f"language host {path}")


def check_plugin(path: str | None, project: Mapping[str, Any]) -> Finding:
    """Whether the engine finds the plugin, and the one of this installation."""
    named = next((each for each in _list_plugin_providers(project) if each.get("name") == "neev"), None)
    if named is not None:
        return ok(f"plugin at {named.get('path')}, as Pulumi.yaml says")
    if path is None:
        return warn(
            f"{PLUGIN_EXECUTABLE} is not on PATH: only dynamic resources of Python programs work",
            "Put the directory where pulumi-neev is installed on PATH, or name it in Pulumi.yaml (plugins.providers).",
        )
    if Path(path).parent.resolve() != (Path(sys.prefix) / "bin").resolve():
        return warn(
            f"plugin {path} belongs to another installation than this command ({sys.prefix})",
            "Use one installation, or see with `pip list` that both have the same version.",
        )
    return ok(f"plugin {path}")


def read_project(directory: Path) -> Mapping[str, Any]:
    """What Pulumi.yaml of the directory says; nothing where there is none."""
    file = next((each for name in ("Pulumi.yaml", "Pulumi.yml") if (each := directory / name).exists()), None)
    read = {} if file is None else yaml.safe_load(file.read_text(encoding="utf-8"))
    return read if isinstance(read, Mapping) else {}


def find_runtime(project: Mapping[str, Any]) -> str | None:
    """The language of the project."""
    runtime = project.get("runtime")
    name = runtime.get("name") if isinstance(runtime, Mapping) else runtime
    return str(name) if name else None


def _list_plugin_providers(project: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list((project.get("plugins") or {}).get("providers") or ())
