"""The action that runs a command in a sandbox."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.runtime import ExecRequest
from neev_provider.core.action import DEFAULT_TIMEOUT, Action
from neev_provider.core.errors import Cancelled, DeadlineExceeded, OperationFailed, OutcomeUnknown
from neev_provider.core.markers import Secret
from neev_provider.core.model import Arguments, Integer
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import run_before_deadline
from neev_provider.resources.command import Argv
from neev_provider.resources.output_capture import OutputCapture
from neev_provider.resources.references import require_existing
from neev_provider.resources.session import open_session

UNKNOWN_OUTCOME_HINT = "It is not run a second time by itself: look in the sandbox before you invoke the action again."


class ExecArguments(Arguments):
    """Command to run."""

    sandbox_id: str
    """Id or name of the sandbox. If it is paused, it is resumed for the command and paused again afterwards."""
    command: Argv
    """Program and arguments. For shell syntax, use `["sh", "-c", "…"]`."""
    cwd: str | None = None
    """Working directory, relative to the workspace. Defaults to the workspace."""
    env: Annotated[dict[str, str] | None, Secret()] = None
    """Environment variables, in addition to those of the sandbox. Secret."""
    timeout_seconds: Annotated[Integer, Field(ge=1, le=3600)] = 600
    """Timeout of the command, in seconds. Allowed: `1` to `3600`. A command that exceeds it is killed and fails.

    Defaults to `600`.
    """


class ExecAction(Action[ExecArguments]):
    """Runs a command in a sandbox and shows its output while it runs.

    An exit code other than 0 is an error, which shows the last lines of the output. The values of `env` are redacted.
    """

    name = "exec"
    arguments = ExecArguments

    @override
    def time_limit(self, arguments: ExecArguments) -> float:
        # the sandbox may have to be resumed before and paused afterwards
        return DEFAULT_TIMEOUT + arguments.timeout_seconds

    @override
    async def invoke(self, api: Api, arguments: ExecArguments, context: OperationContext) -> None:
        found = await require_existing(api.sandboxes.get(arguments.sandbox_id), api, arguments.sandbox_id)
        argv, timeout = arguments.command, arguments.timeout_seconds
        request = ExecRequest(argv, arguments.cwd, arguments.env or {}, timeout=timeout)
        output = OutputCapture(context.log, silent=False)
        async with open_session(api, found.id, context) as sandbox:
            try:
                running = sandbox.exec(request, output.write, read_timeout=timeout)
                code = await run_before_deadline(running, deadline=context.deadline, action=argv[0])
            except (Cancelled, DeadlineExceeded) as error:
                raise OutcomeUnknown(
                    f"{error.summary} The command was under way.", hint=UNKNOWN_OUTCOME_HINT
                ) from error
            except OutcomeUnknown as error:
                raise OutcomeUnknown(error.summary, hint=UNKNOWN_OUTCOME_HINT) from error
            finally:
                output.close()
        if code != 0:
            raise OperationFailed(f"{argv[0]} ended with exit code {code}. {output.last_lines}")
