"""The command `neev-emulator`."""

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial, wraps
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Self

import typer
from typer.core import TyperGroup

from neev_emulator import background, controls, operating_system
from neev_emulator.address import RemoteNotAllowedError, is_loopback
from neev_emulator.cli_errors import exit_with_error
from neev_emulator.runtime.isolation import Isolation, IsolationUnavailableError
from neev_emulator.server_file import ServerFile
from neev_emulator.settings import ApiVersion, Settings, with_create_seconds
from neev_emulator.state.backend import Backend
from neev_emulator.state.store import StoreError
from neev_emulator.testing import serve_backend

_INSTALL_COMPLETION = "--install-completion"
_EXIT_NOT_FOUND = 127
_EXIT_NOT_EXECUTABLE = 126
_EXIT_SIGNAL_BASE = 128
_MAX_PORT = 65535
_SIGNAL_POLL_SECONDS = 1.0
_REMOTE_WARNING = (
    "listening on {host}: anyone who reaches it and has the key runs processes on this machine, as you; "
    "the controls under /_emulator answer this machine only"
)
_NOT_ISOLATED_NOTICE = "commands in sandboxes run as you, with your files and your network; --isolate confines them"
_NO_MOUNTS_WARNING = (
    "commands in sandboxes have no /workspace on this machine ({reason}): the real path replaces it "
    "in their arguments and variables, but not in scripts and other files"
)


class EmulatorGroup(TyperGroup):
    """The subcommands; what follows `--` is a command to run, and becomes the context's object."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments before `--`."""
        separator = args.index("--") if "--" in args else len(args)
        ctx.obj = tuple(args[separator + 1 :])
        if args[separator:] == ["--"] and not ctx.resilient_parsing:
            raise typer.BadParameter("a command must follow", param_hint="--")
        return super().parse_args(ctx, args[:separator])


# plain text, also of help and errors: it has no colours that a pipe or NO_COLOR would have to remove
app = typer.Typer(
    cls=EmulatorGroup,
    subcommand_metavar="[CONTROL | -- COMMAND [ARGS]...]",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
)
for control in (controls.faults, controls.advance, controls.log, controls.settings, controls.state):
    app.command()(control)
for command in (background.stop, background.status, background.reset, background.env):
    app.command()(command)


def _show_version(requested: bool) -> None:  # noqa: FBT001 - the shape that typer calls
    if requested:
        typer.echo(version("neev-emulator"))
        raise typer.Exit


@app.callback(invoke_without_command=True)
def emulator(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=_MAX_PORT, help="Port; 0 means any free one, or with --data the last one.")
    ] = 0,
    allow_remote: Annotated[
        bool, typer.Option("--allow-remote", help="Allow an address that other machines can reach.")
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Accept requests for this host name, too; can be repeated."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Directory that keeps the state. Without it, only `start` keeps any."),
    ] = None,
    api: Annotated[ApiVersion, typer.Option(envvar="NEEV_EMULATOR_API", help="Version of the API to serve.")] = "0.9",
    create_seconds: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Duration of a create and a fork.")
    ] = None,
    quota: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Maximum number of sandboxes in the project.")
    ] = None,
    isolate: Annotated[
        bool, typer.Option("--isolate", help="Isolate sandboxes and enforce egress, with bubblewrap; Linux only.")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, expose_value=False, help="Print the version."),
    ] = False,
) -> None:
    """Run an emulator of NeevAI's Agent Service on this machine.

    When it is ready, it prints one line to evaluate in a shell: export NEEV_BASE_URL=... NEEV_API_KEY=... and so on.
    It runs until it is interrupted. Its state ends with it, unless --data is given.

    Without --isolate, commands in its sandboxes are processes of yours, with your files, processes and network.
    Their environment contains no key of yours. Egress policies are stored, not enforced. See docs/emulator.md.

    With a command after `--`, it runs the command with these variables, then stops and exits with its status.
    `start` runs it in the background. The commands below control a running emulator.

    Examples:

    neev-emulator --create-seconds 2.5

    neev-emulator --data .neev --port 8123

    neev-emulator --data .neev -- pulumi up --yes

    neev-emulator advance 1h
    """
    if context.invoked_subcommand is not None:
        _reject_options(context)
        return
    command: tuple[str, ...] = context.obj
    forwarder = SignalForwarder()
    server_file = ServerFile(data) if data else None
    backend = _create_backend(data, Settings(api=api, sandbox_quota=quota), create_seconds, isolate=isolate)
    try:
        server = serve_backend(backend, host=host, port=port, allow_remote=allow_remote, allow_hosts=allow_host or ())
        with server_file.lock() if server_file else nullcontext(), forwarder, server as running:
            if server_file:
                server_file.write(
                    running.env, {name: value for name, value in context.params.items() if name != "data"}
                )
            for line in list_notices(backend, host, operating_system.describe_limits(), isolate=isolate):
                typer.echo(f"neev-emulator: {line}", err=True)
            run = partial(_run_command, command) if command else _print_env_and_wait
            status = run(running.env, forwarder)
    except OSError as error:
        exit_with_error(f"cannot listen on port {port} of {host}: {error.strerror}")
    except RemoteNotAllowedError as error:
        exit_with_error(f"{error}, with --allow-remote")
    raise typer.Exit(status)


