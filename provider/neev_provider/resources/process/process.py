"""A process that is kept running in a sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.models import format_timestamp
from neev_provider.client.processes import ProcessInfo
from neev_provider.client.runtime import SandboxSession
from neev_provider.core.diff import Change, ChangeKind, Diff
from neev_provider.core.errors import NeevError, OperationFailed
from neev_provider.core.labels import Owner
from neev_provider.core.resource import Observation, OperationContext, PartialFailure, Resource
from neev_provider.core.validation import INTERNAL_PREFIX, parse
from neev_provider.core.wait import Deadline
from neev_provider.resources.listening_ports import is_listening
from neev_provider.resources.lookups import REFRESH_BATCH_DELAY, none_if_not_found
from neev_provider.resources.output_capture import OutputCapture
from neev_provider.resources.process.inputs import (
    RESTART_FIELDS,
    ProcessInputs,
    ProcessOutputs,
    ProcessStatus,
    ProcessStop,
)
from neev_provider.resources.process.supervision import list_tagged, start_process, stop_process, wait_until_ready
from neev_provider.resources.process.tag import ProcessTag, TaggedProcess, digest_owner, generate_resource_id
from neev_provider.resources.references import require_sandbox
from neev_provider.resources.sandbox.base import is_ready
from neev_provider.resources.session import cleanup_deadline, keep_if_paused, open_session, run_cleanup, sandbox_exists

START_KEY: Final = f"{INTERNAL_PREFIX}start"
"""Hidden output: the last start of the process, as its tag names it."""
PROBLEMS: Final = MappingProxyType(
    {
        ProcessStatus.PENDING: "it was not started",
        ProcessStatus.MISSING: (
            "it is not in the sandbox's list of processes, such as after a rollback or a restart of the sandbox"
        ),
        ProcessStatus.OUTDATED: "an earlier start of it runs, such as after a rollback of the sandbox",
    }
)
"""Why a process with this status is not the running one."""
PORT_TAKEN_HINT: Final = "Stop what listens there, or let the process listen on another port."
OWN_PORT_HINT: Final = "If this process itself listens there, change only `readiness` first, which restarts nothing."


class ProcessResource(Resource[Api, ProcessInputs, ProcessOutputs]):
    """A process that is kept running in a sandbox, such as a server.

    The runtime of the sandbox supervises the process. A refresh detects that the process has ended, and the next update
    starts it again. A change of what runs restarts it in place. Deleting the resource stops it.
    """

    name = "Process"
    inputs = ProcessInputs
    outputs = ProcessOutputs
    references = MappingProxyType({"sandbox_id": require_sandbox})
    parent = "sandboxId"

    @override
    def diff(self, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]) -> Diff:
        changed = super().diff(old_inputs, state, new_inputs)
        if changed.changes or state.get("status") in (None, ProcessStatus.RUNNING):
            return changed
        restart = Change("status", ChangeKind.UPDATE, requires_replacement=False)
        return Diff((restart,), changed.delete_before_replace)

    @override
    async def create(self, inputs: ProcessInputs, context: OperationContext) -> Observation[ProcessOutputs]:
        # the engine stores this if the operation is interrupted, and everything with this id in its tag is stopped
        return Observation(generate_resource_id(inputs.sandbox_id, context.owner), {}, ProcessOutputs())

    @override
    async def reconcile(self, id: str, inputs: ProcessInputs, context: OperationContext) -> Observation[ProcessOutputs]:
        return await _ProcessStart(self.api, id, inputs, _observe_state(id, context.state)).run(context)

    @override
    async def update(
        self, id: str, old_inputs: ProcessInputs, new_inputs: ProcessInputs, context: OperationContext
    ) -> Observation[ProcessOutputs]:
        recorded = _observe_state(id, context.state)
        is_unchanged = all(getattr(old_inputs, field) == getattr(new_inputs, field) for field in RESTART_FIELDS)
        if is_unchanged and recorded.outputs.status == ProcessStatus.RUNNING:
            return recorded
        return await self.reconcile(id, new_inputs, context)

    @override
    async def read(self, id: str, inputs: ProcessInputs | None) -> Observation[ProcessOutputs] | None:
        raise OperationFailed("a process cannot be imported: declare it instead, and it is started")

    @override
    async def refresh(
        self, id: str, inputs: ProcessInputs, state: Mapping[str, Any]
    ) -> Observation[ProcessOutputs] | None:
        sandbox = await self.api.sandboxes.observe_recent(inputs.sandbox_id, REFRESH_BATCH_DELAY)
        if sandbox is None:
            return None
        recorded = _observe_state(id, state)
        if not is_ready(sandbox):
            return recorded  # a refresh does not resume a paused sandbox
        return await keep_if_paused(_observe_session(self.api.runtime.session(sandbox), recorded, state), recorded)

    @override
    async def find_created(
        self, inputs: ProcessInputs, owner: Owner | None = None
    ) -> Observation[ProcessOutputs] | None:
        sandbox = await none_if_not_found(self.api.sandboxes.get(inputs.sandbox_id))
        if sandbox is None or not is_ready(sandbox):
            return None
        matches = [
            item
            for item in await list_tagged(self.api.runtime.session(sandbox))
            if item.is_running
            and item.argv == tuple(inputs.command)
            and item.tag.sandbox_id == inputs.sandbox_id
            and (owner is None or item.tag.owner_digest == digest_owner(owner))
        ]
        if len(matches) != 1:
            return None  # of several, the right one is unknown
        return _to_observation(
            matches[0].tag.resource_id, _to_outputs(matches[0].info, ProcessStatus.RUNNING), matches[0].tag.start
        )

    @override
    async def delete(self, id: str, context: OperationContext) -> None:
        sandbox_id = id.partition("/")[0]
        if not await sandbox_exists(self.api, sandbox_id):
            return
        stop = parse(ProcessStop, context.state.get("stop") or {})
        try:
            async with open_session(self.api, sandbox_id, context) as session:
                for process in await list_tagged(session):
                    if process.is_running and process.tag.resource_id == id:
                        await stop_process(session, process.info.id, stop, context.deadline)
        except NeevError:
            if await sandbox_exists(self.api, sandbox_id):
                raise


class _ProcessStart:
    """One start of a process, with the outputs recorded so far."""

    def __init__(self, api: Api, id: str, inputs: ProcessInputs, recorded: Observation[ProcessOutputs]) -> None:
        self._api = api
        self._inputs = inputs
        self._stop = inputs.stop or ProcessStop()
        self._tag = ProcessTag.generate(id)
        self._recorded = recorded

    async def run(self, context: OperationContext) -> Observation[ProcessOutputs]:
        """Stop what runs of the process, start it, and wait until it is ready.

        Raises:
            PartialFailure: it is not ready. It contains the outputs recorded so far.
        """
        try:
            async with open_session(self._api, self._inputs.sandbox_id, context) as session:
                await self._restart(session, context)
        except NeevError as error:
            raise PartialFailure(self._recorded) from error
        return self._recorded

    def _record(self, outputs: ProcessOutputs) -> None:
        self._recorded = _to_observation(self._tag.resource_id, outputs, self._tag.start)

    async def _restart(self, session: SandboxSession, context: OperationContext) -> None:
        inputs = self._inputs
        port = inputs.readiness.port if inputs.readiness else None
        old_port = (context.state.get("readiness") or {}).get("port")
        if old_port is not None and port != old_port:  # the process that runs listens on the old one
            await _require_free(session, port, f"{PORT_TAKEN_HINT} {OWN_PORT_HINT}")
        for process in await list_tagged(session):
            if process.is_running and self._is_own(process, just_created=context.just_created):
                await stop_process(session, process.info.id, self._stop, context.deadline)
        self._record(ProcessOutputs())
        await _require_free(session, port, PORT_TAKEN_HINT)
        started = await start_process(session, self._tag, inputs)
        self._record(_to_outputs(started, ProcessStatus.RUNNING))
        # values of `env` are redacted from the log; other secret inputs may leak in part, so all output is hidden
        output = OutputCapture(context.log, silent=bool(context.secret_inputs - {"env"}))
        try:
            await wait_until_ready(session, started.id, inputs, output, context.deadline)
        except NeevError:
            cleanup = self._stop_started(session, started.id, cleanup_deadline(context))
            await run_cleanup(cleanup, context, action="stopping the process")
            raise

    def _is_own(self, process: TaggedProcess, *, just_created: bool) -> bool:
        """Return whether this resource started the process, or no other resource can stop it."""
        if process.tag.resource_id == self._tag.resource_id:
            return True
        is_copy = process.tag.sandbox_id != self._inputs.sandbox_id  # of a sandbox that was forked or restored
        is_orphan = just_created and process.tag.owner_digest == self._tag.owner_digest  # of an interrupted create
        return process.argv == tuple(self._inputs.command) and (is_copy or is_orphan)

    async def _stop_started(self, session: SandboxSession, process_id: str, deadline: Deadline) -> None:
        await stop_process(session, process_id, self._stop, deadline)
        own = [process for process in await list_tagged(session) if process.tag == self._tag]
        self._record(_observe(own, self._recorded.outputs, self._tag.start))


async def _require_free(session: SandboxSession, port: int | None, hint: str) -> None:
    if port is not None and await is_listening(session, port):
        raise OperationFailed(f"something else listens on port {port} already", hint=hint)


async def _observe_session(
    session: SandboxSession, recorded: Observation[ProcessOutputs], state: Mapping[str, Any]
) -> Observation[ProcessOutputs]:
    """Return the observation of what runs in the sandbox."""
    own = [process for process in await list_tagged(session) if process.tag.resource_id == recorded.id]
    start = state.get(START_KEY)
    return _to_observation(recorded.id, _observe(own, recorded.outputs, start), start)


def _observe(own: Sequence[TaggedProcess], old_outputs: ProcessOutputs, start: object) -> ProcessOutputs:
    """Return the outputs according to all processes that this resource started."""
    current = [process for process in own if process.tag.start == start]
    running = [process for process in own if process.is_running]
    for process in running:
        if process in current:
            return _to_outputs(process.info, ProcessStatus.RUNNING)
    if running:
        return _to_outputs(running[0].info, ProcessStatus.OUTDATED)
    if current:
        return _to_outputs(current[-1].info, ProcessStatus.EXITED)
    if old_outputs.status == ProcessStatus.PENDING:
        return old_outputs
    return old_outputs.model_copy(update={"status": ProcessStatus.MISSING})


def _observe_state(id: str, state: Mapping[str, Any]) -> Observation[ProcessOutputs]:
    """Return the observation that the state describes."""
    return _to_observation(id, parse(ProcessOutputs, state), state.get(START_KEY))


def _to_outputs(process: ProcessInfo, status: ProcessStatus) -> ProcessOutputs:
    return ProcessOutputs(
        status=status,
        process_id=process.id,
        exit_code=process.exit_code,
        started_at=format_timestamp(process.started_at_ms / 1000),
    )


def _to_observation(id: str, outputs: ProcessOutputs, start: Any) -> Observation[ProcessOutputs]:
    hidden = {} if start is None else {START_KEY: start}
    return Observation(id, {}, outputs, _explain_problem(outputs), hidden)


def _explain_problem(outputs: ProcessOutputs) -> str | None:
    if outputs.status == ProcessStatus.EXITED:
        return f"it ended with exit code {outputs.exit_code}"
    return PROBLEMS.get(outputs.status)
