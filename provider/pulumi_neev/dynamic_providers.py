"""The provider classes of dynamic resources, at the address that every state records.

A state holds the name of the class and of this module. Never rename, move or remove one: its resources could no longer
be deleted.
"""

from neev_provider.adapters.pulumi.dynamic.provider import DynamicProvider


class AgentProvider(DynamicProvider):
    """The operations of `Agent`."""


class CommandProvider(DynamicProvider):
    """The operations of `Command`."""


class DirectoryProvider(DynamicProvider):
    """The operations of `Directory`."""


class FileProvider(DynamicProvider):
    """The operations of `File`."""


class GoldenImageProvider(DynamicProvider):
    """The operations of `GoldenImage`."""


class PreviewPortProvider(DynamicProvider):
    """The operations of `PreviewPort`."""


class SandboxProvider(DynamicProvider):
    """The operations of `Sandbox`."""


class SandboxForkProvider(DynamicProvider):
    """The operations of `SandboxFork`."""


class SandboxPoolProvider(DynamicProvider):
    """The operations of `SandboxPool`."""


class SnapshotProvider(DynamicProvider):
    """The operations of `Snapshot`."""
