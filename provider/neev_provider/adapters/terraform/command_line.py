"""Command line of `terraform-provider-neev`. The engine passes no arguments, and a variable by which it is known."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from enum import Enum
from importlib import import_module
from typing import Final

from neev_provider.adapters.shared.distribution import VERSION

PROGRAM: Final = "terraform-provider-neev"
SELECTED_VERSION_NAME: Final = "NEEV_SELECTED_VERSION"
"""The variable by which the launcher of a version passes that version: the provider on PATH may be of another one."""
SOURCE_ADDRESS: Final = "neevcloud/neev"
COOKIE_NAME: Final = "TF_PLUGIN_MAGIC_COOKIE"
COOKIE: Final = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
"""The value by which every provider knows that an engine starts it."""
CLIENT_CERTIFICATE: Final = "PLUGIN_CLIENT_CERT"

HELP = """\
Usage: terraform-provider-neev [--help] [--version] [--debug]
       terraform-provider-neev install [--force]

The provider of Terraform and OpenTofu for NeevAI sandboxes. The engine starts it by itself where a configuration has
`source = "neevcloud/neev"`.

  install  put the provider where Terraform and OpenTofu look for it
  --debug  serve until Ctrl-C, and print the variable TF_REATTACH_PROVIDERS with which the engine uses this process"""


class Mode(Enum):
    """How the process is used."""

    ENCRYPTED = "encrypted"
    """By an engine that encrypts its connection, as all do unless told otherwise."""
    PLAIN = "plain"
    """By an engine that does not."""
    DEBUG = "debug"
    """By a developer: engines come and go."""


def parse_command_line(arguments: Sequence[str], environ: Mapping[str, str]) -> Mode:
    """Return how the process is used.

    Raises:
        SystemExit: `install` has ended, the help or the version is printed, an argument is unknown, no engine started
            the process, or the engine has selected another version.
    """
    if arguments[:1] == ["install"]:
        local_mirror = import_module("neev_provider.adapters.terraform.local_mirror")
        raise SystemExit(local_mirror.main(arguments[1:], environ))
    if {"--help", "-h"} & set(arguments):
        _print_and_exit(HELP)
    if "--version" in arguments:
        _print_and_exit(VERSION)
    if arguments == ["--debug"]:
        return Mode.DEBUG
    if arguments:
        sys.stderr.write(f"{PROGRAM}: unknown argument {arguments[0]}: see {PROGRAM} --help\n")
        raise SystemExit(2)
    if environ.get(COOKIE_NAME) != COOKIE:
        sys.stderr.write(
            "This is a provider: terraform or tofu starts it, where a configuration has the source neevcloud/neev. "
            "To put it where they look, run it with `install`; to debug it, with --debug.\n"
        )
        raise SystemExit(1)
    _require_selected_version(environ.get(SELECTED_VERSION_NAME, VERSION))
    return Mode.ENCRYPTED if environ.get(CLIENT_CERTIFICATE) else Mode.PLAIN


def _require_selected_version(selected: str) -> None:
    if selected == VERSION:
        return
    sys.stdout.write(
        f"the lock file selects {selected}, and the {PROGRAM} on PATH is {VERSION}: activate the environment of "
        f"{selected}; or, to use {VERSION}, run `{PROGRAM} install`, require {VERSION} in the configuration, and run "
        "`init -upgrade`\n"
    )
    sys.stdout.flush()
    time.sleep(1)  # the engine shows the line, unless the process has ended before that is read
    raise SystemExit(1)


def _print_and_exit(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    raise SystemExit(0)
