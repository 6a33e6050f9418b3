"""A build hook that generates the messages of Terraform's protocol and completes the editable install for Pulumi."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLUGIN = "pulumi_neev/pulumi-plugin.json"
PROTOCOL = "neev_provider/adapters/terraform/tfplugin6.proto"
MESSAGES = ("neev_provider/adapters/terraform/tfplugin6_pb2.py", "neev_provider/adapters/terraform/tfplugin6_pb2.pyi")
PROTOC = ("grpcio-tools==1.71.*; python_version < '3.14'", "grpcio-tools==1.76.*; python_version >= '3.14'")
"""What generates code for protobuf from 5.29; it does not run on Python 3.14, where the code is for 6.31 and later."""


class BuildHook(BuildHookInterface[Any]):
    """The steps that hatchling does not do by itself."""

    def dependencies(self) -> list[str]:
        """Return what generates the messages, unless they are there: in an unpacked sdist they are."""
        return [] if self._is_generated() else list(PROTOC)

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate the messages, and add the file without which Pulumi searches for a plugin to an editable wheel."""
        if not self._is_generated():
            source = Path(self.root, "provider")
            command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{source}", f"--python_out={source}"]
            subprocess.run([*command, f"--pyi_out={source}", PROTOCOL], check=True)
        if version == "editable":
            build_data["force_include_editable"][f"provider/{PLUGIN}"] = PLUGIN

    def _is_generated(self) -> bool:
        protocol, *messages = (Path(self.root, "provider", file) for file in (PROTOCOL, *MESSAGES))
        return all(file.exists() and file.stat().st_mtime >= protocol.stat().st_mtime for file in messages)
