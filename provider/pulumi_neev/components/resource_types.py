"""The resource classes that a component needs, from either package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class ResourceTypes(Protocol):
    """Resource classes by their names: `pulumi_neev` for dynamic resources, `pulumi_neev_sdk` for the plugin."""

    @property
    def Sandbox(self) -> Callable[..., Any]:  # noqa: N802  the name of a class
        """Return the class `Sandbox`."""

    @property
    def SandboxFork(self) -> Callable[..., Any]:  # noqa: N802  likewise
        """Return the class `SandboxFork`."""

    @property
    def PreviewPort(self) -> Callable[..., Any]:  # noqa: N802  likewise
        """Return the class `PreviewPort`."""

    @property
    def File(self) -> Callable[..., Any]:  # noqa: N802  likewise
        """Return the class `File`."""

    @property
    def Process(self) -> Callable[..., Any]:  # noqa: N802  likewise
        """Return the class `Process`."""

    @property
    def Command(self) -> Callable[..., Any]:  # noqa: N802  likewise
        """Return the class `Command`."""
