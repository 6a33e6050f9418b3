"""`neev-emulator start`, `stop`, `status`, `reset` and `env`: an emulator in the background, by its data directory."""

import asyncio
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated, Any, cast

import typer

from neev_emulator.cli_errors import exit_with_error
from neev_emulator.operating_system import DETACHED
from neev_emulator.runtime import file_tree
from neev_emulator.server_file import RunningServer, ServerFile, default_directory
from neev_emulator.state.backend import STATE_FILE, Backend
from neev_emulator.state.store import StoreError

_LOG_NAME = "emulator.log"
_STOP_TIMEOUT = 30
_POLL_INTERVAL = 0.05

Data = Annotated[
    Path | None,
    typer.Option(file_okay=False, help="Its data directory; by default that of `neev-emulator start`."),
]


class Shell(StrEnum):
    """A family of shells with the same assignments."""

    POSIX = "posix"
    FISH = "fish"
    POWERSHELL = "powershell"


_FORMATTERS: dict[Shell, Callable[[str, str], str]] = {
    Shell.POSIX: lambda name, value: f"export {name}={shlex.quote(value)}",
    Shell.FISH: lambda name, value: f"set -gx {name} {shlex.quote(value)}",
    Shell.POWERSHELL: lambda name, value: f"$env:{name} = '{value}'",
}


def start_server(directory: Path | None, options: dict[str, Any], explicit: Collection[str]) -> None:
    """Start an emulator in a process of its own, or report the one that runs.

    Exit with an error if the one that runs differs in an option that the user set.

    Args:
        directory: Its data directory; None means the default one.
        options: The options, by the names of their parameters.
        explicit: The names of the options that the user set.
    """
    data = (directory or default_directory()).resolve()
    log = data / _LOG_NAME
    try:
        running = ServerFile(data).read()
        if running is None:
            if not data.exists() or not any(data.iterdir()):
                file_tree.create_private_directory(data)
            log.touch(0o600)
    except OSError as error:
        exit_with_error(f"cannot create {log}: {error.strerror}")
    if running is not None:
        _report_running(running, {name: options[name] for name in explicit}, _format_command("stop", directory))
        return
    command = [sys.executable, "-P", "-m", "neev_emulator", "--data", str(data), *to_arguments(options)]
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - this package
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, cwd=data, **DETACHED
        )
    with cast("IO[bytes]", process.stdout) as output:
        is_ready = bool(output.readline())
    typer.echo(log.read_text(encoding="utf-8"), err=True, nl=False)
    if not is_ready:
        raise typer.Exit(process.wait())
    running = _require_server(directory)
    typer.echo(f"The emulator runs at {running.env['NEEV_BASE_URL']} (process {running.pid}). Its state is in {data}.")
    typer.echo(f'Set the variables of a shell: eval "$({_format_command("env", directory)})"')


def _report_running(running: RunningServer, options: Mapping[str, Any], stop_command: str) -> None:
    where = f"{running.env['NEEV_BASE_URL']} (process {running.pid})"
    different = [
        _format_option(name)
        for name, value in options.items()
        if to_arguments({name: value}) != to_arguments({name: running.options[name]})
    ]
    if different:
        names = ", ".join(different)
        exit_with_error(f"an emulator with another {names} already runs at {where}; stop it first: {stop_command}")
    typer.echo(f"The emulator already runs at {where}.")
    typer.echo(f"To start it with other options, stop it first: {stop_command}")


def stop(*, data: Data = None) -> None:
    """Stop the emulator that runs in the background. Its state is kept."""
    running = _require_server(data)
    running.terminate()
    server_file = ServerFile(data or default_directory())
    deadline = time.monotonic() + _STOP_TIMEOUT
    while server_file.is_locked():
        if time.monotonic() > deadline:
            exit_with_error(f"process {running.pid} still runs after {_STOP_TIMEOUT} seconds")
        time.sleep(_POLL_INTERVAL)
    typer.echo(f"The emulator at {running.env['NEEV_BASE_URL']} has stopped.")


def status(*, data: Data = None) -> None:
    """Show the address, the version of the API, the isolation and the sandboxes. Exit with 1 if no emulator runs."""
    running = _require_server(data)
    emulator = running.emulator
    try:
        settings, state = emulator.settings, emulator.state()
    except OSError as error:
        exit_with_error(f"process {running.pid} does not respond at {emulator.base_url}: {error}")
    for name, value in {
        "address": emulator.base_url,
        "api": settings["api"],
        "isolation": "yes" if running.options["isolate"] else "no",
        "sandboxes": state["sandboxes"],
        "process": running.pid,
        "data": (data or default_directory()).resolve(),
    }.items():
        typer.echo(f"{name:<10} {value}")


def reset(*, data: Data = None) -> None:
    """Delete everything in the state, whether the emulator runs or not. The address and the key are kept."""
    directory = data or default_directory()
    running = ServerFile(directory).read()
    if running is not None:
        running.emulator.reset()
    elif (directory / STATE_FILE).exists():
        try:
            asyncio.run(_reset_stored(directory))
        except (StoreError, OSError) as error:
            exit_with_error(f"cannot reset the state: {error}")
    else:
        exit_with_error(f"{directory} has no state of an emulator")
    typer.echo("The state is empty.")


def env(
    *,
    shell: Annotated[Shell, typer.Option(help="Shell to print for; posix is sh, bash and zsh.")] = Shell.POSIX,
    data: Data = None,
) -> None:
    """Print the variables for clients of the emulator that runs in the background.

    Examples:

    eval "$(neev-emulator env)"

    neev-emulator env --shell fish | source
    """
    for name, value in _require_server(data).env.items():
        typer.echo(_FORMATTERS[shell](name, value))


async def _reset_stored(directory: Path) -> None:
    backend = Backend(data=directory)
    try:
        await backend.reset()
    finally:
        await backend.close()


def _require_server(data: Path | None) -> RunningServer:
    running = ServerFile(data or default_directory()).read()
    if running is None:
        command = _format_command("start", data)
        exit_with_error(f"no emulator runs with the state in {data or default_directory()}; start one: {command}")
    return running


def _format_command(name: str, data: Path | None) -> str:
    return f"neev-emulator {name}" + (f" --data {shlex.quote(str(data))}" if data else "")


def _format_option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def to_arguments(options: dict[str, Any]) -> list[str]:
    """Return the options of a command, by the names of its parameters, as arguments."""
    arguments: list[str] = []
    for name, value in options.items():
        option = _format_option(name)
        if isinstance(value, bool):
            arguments += [option] * value
        elif value is not None:
            arguments += [
                part
                for each in (value if isinstance(value, (list, tuple)) else [value])
                for part in (option, str(each))
            ]
    return arguments
