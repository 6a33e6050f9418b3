"""The direction of imports in and between the packages of both distributions."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (ROOT / "provider" / "neev_provider", ROOT / "provider" / "pulumi_neev", ROOT / "emulator" / "neev_emulator")
OURS = tuple(package.name for package in PACKAGES)

MAY_IMPORT = {
    "neev_provider.core": ("neev_provider.core",),
    "neev_provider.client.http": ("neev_provider.core", "neev_provider.client"),
    "neev_provider.client.polling": ("neev_provider.core", "neev_provider.client"),
    "neev_provider.client": ("neev_provider.core", "neev_provider.client"),
    "neev_provider.resources": ("neev_provider.core", "neev_provider.client", "neev_provider.resources"),
    "neev_provider.functions": (
        "neev_provider.core",
        "neev_provider.client",
        "neev_provider.resources",
        "neev_provider.functions",
    ),
    "neev_provider.actions": (
        "neev_provider.core",
        "neev_provider.client",
        "neev_provider.resources",
        "neev_provider.actions",
    ),
    "neev_provider.adapters.shared": (
        "neev_provider.core",
        "neev_provider.client",
        "neev_provider.resources",
        "neev_provider.actions",
        "neev_provider.functions",
        "neev_provider.adapters.shared",
    ),
    "neev_provider.adapters.pulumi.plugin": (
        "neev_provider.core",
        "neev_provider.client",
        "neev_provider.resources",
        "neev_provider.functions",
        "neev_provider.adapters.shared",
        "neev_provider.adapters.pulumi",
        "!neev_provider.adapters.pulumi.dynamic",
    ),
    "neev_provider.adapters.pulumi": (
        "neev_provider.core",
        "neev_provider.client",
        "neev_provider.resources",
        "neev_provider.functions",
        "neev_provider.adapters.shared",
        "neev_provider.adapters.pulumi",
        "!neev_provider.adapters.pulumi.plugin",
    ),
    "neev_provider.adapters.terraform": (
        "neev_provider.core",
        "neev_provider.client",
        "neev_provider.resources",
        "neev_provider.actions",
        "neev_provider.functions",
        "neev_provider.adapters.shared",
        "neev_provider.adapters.terraform",
    ),
    "neev_provider.cli": ("neev_provider", "!neev_provider.adapters.pulumi.plugin"),
    "neev_provider": ("neev_provider",),
    "pulumi_neev": ("neev_provider.adapters.pulumi", "neev_provider", "pulumi_neev"),
    "neev_emulator": ("neev_emulator",),
}
"""What the modules below each prefix may import of ours. The longest prefix counts, and `!` excludes a package."""

ONLY_IN = {
    "httpx": ("neev_provider.client.http", "neev_emulator.httpx_redirect"),
    "pulumi": ("neev_provider.adapters.pulumi", "pulumi_neev"),
    "grpc": ("neev_provider.adapters.pulumi", "neev_provider.adapters.terraform"),
    "google": ("neev_provider.adapters.pulumi", "neev_provider.adapters.terraform"),
    "msgpack": ("neev_provider.adapters.terraform",),
    "cryptography": ("neev_provider.adapters.terraform",),
    "neevai": ("neev_provider.client.runtime", "neev_provider.client.runtime_errors"),
    "opentelemetry": ("neev_provider.core.tracing",),
    "starlette": ("neev_emulator",),
    "uvicorn": ("neev_emulator",),
}
"""The prefixes below which each external package may be imported."""

NEUTRAL_PARTS = ("core", "client", "resources")
"""The packages that serve every engine."""

FILES = sorted(file for package in PACKAGES for file in package.rglob("*.py"))


def get_module_name(file: Path) -> str:
    """Return the dotted name of the file."""
    package = next(package for package in PACKAGES if file.is_relative_to(package))
    return ".".join(file.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")


def list_imports(file: Path) -> Iterator[str]:
    """Yield every module that the file imports, also inside functions."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_below(module: str, prefix: str) -> bool:
    """Return whether the module is the prefix or a module in it."""
    return module == prefix or module.startswith(f"{prefix}.")


@pytest.mark.parametrize("file", FILES, ids=get_module_name)
def test_modules_import_only_allowed_packages(file: Path) -> None:
    """No file imports a layer above it, and each external package is imported only below its prefixes."""
    here = get_module_name(file)
    allowed = MAY_IMPORT[max((prefix for prefix in MAY_IMPORT if is_below(here, prefix)), key=len)]
    forbidden = [prefix[1:] for prefix in allowed if prefix.startswith("!")]
    for module in list_imports(file):
        first = module.partition(".")[0]
        if first in OURS:
            assert any(is_below(module, prefix) for prefix in allowed), f"{here} imports {module}"
            assert not any(is_below(module, prefix) for prefix in forbidden), f"{here} imports {module}"
        if first in ONLY_IN:
            assert any(is_below(here, prefix) for prefix in ONLY_IN[first]), f"{here} imports {module}"


NEUTRAL = [
    file for file in FILES if get_module_name(file).startswith(tuple(f"neev_provider.{part}" for part in NEUTRAL_PARTS))
]


@pytest.mark.parametrize("file", NEUTRAL, ids=get_module_name)
def test_engine_neutral_modules_do_not_name_an_engine(file: Path) -> None:
    """A message that names an engine would mislead users of the other engine."""
    nodes = ast.walk(ast.parse(file.read_text()))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert [text for text in texts if re.search(r"(?i)pulumi|\bneev:\w", text)] == []


@pytest.mark.parametrize("file", FILES, ids=get_module_name)
def test_grpc_channels_do_not_use_a_proxy(file: Path) -> None:
    """A channel connects to the engine or a plugin on this machine, but gRPC would use a configured proxy."""
    assert "insecure_channel(" not in re.sub(r"insecure_channel\([^()]*options=NO_PROXY_OPTIONS", "", file.read_text())
