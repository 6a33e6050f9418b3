"""`pulumi-neev doctor`: what is wrong on this machine, at the platform or in a stack, and what helps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neev_provider.cli.options import Directory, Json


def doctor(
    *,
    stack: Annotated[
        str | None, typer.Option("--stack", "-s", help="Look into this stack too, and take its configuration.")
    ] = None,
    cwd: Directory = Path(),
    soon: Annotated[str, typer.Option(help="What expires within this is told: 90m, 12h, 2d.")] = "1h",
    max_cores: Annotated[float | None, typer.Option(help="Cores that the stack may have; unset, any.")] = None,
    json: Json = False,
) -> None:
    """Look at everything that an update needs, and say what is wrong and what helps.

    The engine, its language host, the plugin and the packages; the settings, the platform, the key and the clocks.
    With --stack also what was interrupted, what is gone, unwell or about to end, what runs, and rules: nothing that
    runs for ever, nothing open to the whole internet, no image without its digest, no more cores than --max-cores.
    It only reads.

    Exit codes: 0 nothing is bad (there may be warnings); 1 something is bad.

    Examples:
    pulumi-neev doctor

    pulumi-neev doctor --stack dev --soon 12h --max-cores 64 --json
    """
    from neev_provider.cli.doctor import run  # noqa: PLC0415  loads the provider
    from neev_provider.cli.sweep.orphans import parse_duration  # noqa: PLC0415  likewise

    try:
        limits = run.Limits(parse_duration(soon), max_cores)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--soon") from None
    raise typer.Exit(run.run(cwd, stack, limits, json=json))
