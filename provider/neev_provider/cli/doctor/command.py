"""The command `pulumi-neev doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from neev_provider.cli.options import Directory, Engine, Json, Terraform


def doctor(  # noqa: PLR0913  one for each option
    *,
    stack: Annotated[
        str | None, typer.Option("--stack", "-s", help="Also check this stack, with its configuration.")
    ] = None,
    terraform: Terraform = None,
    engine: Engine = None,
    cwd: Directory = Path(),
    expires_within: Annotated[
        str, typer.Option(help="Warn about resources that expire within this time: 90m, 12h, 2d.")
    ] = "1h",
    max_cores: Annotated[
        float | None, typer.Option(min=0, help="Warn if all sandboxes have more CPU cores. Defaults to no limit.")
    ] = None,
    json: Json = False,
) -> None:
    """Check everything that an update needs, and print each problem with its remedy.

    Checks the engine, its language host, the plugin and the packages, the settings, the API, the key and the clocks.
    With `--stack`, also checks for interrupted operations, missing or unhealthy resources, resources that expire soon,
    and policy violations: no idle timeout and no lifetime, egress to any address, an image without a digest, more CPU
    cores than `--max-cores`. Doctor changes nothing.

    With `--terraform`, it checks the states of Terraform or OpenTofu in the same way, and whether the engine finds the
    provider. Without `--stack`, it does not check Pulumi's engine then.

    Exit codes: 0: no errors (there may be warnings); 1: at least one error.

    Examples:

    pulumi-neev doctor

    pulumi-neev doctor --stack dev --expires-within 12h --max-cores 64 --json

    pulumi-neev doctor --terraform infra
    """
    from neev_provider.cli.doctor import run  # noqa: PLC0415  loads the provider
    from neev_provider.cli.sweep.orphans import parse_duration  # noqa: PLC0415  likewise
    from neev_provider.cli.terraform_state import TerraformSource  # noqa: PLC0415  likewise

    try:
        limits = run.Limits(parse_duration(expires_within), max_cores)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--expires-within") from None
    sources = [TerraformSource(path, engine) for path in terraform or ()]
    raise typer.Exit(run.run(cwd, stack, sources, limits, json=json))
