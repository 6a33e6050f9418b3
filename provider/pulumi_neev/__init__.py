"""Pulumi resources for NeevAI sandboxes.

The modules behind the names are imported when a name is first used, so that states and plugins load without them.
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_neev.components import *  # noqa: F403  as below
    from pulumi_neev.sdk import *  # noqa: F403  the generated module lists the public names

    __version__: str
else:  # type checkers must not see it: a module with it has every name

    def __getattr__(name: str) -> object:
        if name == "__version__":
            return import_module("neev_provider.adapters.shared.distribution").VERSION
        if name == "__all__":
            return sorted(_public_names())
        if name.startswith("__") or name not in _public_names():
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return _public_names()[name]

    def __dir__() -> list[str]:
        return sorted(_public_names())

    def _public_names() -> dict[str, object]:
        parts = [vars(import_module(f"{__name__}.{part}")) for part in ("components", "sdk")]
        return {
            name: value
            for part in parts
            for name, value in part.items()
            if not name.startswith("_") and not isinstance(value, ModuleType)
        }
