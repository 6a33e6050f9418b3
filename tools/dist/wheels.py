"""The Python packages for PyPI: wheels and source distributions of pulumi-neev and neev-emulator."""

from __future__ import annotations

import email
import re
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Final

from tools.dist.commands import UV, run_command
from tools.dist.layout import BUILD, DIST

PYTHON: Final = DIST / "python"
LINK: Final = re.compile(r"\]\(([^)\s]+)")


def build() -> None:
    """Build the wheels and source distributions, and check them."""
    from_tree = BUILD / "wheels"
    for folder in (PYTHON, from_tree):
        shutil.rmtree(folder, ignore_errors=True)
    # without an option, uv builds the source distribution, and the wheel from that
    run_command(*UV, "build", "--quiet", "--no-create-gitignore", "--all-packages", "--out-dir", PYTHON)
    run_command(*UV, "build", "--quiet", "--all-packages", "--wheel", "--out-dir", from_tree)
    run_command(sys.executable, "-m", "twine", "check", "--strict", *sorted(PYTHON.iterdir()))
    faults = [fault for wheel in sorted(PYTHON.glob("*.whl")) for fault in find_faults(wheel, from_tree / wheel.name)]
    if faults:
        sys.exit("\n".join(faults))


def find_faults(wheel: Path, from_tree: Path) -> list[str]:
    """Return how the wheel differs from the one that was built from the tree, and the links that lead nowhere."""
    ours, theirs = read_contents(wheel), read_contents(from_tree)
    differing = [name for name in sorted(ours.keys() | theirs.keys()) if ours.get(name) != theirs.get(name)]
    return [
        *(f"{wheel.name}: {name} differs from that of the wheel from the tree" for name in differing),
        *(f"{wheel.name}: its page links to {link}, which is no address" for link in relative_links(wheel)),
    ]


def read_contents(wheel: Path) -> dict[str, bytes]:
    """Return the contents of the files in the wheel, by their names."""
    with zipfile.ZipFile(wheel) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def relative_links(wheel: Path) -> list[str]:
    """Return the links of the package's page that PyPI cannot follow."""
    metadata = next(text for name, text in read_contents(wheel).items() if name.endswith(".dist-info/METADATA"))
    page = str(email.message_from_bytes(metadata).get_payload())
    return [link for link in LINK.findall(page) if not link.startswith(("https://", "#"))]
