"""The programs that need no Python: PyInstaller's folders of the plugin and of the provider."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tools.dist.commands import UV, run_command
from tools.dist.layout import BUILD, PLUGIN, PROVIDER

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


def bundle(name: str) -> None:
    """Make the folder of one program in `BUNDLES`."""
    run_command(
        ENVIRONMENT / "bin" / "python",
        *("-m", "PyInstaller", "--noconfirm", "--clean", "--log-level=WARN"),
        *("--distpath", BUNDLES, "--workpath", BUILD / "work" / name),
        *(SPEC, "--", name),
    )
