"""A command that runs in a sandbox when its resource is created, updated or deleted."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.runtime import ExecRequest
from neev_provider.core.diff import Diff
from neev_provider.core.errors import Cancelled, DeadlineExceeded, NeevError, OperationFailed, OutcomeUnknown
from neev_provider.core.hints import Hint
from neev_provider.core.markers import Derived, Replace, Secret, SecretIf, Update
from neev_provider.core.model import Boolean, Inputs, Integer, Outputs
from neev_provider.core.resource import Observation, OperationContext, PartialFailure, Resource
from neev_provider.core.validation import parse
from neev_provider.core.wait import run_before_deadline
from neev_provider.resources.output_capture import OutputCapture
from neev_provider.resources.references import require_sandbox
from neev_provider.resources.session import open_session, sandbox_exists

Argv = Annotated[list[str], Field(min_length=1)]
RERUN_PROPERTIES = ("create", "cwd", "env", "stdin")
"""Inputs whose changes run a command again."""
UNKNOWN_OUTCOME_HINT = (
    "It is not run a second time by itself. Look in the sandbox: to run it again, change `triggers`; "
    "to take it as done, set `allowFailure`."
)


class CommandInputs(Inputs):
    """Inputs of a command."""

    sandbox_id: Annotated[str, Replace()]
    """Id of the sandbox. If it is paused, it is resumed for the command and paused again afterwards."""
    create: Annotated[Argv, Replace()]
    """Program and arguments to run when the resource is created. For shell syntax, use `["sh", "-c", "…"]`.

    If this, `cwd`, `env` or `stdin` changes, the provider runs `update` in place. Without `update`, the change replaces
    the resource.
    """
    update: Annotated[Argv | None, Update(on_removal=True)] = None
    """Command to run instead of `create` when `create`, `cwd`, `env` or `stdin` changes."""
    delete: Annotated[Argv | None, Update(on_removal=True)] = None
    """Command to run when the resource is deleted or replaced. Defaults to none."""
    cwd: Annotated[str | None, Replace()] = None
    """Working directory, relative to the workspace. Defaults to the workspace."""
    env: Annotated[dict[str, str] | None, Replace(), Secret()] = None
    """Environment variables, in addition to those of the sandbox. Secret."""
    stdin: Annotated[str | None, Replace()] = None
    """Text for the standard input. Defaults to no input."""
    timeout_seconds: Annotated[Annotated[Integer, Field(ge=1, le=3600)] | None, Update(on_removal=True)] = None
    """Timeout of the command, in seconds. Allowed: `1` to `3600`. A command that exceeds it is killed and fails.

    Defaults to the timeout of the operation.
    """
    triggers: Annotated[list[Any] | None, Replace()] = None
    """Arbitrary values. If one changes, the resource is replaced and the command runs again."""
    allow_failure: Annotated[Boolean | None, Update(on_removal=True)] = None
    """Whether an exit code other than 0 counts as success. Defaults to `false`. The output `exitCode` has the code."""
    secret_output: Annotated[Boolean | None, Update(on_removal=True)] = None
    """Whether the output of the command is secret. Defaults to `false`.

    Secret output is secret in the state, and hidden in errors and in the log. The output is also secret if any input is
    marked as secret. `env` is always secret: its values are redacted in errors and in the log, and the output is secret
    in the state.
    """


class Outcome(StrEnum):
    """Outcome of the last run."""

    PENDING = "pending"
    """The command was not started."""
    SUCCEEDED = "succeeded"
    """The exit code was 0, or `allowFailure` is set."""
    FAILED = "failed"
    """The exit code was not 0, or the command exceeded its timeout."""
    UNKNOWN = "unknown"
    """The command may have been started, and its outcome is unknown."""


class CommandOutputs(Outputs):
    """Outputs of a command."""

    outcome: Outcome = Outcome.UNKNOWN
    """Outcome of the last run: `succeeded`, `pending`, `failed` or `unknown`."""
    create_succeeded: bool = False
    """Whether `create` has succeeded once. If true, the next run uses `update`."""
    stdout: Annotated[str | None, SecretIf("secretOutput"), Derived()] = None
    """Last 65,536 characters of the standard output. If it was longer, a first line states how much is omitted.

    Secret if `secretOutput` is set or if any input is secret. `env` is always secret.
    """
    stderr: Annotated[str | None, SecretIf("secretOutput"), Derived()] = None
    """Last 65,536 characters of the standard error, like `stdout`."""
    exit_code: int | None = None
    """Exit code. If a signal ended the command, 128 plus the signal's number."""
    duration_ms: int | None = None
    """Duration of the last run, in milliseconds."""
    last_run_digest: Annotated[str | None, Secret()] = None
    """Digest of the last run's command and inputs. Identifies a run whose outcome is unknown. Secret."""


