"""`neev-emulator faults`, `advance`, `log`, `settings` and `state`: control a running emulator."""

import json
import os
import re
from typing import Annotated, Any, get_args

import typer

from neev_emulator.cli_errors import exit_with_error
from neev_emulator.faults.queue import FaultKind
from neev_emulator.server_file import ServerFile, default_directory
from neev_emulator.testing import ControlError, Emulator

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+)([smhd])")

Url = Annotated[
    str | None,
    typer.Option("--url", help="Address of the emulator; by default NEEV_BASE_URL, or the one in the background."),
]
Clear = Annotated[bool, typer.Option("--clear", help="Remove all of them.")]
Assignments = Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE]...")]


def faults(
    kind: Annotated[
        str | None,
        typer.Argument(
            help="Kind of fault: status, delay, reset_after, …", autocompletion=lambda: list(get_args(FaultKind))
        ),
    ] = None,
    parts: Assignments = None,
    *,
    clear: Clear = False,
    url: Url = None,
) -> None:
    """Show the pending faults, or add one for the next matching requests.

    docs/emulator.md lists the kinds and their fields.

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


def advance(duration: Annotated[str, typer.Argument(help="Duration: 90m, 12h, 2d, 45s.")], *, url: Url = None) -> None:
    """Advance the emulator's clock, handle what is due, and show the state.

    Example:

    neev-emulator advance 1h30m
    """
    try:
        seconds = _parse_duration(duration)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="DURATION") from None
    _print_json(_send_control_request(url, "POST", "advance", {"seconds": seconds}))


def log(
    *,
    mutating: Annotated[bool, typer.Option("--mutating", help="Omit requests that only read.")] = False,
    counts: Annotated[bool, typer.Option("--counts", help="Show the number of requests by method and path.")] = False,
    clear: Clear = False,
    url: Url = None,
) -> None:
    """Show the served requests, the oldest first.

    Examples:

    neev-emulator log --mutating

    neev-emulator log --counts
    """
    if clear:
        _send_control_request(url, "DELETE", "log")
    else:
        _print_json(_send_control_request(url, "GET", "counts" if counts else f"log?mutating={str(mutating).lower()}"))


def settings(parts: Assignments = None, *, url: Url = None) -> None:
    """Show the settings, or change some of them.

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
    """Show the number of objects, the phases and the current time.

    Example:

    neev-emulator state
    """
    _print_json(_send_control_request(url, "GET", "state"))


def _parse_assignments(assignments: list[str] | None) -> dict[str, Any]:
    """Return `durations.create=5` as `{"durations": {"create": 5}}`; a value that is not JSON is text."""
    values: dict[str, Any] = {}
    for part in assignments or ():
        name, equals, text = part.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{part!r} is not NAME=VALUE")
        *sections, last = name.split(".")
        target = values
        for section in sections:
            target = target.setdefault(section, {})
        target[last] = _parse_value(text)
    return values


def _parse_value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _send_control_request(url: str | None, method: str, path: str, body: object = None) -> object:
    address = url or os.environ.get("NEEV_BASE_URL") or _find_background_address()
    if not address:
        exit_with_error("no emulator runs in the background; start one, set NEEV_BASE_URL to its address, or use --url")
    try:
        return Emulator(address.rstrip("/"), "", "", "", "").control(method, path, body)
    except ControlError as error:
        exit_with_error(f"the emulator rejected the request: {error}")
    except (OSError, ValueError) as error:
        exit_with_error(f"no emulator answers at {address}: {error}")


def _find_background_address() -> str | None:
    running = ServerFile(default_directory()).read()
    return running.env["NEEV_BASE_URL"] if running else None


def _parse_duration(text: str) -> float:
    """Return the seconds of `90m`, `2d` or `1h30m`; raise `ValueError` for anything else."""
    parts = _DURATION.findall(text)
    if not parts or "".join(map("".join, parts)) != text:
        raise ValueError(f"{text!r} is not a duration; use 90m, 1h30m or 2d")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2))
