"""Inputs and outputs of a process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field

from neev_provider.core.markers import Replace, Secret, Update
from neev_provider.core.model import Inputs, Integer, Model, Outputs, Rule
from neev_provider.core.validation import exactly_one_of

DEFAULT_GRACE_SECONDS: Final = 10


class StopSignal(StrEnum):
    """Signal that asks a process to end."""

    SIGTERM = "SIGTERM"
    """Terminate."""
    SIGINT = "SIGINT"
    """Interrupt."""
    SIGQUIT = "SIGQUIT"
    """Quit."""
    SIGHUP = "SIGHUP"
    """Hang up."""
    SIGUSR1 = "SIGUSR1"
    """First signal of the program's own."""
    SIGUSR2 = "SIGUSR2"
    """Second signal of the program's own."""
    SIGKILL = "SIGKILL"
    """Kill without notice."""


SIGNAL_NUMBERS: Final[Mapping[StopSignal, int]] = MappingProxyType(
    {
        StopSignal.SIGHUP: 1,
        StopSignal.SIGINT: 2,
        StopSignal.SIGQUIT: 3,
        StopSignal.SIGKILL: 9,
        StopSignal.SIGUSR1: 10,
        StopSignal.SIGUSR2: 12,
        StopSignal.SIGTERM: 15,
    }
)
"""The numbers of the signals on Linux, which every sandbox runs."""


def _validate_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"must be a regular expression of Python ({error})") from None
    return pattern


def _validate_argv(argv: list[str]) -> list[str]:
    if "=" in argv[0]:
        raise ValueError("must not begin with a program that has = in its name")
    return argv


class ProcessReadiness(Model):
    """When a process counts as ready: when it listens on a port, or when its log has a line."""

    rules: ClassVar[tuple[Rule, ...]] = (exactly_one_of("port", "log_pattern"),)

    port: Annotated[Integer, Field(ge=1, le=65535)] | None = None
    """TCP port that the process listens on when it is ready. Conflicts with `logPattern`. Allowed: `1` to `65535`."""
    log_pattern: Annotated[str, AfterValidator(_validate_pattern)] | None = None
    """Regular expression that a line of the output contains when the process is ready. Conflicts with `port`."""
    timeout_seconds: Annotated[Integer, Field(ge=1)] | None = None
    """Timeout in seconds. A process that is not ready by then is stopped and fails.

    Defaults to the timeout of the operation.
    """


class ProcessStop(Model):
    """How a process is stopped."""

    signal: StopSignal = StopSignal.SIGTERM
    """Signal that asks the process to end. Defaults to `SIGTERM`."""
    grace_seconds: Annotated[Integer, Field(ge=0)] = DEFAULT_GRACE_SECONDS
    """Seconds after which a process that has not ended is killed. Defaults to `10`."""


class ProcessInputs(Inputs):
    """Inputs of a process."""

    unique_together: ClassVar[tuple[str, ...]] = ("sandbox_id",)

    sandbox_id: Annotated[str, Replace()]
    """Id of the sandbox. If it is paused, it is resumed for a start or a stop and paused again afterwards."""
    command: Annotated[Annotated[list[str], Field(min_length=1), AfterValidator(_validate_argv)], Update()]
    """Program and arguments. For shell syntax, use `["sh", "-c", "exec …"]`. A change restarts the process.

    The program must stay in the foreground: a process that puts itself into the background has ended.
    """
    cwd: Annotated[str | None, Update(on_removal=True)] = None
    """Working directory, relative to the workspace. Defaults to the workspace. A change restarts the process."""
    env: Annotated[dict[str, str] | None, Update(on_removal=True), Secret()] = None
    """Environment variables, in addition to those of the sandbox. A change restarts the process. Secret."""
    triggers: Annotated[list[Any] | None, Update(on_removal=True)] = None
    """Arbitrary values, such as the digest of a file. If one changes, the process is restarted."""
    readiness: Annotated[ProcessReadiness | None, Update(on_removal=True)] = None
    """When the process counts as ready. Defaults to after one second. A change has an effect at the next start."""
    stop: Annotated[ProcessStop | None, Update(on_removal=True)] = None
    """How the process is stopped. Defaults to `SIGTERM` and, 10 seconds later, `SIGKILL`."""


RESTART_FIELDS: Final = ("command", "cwd", "env", "triggers")
"""Inputs whose changes restart the process."""


class ProcessStatus(StrEnum):
    """Status of the process."""

    PENDING = "pending"
    """The process was not started."""
    RUNNING = "running"
    """The process runs."""
    EXITED = "exited"
    """The process has ended."""
    MISSING = "missing"
    """The process is not in the sandbox's list of processes, such as after a rollback or a restart of the sandbox."""
    OUTDATED = "outdated"
    """An earlier start of the process runs, such as after a rollback."""


class ProcessOutputs(Outputs):
    """Outputs of a process."""

    status: ProcessStatus = ProcessStatus.PENDING
    """Status at the last observation: `running`, `exited`, `missing`, `outdated` or `pending`.

    The next update starts a process that is not `running`.
    """
    process_id: str | None = None
    """Id of the process in the sandbox. Each start has another id."""
    exit_code: int | None = None
    """Exit code if the process has ended. If a signal ended it, 128 plus the signal's number."""
    started_at: str | None = None
    """Time of the start (RFC 3339)."""
