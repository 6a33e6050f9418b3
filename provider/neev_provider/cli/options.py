"""Options of several commands."""

from pathlib import Path
from typing import Annotated

import typer

Stack = Annotated[str | None, typer.Option("--stack", "-s", help="Stack to work on. Defaults to the selected stack.")]
Directory = Annotated[
    Path, typer.Option("--cwd", "-C", file_okay=False, exists=True, help="Directory of the Pulumi project.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Apply the changes without a prompt.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the plan and change nothing. This is the default without a terminal.")
]
