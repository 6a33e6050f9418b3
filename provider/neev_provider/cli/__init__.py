"""The command line `pulumi-neev`. Each command is a folder; what it needs is imported when it runs."""

from neev_provider.cli.app import main

__all__ = ["main"]