class CommandResource(Resource[Api, CommandInputs, CommandOutputs]):
    """A command that runs in a sandbox when the resource is created, updated or deleted.

    The provider never runs a command twice for one change. If the connection breaks during a run, the outcome is
    unknown. The error says so, and the next update asks for a decision. A refresh does not run the command and keeps
    its output.
    """

    name = "Command"
    inputs = CommandInputs
    outputs = CommandOutputs
    references = MappingProxyType({"sandbox_id": require_sandbox})
    parent = "sandboxId"

    @override
    def diff(self, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]) -> Diff:
        changed = super().diff(old_inputs, state, new_inputs)
        # the old `delete` must run before the new `create`; otherwise it undoes the effects of the new command
        changed = replace(changed, delete_before_replace=old_inputs.get("delete") is not None)
        if new_inputs.get("update") is None or not state.get("createSucceeded"):
            return changed
        changes = (
            replace(
                change,
                requires_replacement=change.requires_replacement and change.property_name not in RERUN_PROPERTIES,
            )
            for change in changed.changes
        )
        return Diff(tuple(changes), changed.delete_before_replace)

    @override
    async def create(self, inputs: CommandInputs, context: OperationContext) -> Observation[CommandOutputs]:
        # the engine stores this if the operation is interrupted before the outcome is known
        return Observation(str(uuid.uuid4()), {}, CommandOutputs())

    @override
    async def reconcile(self, id: str, inputs: CommandInputs, context: OperationContext) -> Observation[CommandOutputs]:
        old_outputs = parse(CommandOutputs, context.state)
        argv = inputs.update if old_outputs.create_succeeded and inputs.update else inputs.create
        if context.just_created:
            return await _CommandRun(self.api, id, inputs, old_outputs).run(argv, context)
        if old_outputs.outcome == Outcome.SUCCEEDED or (
            old_outputs.outcome != Outcome.PENDING and inputs.allow_failure
        ):
            return Observation(
                id, {}, old_outputs.model_copy(update={"outcome": Outcome.SUCCEEDED, "create_succeeded": True})
            )
        if old_outputs.outcome == Outcome.UNKNOWN and old_outputs.last_run_digest in (
            None,
            _run_digest(id, argv, inputs),
        ):
            raise OutcomeUnknown(
                f"Nobody knows how {argv[0]} ended when it ran the last time.", hint=UNKNOWN_OUTCOME_HINT
            )
        return await _CommandRun(self.api, id, inputs, old_outputs).run(argv, context)

    @override
    async def update(
        self, id: str, old_inputs: CommandInputs, new_inputs: CommandInputs, context: OperationContext
    ) -> Observation[CommandOutputs]:
        old_outputs = parse(CommandOutputs, context.state)
        if all(getattr(old_inputs, name) == getattr(new_inputs, name) for name in RERUN_PROPERTIES):
            return await self.reconcile(id, new_inputs, context)
        argv = new_inputs.update or new_inputs.create
        if old_outputs.outcome == Outcome.UNKNOWN and old_outputs.last_run_digest == _run_digest(id, argv, new_inputs):
            return await self.reconcile(id, new_inputs, context)
        return await _CommandRun(self.api, id, new_inputs, old_outputs).run(argv, context)

    @override
    async def read(self, id: str, inputs: CommandInputs | None) -> Observation[CommandOutputs] | None:
        raise OperationFailed("a command cannot be imported: declare it instead, and it runs")

    @override
    async def refresh(
        self, id: str, inputs: CommandInputs, state: Mapping[str, Any]
    ) -> Observation[CommandOutputs] | None:
        if not await sandbox_exists(self.api, inputs.sandbox_id):
            return None
        old_outputs = parse(CommandOutputs, state)
        problem = (
            None if old_outputs.outcome == Outcome.SUCCEEDED else f"the outcome of its last run: {old_outputs.outcome}"
        )
        return Observation(id, {}, old_outputs, problem)

    @override
    async def delete(self, id: str, context: OperationContext) -> None:
        old_outputs = parse(CommandOutputs, context.state)
        never_ran = old_outputs.outcome == Outcome.PENDING and not old_outputs.create_succeeded
        argv, sandbox_id = context.state.get("delete"), context.state.get("sandboxId")
        if argv is None or sandbox_id is None or never_ran or not await sandbox_exists(self.api, sandbox_id):
            return
        stored_inputs = {name: context.state[name] for name in self.inputs.properties if name in context.state}
        inputs = parse(CommandInputs, {"create": argv, **stored_inputs})
        try:
            await _CommandRun(self.api, id, inputs, old_outputs).execute(argv, context)
        except NeevError as error:
            if await sandbox_exists(self.api, sandbox_id):
                raise _delete_error(error) from error


