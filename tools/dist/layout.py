"""The names of everything in `dist/`, and the version and platform in them."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
DIST: Final = ROOT / "dist"
BUILD: Final = ROOT / "build" / "dist"
"""What the steps make on the way; nothing of it is published."""
LICENSES: Final = BUILD / "licenses"
"""The licences of what is in each bundle; its archive has them."""
PULUMI: Final = DIST / "pulumi"
TERRAFORM: Final = DIST / "terraform"

PLUGIN: Final = "pulumi-resource-neev"
PROVIDER: Final = "terraform-provider-neev"

OPERATING_SYSTEMS: Final = {"linux": "linux", "darwin": "darwin", "win32": "windows"}
"""The names in archives, by those of Python."""
ARCHITECTURES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
"""Likewise."""


class UnknownPlatformError(Exception):
    """A platform for which nothing is published."""


def target(system: str = sys.platform, machine: str = platform.machine()) -> tuple[str, str]:
    """Return the operating system and the architecture as archives name them: `("linux", "amd64")`.

    Raises:
        UnknownPlatformError: nothing is published for the platform.
    """
    try:
        return OPERATING_SYSTEMS[system], ARCHITECTURES[machine.lower()]
    except KeyError:
        raise UnknownPlatformError(f"nothing is published for {machine} with {system}") from None


def executable_name(name: str, system: str) -> str:
    """Return the name of the file that starts the program."""
    return f"{name}.exe" if system == "windows" else name


def plugin_archive(version: str, system: str, architecture: str) -> str:
    """Return the name of the archive that `pulumi plugin install` looks for."""
    return f"{PLUGIN}-v{version}-{system}-{architecture}.tar.gz"


def provider_archive(version: str, system: str, architecture: str) -> str:
    """Return the name of the archive that the registries of Terraform and OpenTofu look for."""
    return f"{PROVIDER}_{version}_{system}_{architecture}.zip"
