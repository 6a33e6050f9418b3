"""Where Pulumi looks for the native plugin: on PATH, and in its own directory."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from neev_provider.adapters.shared.distribution import DISTRIBUTION, VERSION
from neev_provider.adapters.shared.launchers import HEADER, Installation

PLUGIN_EXECUTABLE: Final = "pulumi-resource-neev"
IGNORE_PATH_VARIABLE: Final = "PULUMI_IGNORE_AMBIENT_PLUGINS"
_DIRECTORY_PREFIX: Final = "resource-neev-v"
_LAUNCHER: Final = f"""\
{HEADER}plugin={{plugin}}
if [ ! -x "$plugin" ]; then
  echo "$plugin is gone: install {DISTRIBUTION} again, and run {DISTRIBUTION} plugin install" >&2
  exit 1
fi
exec "$plugin" "$@"
"""
"""The engine shows what a plugin that does not start writes to stderr."""


def build_plugin(installation: Installation) -> bytes:
    """Return the content of an executable that starts the plugin of the installation."""
    plugin = shlex.quote(str(installation.scripts / PLUGIN_EXECUTABLE))
    return installation.build_executable(PLUGIN_EXECUTABLE, _LAUNCHER.format(plugin=plugin))


def read_target(content: bytes) -> Path | None:
    """Return the plugin that a launcher starts; `None` if the content is not that of a launcher."""
    found = re.search(rb"^plugin=(.+)$", content, re.MULTILINE) if content.startswith(HEADER.encode()) else None
    return Path(*shlex.split(found[1].decode())) if found else None


def find_on_path(environ: Mapping[str, str]) -> str | None:
    """Return the plugin on PATH, which Pulumi prefers to an installed one unless a variable says otherwise."""
    if environ.get(IGNORE_PATH_VARIABLE, "").lower() in ("1", "true"):
        return None
    return shutil.which(PLUGIN_EXECUTABLE, path=environ.get("PATH", ""))


def installed_directory(environ: Mapping[str, str]) -> Path:
    """Return the directory in which Pulumi has the plugin of this version, if it is installed."""
    home = Path(environ.get("PULUMI_HOME") or "~/.pulumi").expanduser()
    return home / "plugins" / f"{_DIRECTORY_PREFIX}{VERSION}"


def list_other_versions(environ: Mapping[str, str]) -> list[str]:
    """Return the other versions of the plugin that are installed."""
    directory = installed_directory(environ)
    found = (item for item in directory.parent.glob(f"{_DIRECTORY_PREFIX}*") if item.is_dir() and item != directory)
    return sorted(item.name.removeprefix(_DIRECTORY_PREFIX) for item in found)