class _CommandRun:
    """One run of a command, with the outputs recorded so far."""

    def __init__(self, api: Api, id: str, inputs: CommandInputs, old_outputs: CommandOutputs) -> None:
        self._api = api
        self._id = id
        self._inputs = inputs
        self._outputs = old_outputs.model_copy(update={"outcome": Outcome.PENDING})

    async def run(self, argv: list[str], context: OperationContext) -> Observation[CommandOutputs]:
        """Run the command once.

        Raises:
            PartialFailure: the run failed. It contains the outputs recorded so far.
        """
        try:
            await self.execute(argv, context)
        except NeevError as error:
            raise PartialFailure(self._observation) from error
        return self._observation

    @property
    def _observation(self) -> Observation[CommandOutputs]:
        return Observation(self._id, {}, self._outputs)

    async def execute(self, argv: list[str], context: OperationContext) -> None:
        """Run the command once; raise its own error if it fails."""
        inputs, deadline = self._inputs, context.deadline
        request = ExecRequest(argv, inputs.cwd, inputs.env or {}, inputs.stdin, inputs.timeout_seconds)
        # values of `env` are redacted from the log; other secret inputs may leak in part, so all output is hidden
        output = OutputCapture(context.log, silent=bool(inputs.secret_output or context.secret_inputs - {"env"}))
        async with open_session(self._api, inputs.sandbox_id, context) as sandbox:
            remaining = deadline.remaining
            started_at = deadline.clock.monotonic()
            self._outputs = self._outputs.model_copy(
                update={"outcome": Outcome.UNKNOWN, "last_run_digest": _run_digest(self._id, argv, inputs)}
            )
            try:
                code = await run_before_deadline(
                    sandbox.exec(request, output.write, read_timeout=remaining), deadline=deadline, action=argv[0]
                )
            except (Cancelled, DeadlineExceeded) as error:
                if sandbox.is_resuming:
                    self._outputs = self._outputs.model_copy(update={"outcome": Outcome.PENDING})
                    raise
                raise OutcomeUnknown(
                    f"{error.summary} The command was under way.", hint=UNKNOWN_OUTCOME_HINT
                ) from error
            except OutcomeUnknown as error:
                raise OutcomeUnknown(error.summary, hint=UNKNOWN_OUTCOME_HINT) from error
            except NeevError as error:
                outcome = Outcome.FAILED if isinstance(error, OperationFailed) else Outcome.PENDING
                self._outputs = self._outputs.model_copy(update={"outcome": outcome})
                raise
            finally:
                output.close()
            self._record_exit(argv, code, output, seconds=deadline.clock.monotonic() - started_at)

    def _record_exit(self, argv: list[str], exit_code: int, output: OutputCapture, *, seconds: float) -> None:
        succeeded = exit_code == 0 or bool(self._inputs.allow_failure)
        self._outputs = self._outputs.model_copy(
            update={
                "outcome": Outcome.SUCCEEDED if succeeded else Outcome.FAILED,
                "create_succeeded": self._outputs.create_succeeded or succeeded,
                "stdout": output.stdout,
                "stderr": output.stderr,
                "exit_code": exit_code,
                "duration_ms": round(seconds * 1000),
            }
        )
        if not succeeded:
            raise OperationFailed(f"{argv[0]} ended with exit code {exit_code}. {output.last_lines}")


def _run_digest(id: str, argv: list[str], inputs: CommandInputs) -> str:
    text = json.dumps([id, argv, inputs.cwd, inputs.env, inputs.stdin], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _delete_error(error: NeevError) -> NeevError:
    if not isinstance(error, OutcomeUnknown):
        return error
    return OutcomeUnknown(f"While deleting: {error.summary}", hint=Hint.FORGET)
