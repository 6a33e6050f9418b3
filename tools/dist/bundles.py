"""The programs that need no Python: PyInstaller's folders of the plugin and of the provider."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tools.dist.archives import Entry, list_folder
from tools.dist.commands import UV, run_command
from tools.dist.layout import BUILD, LICENSES, PLUGIN, PROVIDER, ROOT

ENVIRONMENT: Final = BUILD / "venv"
BUNDLES: Final = BUILD / "bundles"
SPEC: Final = Path(__file__).with_name("provider.spec")


def build() -> None:
    """Bundle the plugin and the provider with their Python."""
    create_environment()
    for name in (PLUGIN, PROVIDER):
        bundle(name)


def create_environment() -> None:
    """Create the environment that is bundled: the locked packages of a user, and PyInstaller.

    PyInstaller adds what it finds, so nothing of the developers' environment may be there. The package is installed as
    a wheel, as users have it.
    """
    run_command(
        *UV,
        *("sync", "--frozen", "--quiet", "--no-default-groups", "--group", "bundle"),
        *("--no-editable", "--reinstall-package", "pulumi-neev"),
        env={"UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT)},
    )


def find_python() -> Path:
    """Return the interpreter of the environment."""
    return ENVIRONMENT / ("Scripts" if sys.platform == "win32" else "bin") / "python"


def bundle(name: str) -> None:
    """Make the folder of one program in `BUNDLES`."""
    run_command(
        find_python(),
        *("-m", "PyInstaller", "--noconfirm", "--clean", "--log-level=WARN"),
        *("--distpath", BUNDLES, "--workpath", BUILD / "work" / name),
        *(SPEC, "--", name),
    )


def list_documents() -> list[Entry]:
    """Return what each archive has beside the program: readme, licence, and the licences of what is bundled."""
    own = [Entry(name, ROOT / name) for name in ("LICENSE", "README.md")]
    return [*own, *list_folder(LICENSES, prefix="licenses/")]
