"""`neev-emulator faults`, `advance`, `log`, `settings` and `state`: control a running emulator."""

import json
import os
import re
from typing import Annotated, Any, NoReturn
from urllib.error import HTTPError

import typer

from neev_emulator.testing import Emulator

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+)([smhd])")

Url = Annotated[str | None, typer.Option("--url", help="Where it is. Unset: NEEV_BASE_URL.")]
Clear = Annotated[bool, typer.Option("--clear", help="Forget them all.")]
Assignments = Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE]...")]


def faults(
    kind: Annotated[str | None, typer.Argument(help="What goes wrong: status, delay, reset_after, …")] = None,
    parts: Assignments = None,
    *,
    clear: Clear = False,
    url: Url = None,
) -> None:
    """Show the faults that are still to come, or add one: the next calls that match go wrong.

    docs/emulator.md lists the kinds and what each can be told.

    Examples:
    neev-emulator faults

    neev-emulator faults status method=POST path=/sandboxes status=503 retry_after=2 times=3

    neev-emulator faults --clear
    """
    if clear:
        _send_control_request(url, "DELETE", "faults")
    elif kind is None:
        _print_json(_send_control_request(url, "GET", "faults"))
    else:
        _print_json(_send_control_request(url, "POST", "faults", {"kind": kind, **_parse_assignments(parts)}))


def advance(span: Annotated[str, typer.Argument(help="How long: 90m, 12h, 2d, 45s.")], *, url: Url = None) -> None:
    """Move the emulator's clock forward; what comes due in that time has happened, and the state is shown.

    Example:
    neev-emulator advance 1h30m
    """
    try:
        seconds = _parse_duration(span)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="SPAN") from None
    _print_json(_send_control_request(url, "POST", "advance", {"seconds": seconds}))


def log(
    *,
    mutating: Annotated[bool, typer.Option("--mutating", help="Without requests that only read.")] = False,
    counts: Annotated[bool, typer.Option("--counts", help="How many of each, in place of each one.")] = False,
    clear: Clear = False,
    url: Url = None,
) -> None:
    """Show the requests that were served, the oldest first.

    Examples:
    neev-emulator log --mutating

    neev-emulator log --counts
    """
    if clear:
        _send_control_request(url, "DELETE", "log")
    else:
        _print_json(_send_control_request(url, "GET", "counts" if counts else f"log?mutating={str(mutating).lower()}"))


def settings(parts: Assignments = None, *, url: Url = None) -> None:
    """Show the settings, or change those that are named.

    Examples:
    neev-emulator settings

    neev-emulator settings durations.create=5 sandbox_quota=20
    """
    changes = _parse_assignments(parts)
    _print_json(
        _send_control_request(url, "PUT", "settings", changes)
        if changes
        else _send_control_request(url, "GET", "settings")
    )


def state(*, url: Url = None) -> None:
    """Show how many sandboxes, snapshots and agents there are, in which phases, and what time it is.

    Example:
    neev-emulator state
    """
    _print_json(_send_control_request(url, "GET", "state"))


def _parse_assignments(assignments: list[str] | None) -> dict[str, Any]:
    """Return `durations.create=5` as `{"durations": {"create": 5}}`; a value that is not JSON is text."""
    values: dict[str, Any] = {}
    for part in assignments or ():
        name, is_there, text = part.partition("=")
        if not (name and is_there):
            raise typer.BadParameter(f"{part!r} is not NAME=VALUE")
        *folders, last = name.split(".")
        place = values
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = _parse_value(text)
    return values


def _parse_value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _send_control_request(url: str | None, method: str, path: str, body: object = None) -> object:
    where = url or os.environ.get("NEEV_BASE_URL")
    if not where:
        _fail("no emulator is named: set NEEV_BASE_URL to what it printed when it started, or give --url")
    try:
        return Emulator(where.rstrip("/"), "", "", "", "").control(method, path, body)
    except HTTPError as error:
        _fail(f"the emulator refuses ({error.code}): {error.read().decode()}")
    except (OSError, ValueError) as error:
        _fail(f"{where} is no emulator that answers: {error}")


def _parse_duration(text: str) -> float:
    """Return the seconds of `90m`, `2d` or `1h30m`; raise `ValueError` for anything else."""
    parts = _DURATION.findall(text)
    if not parts or "".join(map("".join, parts)) != text:
        raise ValueError(f"{text!r} is no duration; write 90m, 1h30m or 2d")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2))


def _fail(message: str) -> NoReturn:
    typer.echo(f"neev-emulator: {message}", err=True)
    raise typer.Exit(1)
