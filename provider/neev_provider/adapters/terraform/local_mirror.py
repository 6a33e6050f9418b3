"""The command `terraform-provider-neev install`: it puts the provider where Terraform and OpenTofu look for one.

Both engines search the directory of plugins in the user's home, below the name of their own registry, before they ask
that registry. What is written there is a launcher with the same content on every machine, because a lock file records
its hash.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from neev_provider.adapters.shared.distribution import DISTRIBUTION, VERSION
from neev_provider.adapters.shared.launchers import HEADER, Installation, require_replaceable
from neev_provider.adapters.terraform.command_line import PROGRAM, SELECTED_VERSION_NAME, SOURCE_ADDRESS
from neev_provider.core.errors import ConfigError, NeevError

HOSTS: Final = ("registry.terraform.io", "registry.opentofu.org")
"""The default registries of Terraform and of OpenTofu."""
ARCHITECTURES: Final = ("amd64", "arm64")
"""All are written: an engine may be of another architecture than Python, and the launcher is the same."""

LAUNCHER: Final = f"""\
{HEADER}# It is the same on every machine, because a lock file records its hash.
command -v {PROGRAM} >/dev/null || {{{{
  echo "{PROGRAM} is not on PATH: activate the Python environment of {DISTRIBUTION}, or run pip install {DISTRIBUTION}"
  sleep 1
  exit 1
}}}}
export {SELECTED_VERSION_NAME}={{version}}
exec {PROGRAM} "$@"
"""
"""The launcher of a version.

The engine shows what a provider that does not start writes to stdout, unless it has ended before that is read.
"""

NEXT_STEPS: Final = """\
The provider {version} is in {directory}, for Terraform and OpenTofu.
Require it in the configuration, and run `terraform init` or `tofu init`:

  terraform {{
    required_providers {{
      neev = {{
        source  = "{source}"
        version = "{version}"
      }}
    }}
  }}

If the lock file has another version, run `init -upgrade`."""
SAME_HASH: Final = (
    "Commit .terraform.lock.hcl. Its hash holds for every Linux and macOS machine, although `init` says that it is "
    "incomplete."
)
IN_ARCHIVE: Final = (
    f"{PROGRAM} comes from an archive, and the engines find the archive itself: copy the .zip to "
    "{directory}/HOST/{source}, where HOST is {hosts}"
)
NOT_ON_PATH: Final = f"{PROGRAM} is not on PATH: activate the environment in which {DISTRIBUTION} is installed."


def main(arguments: Sequence[str], environ: Mapping[str, str], installation: Installation | None = None) -> int:
    """Install the provider, print what to do next, and return the exit code."""
    parser = argparse.ArgumentParser(
        f"{PROGRAM} install",
        description="Put the provider where Terraform and OpenTofu look for it: in the local mirror in your home.",
    )
    parser.add_argument("--force", action="store_true", help="replace what this command did not write")
    force: bool = parser.parse_args(arguments).force
    installation = installation or Installation.find()
    try:
        directory = find_plugins_directory(environ, installation)
        if installation.is_bundle:
            return _fail(IN_ARCHIVE.format(directory=directory, source=SOURCE_ADDRESS, hosts=" or ".join(HOSTS)))
        install(directory, VERSION, installation, force=force)
    except NeevError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"cannot write to {directory}: {error}")
    lines = [NEXT_STEPS.format(version=VERSION, directory=directory, source=SOURCE_ADDRESS)]
    if not installation.is_windows:
        lines.append(SAME_HASH)
        lines += [] if shutil.which(PROGRAM, path=environ.get("PATH", "")) else [NOT_ON_PATH]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def find_plugins_directory(environ: Mapping[str, str], installation: Installation) -> Path:
    """Return the directory that both engines search without any configuration.

    Raises:
        ConfigError: the home directory is unknown.
    """
    if installation.is_windows:
        return Path(environ["APPDATA"]) / "terraform.d" / "plugins"
    home = environ.get("HOME", Path.home())
    if not home:
        raise ConfigError("the variable HOME is empty: set it")
    return Path(home) / ".terraform.d" / "plugins"


def install(directory: Path, version: str, installation: Installation, *, force: bool) -> None:
    """Write the provider's executable for both engines.

    Raises:
        ForeignExecutable: something else is there, and `force` is not set. Nothing was written.
    """
    content = installation.build_executable(PROGRAM, LAUNCHER.format(version=version))
    name = installation.name_executable(f"{PROGRAM}_v{version}")
    packages = list(_iter_packages(directory, version, installation.system))
    if not force:
        for package in packages:
            require_replaceable(package, name, content)
    for package in packages:
        if package.exists():
            # an engine hashes everything that is in it
            shutil.rmtree(package)
        package.mkdir(parents=True)
        (package / name).write_bytes(content)
        (package / name).chmod(0o755)


def _iter_packages(directory: Path, version: str, system: str) -> Iterator[Path]:
    for host in HOSTS:
        for architecture in ARCHITECTURES:
            yield directory / host / SOURCE_ADDRESS / version / f"{system}_{architecture}"


def _fail(message: str) -> int:
    sys.stderr.write(f"{PROGRAM}: {message}\n")
    return 1
