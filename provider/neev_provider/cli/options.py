"""Options of several commands."""

from pathlib import Path
from typing import Annotated

import typer

MIN_AGE = "10m"
"""Minimum age of an orphan: a younger object may belong to an operation that is still running."""

Stack = Annotated[str | None, typer.Option("--stack", "-s", help="Stack to work on. Defaults to the selected stack.")]
Directory = Annotated[
    Path, typer.Option("--cwd", "-C", file_okay=False, exists=True, help="Directory of the Pulumi project.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Apply the changes without a prompt.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the plan and change nothing. This is the default without a terminal.")
]
TERRAFORM_HELP = (
    "Directory of a Terraform or OpenTofu configuration, whose state is read in its workspace, or a state file."
)
Terraform = Annotated[
    list[Path] | None,
    typer.Option("--terraform", exists=True, metavar="DIR_OR_STATE", help=f"{TERRAFORM_HELP} May be repeated."),
]
Engine = Annotated[
    str | None,
    typer.Option(
        help="Program to run for --terraform. Defaults to terraform, else tofu, on PATH.",
        autocompletion=lambda: ["terraform", "tofu"],
    ),
]
