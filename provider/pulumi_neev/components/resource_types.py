"""What a component needs of a face: the resource classes, whichever package has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class ResourceTypes(Protocol):
    """Resource classes by their names: `pulumi_neev` for dynamic resources, `pulumi_neev_sdk` for the plugin."""

    @property
    def Sandbox(self) -> Callable[..., Any]:  # noqa: N802  the name of a class
        """The class `Sandbox`."""

    @property
    def SandboxFork(self) -> Callable[..., Any]:  # noqa: N802  likewise
        """The class `SandboxFork`."""

    @property
    def PreviewPort(self) -> Callable[..., Any]:  # noqa: N802  likewise
        """The class `PreviewPort`."""

    @property
    def File(self) -> Callable[..., Any]:  # noqa: N802  likewise
        """The class `File`."""

    @property
    def Command(self) -> Callable[..., Any]:  # noqa: N802  likewise
        """The class `Command`."""
