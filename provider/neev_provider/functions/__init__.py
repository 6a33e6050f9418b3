"""The data functions; ``MODULES`` is the one list of them, and each is loaded when it is first asked for."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, cast

from neev_provider.core.function import Function

MODULES: Mapping[str, str] = MappingProxyType(
    {
        "getSandboxTemplate": "templates",
        "getSandboxTemplates": "templates",
        "getAgentTemplate": "templates",
        "getAgentTemplates": "templates",
        "getSandbox": "sandboxes",
        "getSandboxes": "sandboxes",
        "getSnapshot": "sandboxes",
        "getSnapshots": "sandboxes",
        "getSandboxMetrics": "metrics",
    }
)
"""The module of each function, by its name."""

FUNCTIONS: tuple[Function[Any, Any], ...]
"""All of them."""


@cache
def find_function(name: str) -> Function[Any, Any] | None:
    """The function of this name, or ``None``."""
    if name not in MODULES:
        return None
    made = getattr(import_module(f"{__name__}.{MODULES[name]}"), name[0].upper() + name[1:])()
    return cast("Function[Any, Any]", made)


def __getattr__(name: str) -> Any:
    if name != "FUNCTIONS":
        raise AttributeError(name)
    return tuple(find_function(each) for each in MODULES)
