"""Imports point one way: faces, then resources and functions, then the client, then core."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import pulumi_neev

PACKAGE = Path(pulumi_neev.__file__).parent
NAME = "pulumi_neev"

MAY_IMPORT = {
    "core": {"core"},
    "client": {"core", "client"},
    "resources": {"core", "client", "resources"},
    "functions": {"core", "client", "resources", "functions"},
    "faces": {"core", "client", "resources", "functions", "faces"},
    "components": {"", "core", "components"},
    "emulator": {"emulator"},
    "cli": {"core", "client", "resources", "faces", "cli", "emulator"},
}
"""Which parts each part may import; `typed` and the package itself (``""``) are the public face of `faces`."""

ONLY_IN = {
    "httpx": ("client/transport.py", "client/connections.py", "client/answers.py", "client/retries.py"),
    "pulumi": ("faces/", "typed.py", "components/"),
    "grpc": ("faces/",),
    "neevai": ("client/runtime.py",),
    "starlette": ("emulator/",),
    "uvicorn": ("emulator/", "cli/"),
}
"""One seam for each outside thing: which files may import it."""


def imports(file: Path) -> Iterator[str]:
    """Every module that the file imports, also inside functions."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_arrows_point_one_way(file: Path) -> None:
    """No file imports what stands above it, and what is outside enters at its one seam."""
    here = file.relative_to(PACKAGE)
    allowed = MAY_IMPORT.get(here.parts[0])
    for module in imports(file):
        first, _, rest = module.partition(".")
        if first == NAME and allowed is not None:
            assert rest.partition(".")[0] in allowed, f"{here} imports {module}"
        if first in ONLY_IN:
            assert str(here).startswith(ONLY_IN[first] or "-"), f"{here} imports {module}"


def test_every_part_is_in_the_table() -> None:
    """A new folder says what it may import."""
    folders = {file.relative_to(PACKAGE).parts[0] for file in FILES if len(file.relative_to(PACKAGE).parts) > 1}
    assert folders == set(MAY_IMPORT)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_channel_goes_through_a_proxy(file: Path) -> None:
    """A channel leads to the engine or to a plugin on this machine, which gRPC would look for behind a proxy."""
    assert "insecure_channel(" not in re.sub(r"insecure_channel\([^()]*options=DIRECT", "", file.read_text())
