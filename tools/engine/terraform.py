"""Find the engines that run Terraform's configurations; stdout has the executable of OpenTofu, then that of Terraform.

Terraform is printed if a version of at least 1.11 is on PATH. `--any` prints one line, and builds nothing where it is.

The first of these that exists, or can be had, is taken for OpenTofu:

1. the executable that `$PULUMI_NEEV_TOFU` names, if the variable is set;
2. `tofu` on PATH, from version 1.11: the first that knows ephemeral resources and write-only attributes;
3. `.engine/opentofu/tofu` of the checkout, from an earlier run and for the version pinned here;
4. one built there from the Go modules that go.mod and go.sum in `opentofu` pin.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.engine.engine import (
    OPENTOFU,
    ROOT,
    GoToolchain,
    NoEngineError,
    format_version,
    lock_root,
    move_into_place,
    new_directory,
    parse_version,
    print_progress,
)

MIN_VERSION = (1, 11)
MAX_VERSION_EXCLUSIVE = (2,)
MODULE = "github.com/opentofu/opentofu"
PACKAGE = f"{MODULE}/cmd/tofu"
RELEASED = f"{MODULE}/version.dev=no"
BUILD_COST = "up to 6 minutes on two cores and 3 GB for Go's caches, once"


def main() -> None:
    """Print the executables, or print what is missing and exit with 1."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.engine.terraform",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--any", action="store_true", help="print one, and build none where one of both is installed")
    find = find_any if parser.parse_args().any else find_all
    try:
        print(*find(os.environ, ROOT), sep="\n")
    except (NoEngineError, OSError) as error:
        sys.exit(f"no OpenTofu: {error}")


def find_all(env: Mapping[str, str], root: Path) -> list[Path]:
    """Return the executable of OpenTofu, which is built if none is found, and that of Terraform if it is on PATH."""
    terraform = find_on_path("terraform", env)
    return [find_tofu(env, root), *([terraform] if terraform else [])]


def find_any(env: Mapping[str, str], root: Path) -> list[Path]:
    """Return one executable; OpenTofu is built only if neither it nor Terraform is there."""
    there = find_present(env, root) or find_on_path("terraform", env)
    return [there or find_tofu(env, root)]


def find_tofu(env: Mapping[str, str], root: Path) -> Path:
    """Return the first executable of OpenTofu in this module's order."""
    if there := find_present(env, root):
        return there
    with lock_root(root):
        return find_earlier(root) or build_tofu(env, root)


def find_present(env: Mapping[str, str], root: Path) -> Path | None:
    """Return the executable of OpenTofu that is there without a build."""
    return find_named(env) or find_on_path("tofu", env) or find_earlier(root)


def find_named(env: Mapping[str, str]) -> Path | None:
    """Return the executable that the user names; it must exist."""
    if not (named := env.get("PULUMI_NEEV_TOFU")):
        return None
    if not (Path(named).is_file() and os.access(named, os.X_OK)):
        raise NoEngineError(f"PULUMI_NEEV_TOFU={named} is no executable")
    return Path(named).absolute()


def find_on_path(name: str, env: Mapping[str, str]) -> Path | None:
    """Return the absolute path of `tofu` or `terraform` on PATH, unless its version is outside of the range."""
    if not (found := shutil.which(name, path=env.get("PATH", ""))):
        return None
    number = read_version(Path(found))
    if not MIN_VERSION <= number < MAX_VERSION_EXCLUSIVE:
        print_progress(
            f"{found} is version {format_version(number)}, outside of {format_version(MIN_VERSION)} to "
            f"{format_version(MAX_VERSION_EXCLUSIVE)}: not used"
        )
        return None
    return Path(found).absolute()


def find_earlier(root: Path) -> Path | None:
    """Return the executable of an earlier run if the pinned version is still current."""
    stamp = root / OPENTOFU.name / ".stamp"
    return stamp.with_name("tofu") if stamp.is_file() and stamp.read_text() == pins_digest() else None


def build_tofu(env: Mapping[str, str], root: Path) -> Path:
    """Build OpenTofu from its Go modules and print a line for each step."""
    go, folder = GoToolchain(env), OPENTOFU.name
    go.check(f"OpenTofu {format_version(MIN_VERSION)} or newer, or set PULUMI_NEEV_TOFU", folder=folder)
    print_progress(f"building OpenTofu {pinned_version()} from Go modules ({BUILD_COST}) …")
    partial = new_directory(root)
    (partial / folder).mkdir()
    go.run("modules of tofu", ["list", "-deps", PACKAGE], folder=folder)
    go.link(PACKAGE, partial / folder / "tofu", RELEASED, folder=folder)
    return move_into_place(partial, root, stamp=pins_digest(), name=folder) / "tofu"


def pinned_version() -> str:
    """Return the version of OpenTofu that is built."""
    version: str = re.findall(rf"{MODULE} v(\S+)", (OPENTOFU / "go.mod").read_text())[0]
    return version


def pins_digest() -> str:
    """Return a digest of everything that decides what is built."""
    digest = hashlib.sha256(f"{PACKAGE} {RELEASED}".encode())
    for file in sorted(OPENTOFU.glob("go.*")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def read_version(executable: Path) -> tuple[int, ...]:
    """Return the version that the executable reports."""
    env = {**os.environ, "CHECKPOINT_DISABLE": "1"}
    done = subprocess.run([executable, "version"], env=env, capture_output=True, text=True, check=False)
    return parse_version(done.stdout)


if __name__ == "__main__":
    main()
