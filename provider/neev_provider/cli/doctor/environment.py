"""Checks of the local environment: the engine, its language host, the plugin and the packages."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from neev_provider.adapters.shared.distribution import DISTRIBUTION, VERSION
from neev_provider.adapters.shared.launchers import Installation
from neev_provider.cli.doctor.findings import Finding, fail, from_error, ok, warn
from neev_provider.cli.plugin.location import (
    PLUGIN_EXECUTABLE,
    build_plugin,
    find_on_path,
    installed_directory,
    list_other_versions,
    read_target,
)
from neev_provider.cli.pulumi_cli import PulumiCli
from neev_provider.core.errors import NeevError

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
    yield check_plugin(project, os.environ, Installation.find())


def check_packages(*others: str) -> Finding:
    """Report the versions of this package, the others and Python."""
    python = ".".join(map(str, sys.version_info[:3]))
    return ok(", ".join([f"{DISTRIBUTION} {VERSION}", *others, f"Python {python}"]))


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


def check_plugin(project: Mapping[str, Any], environ: Mapping[str, str], installation: Installation) -> Finding:
    """Check that the plugin that the engine finds is that of the installation."""
    plugin = next((provider for provider in _list_plugin_providers(project) if provider.get("name") == "neev"), None)
    if plugin is not None:
        return ok(f"plugin at {plugin.get('path')}, as Pulumi.yaml says")
    path = find_on_path(environ)
    if path is None:
        return _check_installed_plugin(environ, installation)
    if Path(path).parent.resolve() != installation.scripts.resolve():
        return _report_other_installation(path, "Use one installation, or check that both have the same version.")
    return ok(f"plugin {path}")


def _check_installed_plugin(environ: Mapping[str, str], installation: Installation) -> Finding:
    plugin = installed_directory(environ) / installation.name_executable(PLUGIN_EXECUTABLE)
    if plugin.is_file():
        content = plugin.read_bytes()
        target = read_target(content)
        if target and not os.access(target, os.X_OK):
            return fail(f"{target} is gone, so Pulumi cannot start the plugin", "Run `pulumi-neev plugin install`.")
        if target and content != build_plugin(installation):
            return _report_other_installation(plugin, "Run `pulumi-neev plugin install` to use this one.")
        return ok(f"plugin {plugin}")
    if others := list_other_versions(environ):
        return warn(
            f"the installed plugin is of version {', '.join(others)}, and this command of another one",
            "Run `pulumi-neev plugin install`.",
        )
    return warn(
        f"{PLUGIN_EXECUTABLE} is neither installed nor on PATH: only dynamic resources of Python programs work",
        "Run `pulumi-neev plugin install`, or name the directory of the plugin in Pulumi.yaml (plugins.providers).",
    )


def _report_other_installation(plugin: str | Path, remedy: str) -> Finding:
    return warn(f"plugin {plugin} belongs to another installation than this command ({sys.prefix})", remedy)


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
