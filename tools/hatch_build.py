"""A build hook that puts `pulumi-plugin.json` beside the metadata of an editable install, where Pulumi looks for it."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLUGIN = "pulumi_neev/pulumi-plugin.json"


class PluginFile(BuildHookInterface[Any]):
    """The file without which `pulumi up` in a checkout searches for a plugin that dynamic resources do not need."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  the hook's signature
        """Add the file to the editable wheel."""
        build_data["force_include_editable"][f"provider/{PLUGIN}"] = PLUGIN