@app.command()
@wraps(emulator, assigned=["__annotations__"])
def start(context: typer.Context, *, data: Path | None, **options: Any) -> None:
    """Start an emulator in the background, with its state kept.

    It is found again by its data directory: in another shell, and after a restart of the machine. Without --data, that
    is neev-emulator in $XDG_STATE_HOME or ~/.local/state. What it reports while it runs is in emulator.log there.

    Examples:

    neev-emulator start

    neev-emulator start --data .neev --port 8123
    """
    if context.obj:
        raise typer.BadParameter("it runs no command; set the variables with `neev-emulator env`")
    explicit = [name for name in options if _is_explicit(context, name)]
    background.start_server(data, options, explicit)


def list_notices(backend: Backend, host: str, limits: str | None, *, isolate: bool) -> Iterator[str]:
    """Yield what a user has to know before using the emulator; `limits` is what it lacks on this system."""
    if not is_loopback(host):
        yield _REMOTE_WARNING.format(host=host)
    if limits:
        yield limits
    if not isolate and backend.has_runtime:
        yield _NOT_ISOLATED_NOTICE
        if reason := backend.mounts.unavailable_reason:
            yield _NO_MOUNTS_WARNING.format(reason=reason)


class SignalForwarder:
    """Holds signals of this process until a command runs, then forwards them to it.

    A terminal sends Ctrl-C to the command itself. Forwarding it would send it twice.
    """

    def __init__(self) -> None:
        self.signal_received = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._pending_signals: list[int] = []
        self._previous_handlers: dict[int, object] = {}

    def __enter__(self) -> Self:
        for number in operating_system.forwarded_signals():
            self._previous_handlers[number] = signal.signal(number, self._handle_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def forward_to(self, process: subprocess.Popen[bytes]) -> None:
        """Send pending and future signals to the process."""
        self._process = process
        for number in self._pending_signals:
            process.send_signal(number)

    def _handle_signal(self, number: int, _frame: FrameType | None) -> None:
        self.signal_received.set()
        if self._process is None:
            self._pending_signals.append(number)
        elif not operating_system.is_sent_to_commands(number):
            self._process.send_signal(number)


def _reject_options(context: typer.Context) -> None:
    """Reject what belongs to an emulator in the foreground; a subcommand has options of its own."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(f"it belongs after {context.invoked_subcommand}", param_hint=parameter.opts[0])


def _is_explicit(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name in ("COMMANDLINE", "ENVIRONMENT")


def _create_backend(data: Path | None, settings: Settings, create_seconds: float | None, *, isolate: bool) -> Backend:
    if create_seconds is not None:
        settings = with_create_seconds(create_seconds, settings)
    try:
        return Backend(settings, data=data, isolation=Isolation() if isolate else None)
    except IsolationUnavailableError as error:
        exit_with_error(f"cannot isolate sandboxes: {error}")
    except StoreError as error:
        exit_with_error(str(error))
    except OSError as error:
        exit_with_error(f"cannot store the state in {data}: {error.strerror}")


def _print_env_and_wait(env: Mapping[str, str], forwarder: SignalForwarder) -> int:
    typer.echo("export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in env.items()))
    while not forwarder.signal_received.wait(_SIGNAL_POLL_SECONDS):
        continue  # a signal does not end a wait on Windows
    return 0


def _run_command(command: Sequence[str], env: Mapping[str, str], forwarder: SignalForwarder) -> int:
    try:
        process = subprocess.Popen(command, env={**os.environ, **env})  # noqa: S603 - the command is the user's own
    except OSError as error:
        typer.echo(f"neev-emulator: {command[0]}: {error.strerror}", err=True)
        return _EXIT_NOT_FOUND if isinstance(error, FileNotFoundError) else _EXIT_NOT_EXECUTABLE
    forwarder.forward_to(process)
    status = process.wait()
    return status if status >= 0 else _EXIT_SIGNAL_BASE - status


def main() -> None:
    """Run `neev-emulator`."""
    unwritable: tuple[type[OSError], ...] = (OSError,) if _INSTALL_COMPLETION in sys.argv else ()
    try:
        app(prog_name="neev-emulator")
    except unwritable as error:
        sys.exit(f"neev-emulator: cannot write {error.filename}: {error.strerror}")
