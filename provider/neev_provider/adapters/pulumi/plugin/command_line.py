"""The command line of ``pulumi-resource-neev``: the engine gives its address last, and a person asks for help."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib import import_module

ENGINE_ADDRESS = re.compile(r"\S+:\d+")
ENGINE_OPTIONS = re.compile(r"--?(logtostderr|logflow|v=\d+|tracing=.*)")
"""What the engine gives beside its address; nothing depends on it."""

HELP = """\
Usage: pulumi-resource-neev [--help] [--version] [ENGINE]

The Pulumi provider plugin for NeevAI sandboxes. Pulumi starts it by itself where a program or a state needs it,
with the address of the engine in ENGINE, and it leaves with the engine. Started without an address it serves until
it is stopped, and its first line is the port: PULUMI_DEBUG_PROVIDERS=neev:PORT makes Pulumi use it.

The commands for people are those of `pulumi-neev`: see `pulumi-neev --help`."""


def engine_address(arguments: Sequence[str]) -> str | None:
    """Return the address of the engine, or None where there is none.

    Raises:
        SystemExit: a question was answered, or an argument is unknown.
    """
    if {"--help", "-h"} & set(arguments):
        _print_and_exit(HELP)
    if "--version" in arguments:
        # which takes long to import, and an engine waits
        _print_and_exit(import_module("importlib.metadata").version("pulumi-neev"))
    # the options of an engine are not looked at: a newer one may have more
    if arguments and ENGINE_ADDRESS.fullmatch(arguments[-1]):
        return arguments[-1]
    unknown = [each for each in arguments if not ENGINE_OPTIONS.fullmatch(each)]
    if unknown:
        sys.stderr.write(f"pulumi-resource-neev: unknown argument {unknown[0]}: see pulumi-resource-neev --help\n")
        raise SystemExit(2)
    return None


def _print_and_exit(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    raise SystemExit(0)
