"""Installs the native plugin by `pulumi plugin install`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from neev_provider.adapters.shared.distribution import VERSION
from neev_provider.adapters.shared.launchers import Installation, require_replaceable
from neev_provider.cli.doctor.environment import check_engine_version
from neev_provider.cli.doctor.findings import Level
from neev_provider.cli.output import exit_with_error, print_line
from neev_provider.cli.plugin.location import (
    IGNORE_PATH_VARIABLE,
    PLUGIN_EXECUTABLE,
    build_plugin,
    find_on_path,
    installed_directory,
)
from neev_provider.cli.pulumi_cli import PulumiCli
from neev_provider.core.errors import NeevError


def run(*, force: bool, installation: Installation | None = None) -> None:
    """Install the plugin of the installation, and print where it is."""
    installation = installation or Installation.find()
    pulumi_cli = PulumiCli(Path())
    try:
        engine = check_engine_version(pulumi_cli.read_version())
        if engine.level is not Level.OK:
            exit_with_error(f"{engine.what}. {engine.remedy}")
        install(pulumi_cli, installation, force=force)
    except NeevError as error:
        exit_with_error(error)
    for line in _describe_result(installation):
        print_line(line)


def install(pulumi_cli: PulumiCli, installation: Installation, *, force: bool) -> None:
    """Install the plugin.

    Raises:
        ForeignExecutable: a plugin of this version is from elsewhere, and `force` is not set.
        PulumiCommandFailed: `pulumi` is not on PATH, or failed.
    """
    name = installation.name_executable(PLUGIN_EXECUTABLE)
    content = build_plugin(installation)
    if not force:
        require_replaceable(installed_directory(os.environ), name, content)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / name
        file.write_bytes(content)
        file.chmod(0o755)
        pulumi_cli.run("plugin", "install", "resource", "neev", VERSION, "--reinstall", "--file", directory)


def _describe_result(installation: Installation) -> Iterator[str]:
    yield f"The plugin {VERSION} is in {installed_directory(os.environ)}."
    yield f"It starts {PLUGIN_EXECUTABLE} in {installation.scripts}: keep that environment."
    on_path = find_on_path(os.environ)
    if on_path is not None:
        yield (
            f"{PLUGIN_EXECUTABLE} is on PATH, too, at {on_path}. Pulumi prefers that one and warns in each command: "
            f"set {IGNORE_PATH_VARIABLE}=true, or remove {Path(on_path).parent} from the PATH of pulumi."
        )
