"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Stack = Annotated[str | None, typer.Option("--stack", "-s", help="The stack; unset, the one that is selected.")]
Directory = Annotated[Path, typer.Option("--cwd", "-C", file_okay=False, exists=True, help="The project's directory.")]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Act without asking.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done, as it is without a terminal.")]
