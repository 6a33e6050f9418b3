"""An editable install holds `pulumi-plugin.json` where Pulumi looks for it: beside the metadata, not the source."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLUGIN = "pulumi_neev/pulumi-plugin.json"


class PluginFile(BuildHookInterface[Any]):
    """Without it every `pulumi up` in a checkout looks for a plugin that the dynamic resources do not need."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  the hook's signature
        """The file is part of the editable wheel too."""
        build_data["force_include_editable"][f"provider/{PLUGIN}"] = PLUGIN
