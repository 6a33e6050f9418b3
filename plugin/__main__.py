# ruff: noqa: INP001  a folder that Python runs, no package
"""The plugin, started by Pulumi's Python host."""

from neev_provider.adapters.pulumi.plugin.server import main

main()
