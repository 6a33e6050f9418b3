"""Command line of `pulumi-resource-neev`. The engine passes its address as the last argument."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from neev_provider.adapters.shared.distribution import VERSION

ENGINE_ADDRESS = re.compile(r"\S+:\d+")
ENGINE_OPTIONS = re.compile(r"--?(logtostderr|logflow|v=\d+|tracing=.*)")
"""Options that the engine passes beside its address; the plugin ignores them."""

HELP = """\
Usage: pulumi-resource-neev [--help] [--version] [ENGINE]

The Pulumi provider plugin for NeevAI sandboxes. Pulumi starts it by itself where a program or a state needs it,
with the address of the engine in ENGINE, and it exits with the engine. Started without an address it serves until
it is stopped, and its first line is the port: PULUMI_DEBUG_PROVIDERS=neev:PORT makes Pulumi use it.

For the commands of the command line, run `pulumi-neev --help`."""


def engine_address(arguments: Sequence[str]) -> str | None:
    """Return the address of the engine, or None without one.

    Raises:
        SystemExit: the help or the version is printed, or an argument is unknown.
    """
    if {"--help", "-h"} & set(arguments):
        _print_and_exit(HELP)
    if "--version" in arguments:
        _print_and_exit(VERSION)
    # the options of an engine are ignored: a newer one may have more
    if arguments and ENGINE_ADDRESS.fullmatch(arguments[-1]):
        return arguments[-1]
    unknown = [argument for argument in arguments if not ENGINE_OPTIONS.fullmatch(argument)]
    if unknown:
        sys.stderr.write(f"pulumi-resource-neev: unknown argument {unknown[0]}: see pulumi-resource-neev --help\n")
        raise SystemExit(2)
    return None


def _print_and_exit(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    raise SystemExit(0)
