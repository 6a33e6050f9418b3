"""Starts, waits and stops of a process in a session."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from neev_provider.client.processes import ProcessInfo
from neev_provider.client.runtime import SandboxSession
from neev_provider.core.errors import DeadlineExceeded, OperationFailed, OutcomeUnknown
from neev_provider.core.wait import Deadline, Done, Failed, InProgress, WaitStatus, wait_until
from neev_provider.resources.listening_ports import describe_silence, is_listening
from neev_provider.resources.output_capture import MAX_CAPTURED_CHARS, OutputCapture
from neev_provider.resources.process.inputs import (
    SIGNAL_NUMBERS,
    ProcessInputs,
    ProcessReadiness,
    ProcessStop,
    StopSignal,
)
from neev_provider.resources.process.tag import ProcessTag, TaggedProcess, parse_process

MIN_RUN_SECONDS = 1.0
"""Seconds that a process without `readiness` has to run until its start counts as successful."""
FOREGROUND_HINT = "The program must stay in the foreground: one that puts itself into the background has ended."
NOT_READY_HINT = "Correct the program or its `readiness`, or raise `timeoutSeconds` of `readiness`."


async def list_tagged(session: SandboxSession) -> tuple[TaggedProcess, ...]:
    """Return the processes that resources started."""
    listed = await session.list_processes()
    return tuple(tagged for info in listed if (tagged := parse_process(info)) is not None)


async def start_process(session: SandboxSession, tag: ProcessTag, inputs: ProcessInputs) -> ProcessInfo:
    """Start the process and return it. If the response is lost, look the process up by its tag.

    Raises:
        OutcomeUnknown: the response is lost, and no process has the tag.
    """
    # an error of the sandbox does not say whether it is about the program or the directory
    subject = inputs.command[0] if inputs.cwd is None else f"{inputs.command[0]} (cwd {inputs.cwd})"
    argv = tag.to_argv(inputs.command)
    try:
        return await session.start_process(argv, cwd=inputs.cwd, env=inputs.env, subject=subject)
    except OutcomeUnknown:
        started = next((process.info for process in await list_tagged(session) if process.tag == tag), None)
        if started is None:
            raise
        return started


async def stop_process(session: SandboxSession, process_id: str, stop: ProcessStop, deadline: Deadline) -> None:
    """Send the signal; kill the process if it still runs after the grace period."""
    # half of a short deadline is left for killing the process
    grace = replace(deadline, timeout=min(stop.grace_seconds, deadline.remaining / 2))
    try:
        await _signal_until_exited(session, process_id, stop.signal, grace)
    except DeadlineExceeded:
        await _signal_until_exited(session, process_id, StopSignal.SIGKILL, deadline)


async def wait_until_ready(
    session: SandboxSession, process_id: str, inputs: ProcessInputs, output: OutputCapture, deadline: Deadline
) -> None:
    """Wait until the process is ready, and capture its output meanwhile.

    Raises:
        OperationFailed: the process has ended, or was not ready in time; with the last lines of its output.
    """
    program, readiness, cursor = inputs.command[0], inputs.readiness, 0
    search = _LogSearch((readiness and readiness.log_pattern) or "")
    timeout = (readiness and readiness.timeout_seconds) or deadline.timeout
    deadline = replace(deadline, timeout=min(timeout, deadline.remaining))

    async def observe(max_delay: float) -> _StartProgress:
        nonlocal cursor
        await deadline.clock.sleep(max_delay)
        page = await session.read_process_log(process_id, cursor)
        cursor = page.cursor
        for stream, text in page.entries:
            output.write(stream, text)
            search.write(stream, text)
        if page.is_running:
            return _StartProgress(is_ready=await _is_ready(session, readiness, search, deadline))
        codes = {process.id: process.exit_code for process in await session.list_processes()}
        return _StartProgress(has_exited=True, exit_code=codes.get(process_id))

    def classify(progress: _StartProgress) -> WaitStatus:
        if progress.has_exited:
            output.close()
            hint = FOREGROUND_HINT if progress.exit_code == 0 else ""
            return Failed(f"it ended with exit code {progress.exit_code}. {output.last_lines}", hint)
        return Done() if progress.is_ready else InProgress(_describe_unready(readiness))

    try:
        await wait_until(observe, classify, deadline=deadline, action=program)
    except DeadlineExceeded as error:
        output.close()
        reason = f"it was not ready after {error.elapsed:.0f} s ({error.last_status}). {output.last_lines}"
        raise OperationFailed(reason, action=program, hint=NOT_READY_HINT) from error


@dataclass(frozen=True)
class _StartProgress:
    """How far the start of a process is."""

    is_ready: bool = False
    has_exited: bool = False
    exit_code: int | None = None


class _LogSearch:
    """A search for a line in the output of a process, as the output arrives."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern, re.MULTILINE)
        self._last_lines = {"stdout": "", "stderr": ""}
        self.is_matched = False

    def write(self, stream: str, text: str) -> None:
        """Search the text, together with the incomplete last line of the stream."""
        text = self._last_lines[stream] + text
        self.is_matched = self.is_matched or self._pattern.search(text) is not None
        self._last_lines[stream] = text.rpartition("\n")[2][-MAX_CAPTURED_CHARS:]


async def _is_ready(
    session: SandboxSession, readiness: ProcessReadiness | None, search: _LogSearch, deadline: Deadline
) -> bool:
    if readiness is None:
        return deadline.elapsed >= MIN_RUN_SECONDS
    if readiness.port is not None:
        return await is_listening(session, readiness.port)
    return search.is_matched


def _describe_unready(readiness: ProcessReadiness | None) -> str:
    if readiness is None:
        return "starting"
    if readiness.port is not None:
        return describe_silence(readiness.port)
    return "no line of its output matches logPattern"


async def _signal_until_exited(
    session: SandboxSession, process_id: str, signal: StopSignal, deadline: Deadline
) -> None:
    is_sent = False

    async def observe(max_delay: float) -> bool:
        nonlocal is_sent
        if not is_sent:
            await session.signal_process(process_id, SIGNAL_NUMBERS[signal])
            is_sent = True
        await deadline.clock.sleep(max_delay)
        return any(process.id == process_id and process.is_running for process in await session.list_processes())

    await wait_until(
        observe,
        lambda is_running: InProgress("running") if is_running else Done(),
        deadline=deadline,
        action=f"stopping {process_id}",
    )
