# ruff: noqa: INP001  a folder that Python runs, no package
"""The plugin, started by Pulumi's Python host."""

from pulumi_neev.faces.serve import main

main()
