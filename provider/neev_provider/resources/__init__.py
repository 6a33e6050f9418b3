"""The resources; ``MODULES`` is the one list of them, and each is loaded when it is first asked for."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, cast

from neev_provider.core.resource import Resource

MODULES: Mapping[str, str] = MappingProxyType(
    {
        "Sandbox": "sandbox.sandbox",
        "SandboxFork": "sandbox.fork",
        "SandboxPool": "pool.sandbox_pool",
        "Snapshot": "snapshot",
        "PreviewPort": "preview_port",
        "Agent": "agent",
        "Command": "command",
        "File": "file.file",
        "Directory": "file.directory",
        "GoldenImage": "image.golden_image",
    }
)
"""The module of each resource, by its name."""

RESOURCES: tuple[Resource[Any, Any, Any], ...]
"""All of them."""


@cache
def find_resource(name: str) -> Resource[Any, Any, Any] | None:
    """The resource of this name, or ``None``."""
    if name not in MODULES:
        return None
    made = getattr(import_module(f"{__name__}.{MODULES[name]}"), f"{name}Resource")()
    return cast("Resource[Any, Any, Any]", made)


def __getattr__(name: str) -> Any:
    if name != "RESOURCES":
        raise AttributeError(name)
    return tuple(find_resource(each) for each in MODULES)
