"""Checks of the local environment: the engine, its language host, the plugin and the packages."""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
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
"""The oldest engine that is tested, and the minimum version of the SDK."""


def check_environment(pulumi_cli: PulumiCli) -> Iterator[Finding]:
    """Check the engine, its language host, the plugin and the packages."""
    yield check_packages(f"Pulumi SDK {metadata.version('pulumi')}")
    try:
        yield check_engine_version(pulumi_cli.read_version())
    except NeevError as error:
        yield from_error(error, "engine")
    project = read_project(pulumi_cli.directory)
    runtime = find_runtime(project)
    if runtime is not None:
        yield check_language_host(runtime, shutil.which(f"pulumi-language-{runtime}"))
    yield check_plugin(shutil.which(PLUGIN_EXECUTABLE), project)


def check_packages(*others: str) -> Finding:
    """Report the versions of this package, the others and Python."""
    python = ".".join(map(str, sys.version_info[:3]))
    return ok(", ".join([f"pulumi-neev {metadata.version('pulumi-neev')}", *others, f"Python {python}"]))


def check_engine_version(version: str) -> Finding:
    """Check that the engine is not older than the oldest tested one."""
    numbers = re.findall(r"\d+", version.partition("-")[0])[:3]
    if numbers and tuple(map(int, numbers)) < MIN_ENGINE_VERSION:
        oldest = ".".join(map(str, MIN_ENGINE_VERSION))
        return warn(f"engine {version} is older than {oldest}, the oldest tested version", "Install a newer Pulumi.")
    return ok(f"engine {version}")


def check_language_host(runtime: str, path: str | None) -> Finding:
    """Check that the language host of the project's program is on PATH."""
    if path is None:
        return fail(
            f"the project's language is {runtime}, and pulumi-language-{runtime} is not on PATH",
            "Install Pulumi with its language hosts, or put their directory on PATH.",
        )
    return ok(f"language host {path}")


def check_plugin(path: str | None, project: Mapping[str, Any]) -> Finding:
    """Check that the engine finds the plugin of this installation."""
    plugin = next((provider for provider in _list_plugin_providers(project) if provider.get("name") == "neev"), None)
    if plugin is not None:
        return ok(f"plugin at {plugin.get('path')}, as Pulumi.yaml says")
    if path is None:
        return warn(
            f"{PLUGIN_EXECUTABLE} is not on PATH: only dynamic resources of Python programs work",
            "Put the directory where pulumi-neev is installed on PATH, or name it in Pulumi.yaml (plugins.providers).",
        )
    if Path(path).parent.resolve() != Path(sysconfig.get_path("scripts")).resolve():
        return warn(
            f"plugin {path} belongs to another installation than this command ({sys.prefix})",
            "Use one installation, or check with `pip list` that both have the same version.",
        )
    return ok(f"plugin {path}")


def read_project(directory: Path) -> Mapping[str, Any]:
    """Return the contents of the Pulumi.yaml of the directory, or else of its nearest parent; else an empty mapping."""
    directory = directory.resolve()
    files = (each / name for each in (directory, *directory.parents) for name in ("Pulumi.yaml", "Pulumi.yml"))
    file = next((each for each in files if each.is_file()), None)
    project = {} if file is None else yaml.safe_load(file.read_text(encoding="utf-8"))
    return project if isinstance(project, Mapping) else {}


def find_runtime(project: Mapping[str, Any]) -> str | None:
    """Return the name of the project's language runtime, or `None`."""
    runtime = project.get("runtime")
    name = runtime.get("name") if isinstance(runtime, Mapping) else runtime
    return str(name) if name else None


def _list_plugin_providers(project: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list((project.get("plugins") or {}).get("providers") or ())
