"""Sessions in a sandbox. A paused sandbox is resumed for the session and paused again afterwards."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

from neev_provider.client import Api
from neev_provider.client.resume_wait import RESUMING_REASON, ResumeWait
from neev_provider.client.runtime import ExecRequest, SandboxSession
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core.errors import InputError, NeevError, OperationFailed, RuntimeRejected
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import Deadline, run_before_deadline
from neev_provider.resources.leases import SandboxLease, acquire_lease
from neev_provider.resources.lookups import none_if_not_found
from neev_provider.resources.pausable import PAUSED, READY
from neev_provider.resources.references import require_sandbox
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.workspace_paths import canonicalize_path

T = TypeVar("T")
SANDBOX = SandboxResource()
CLEANUP_GRACE_SECONDS = 0.25
"""Grace period for pausing a sandbox after the deadline, in seconds. Adapters allow little more time."""


@asynccontextmanager
async def open_session(api: Api, sandbox_id: str, context: OperationContext) -> AsyncIterator[SandboxSession]:
    """Yield a session in the running sandbox. The last session pauses a sandbox that a session resumed."""
    async with acquire_lease(api, sandbox_id) as lease:
        try:
            sandbox = await _ensure_running(api, sandbox_id, lease, context)
            # the sandbox can be paused again before a call, which makes the platform resume it
            yield api.runtime.session(sandbox, ResumeWait(context.deadline, lease.note_resumed))
        except BaseException:
            async with _should_pause(lease) as needs_pause:
                if needs_pause:
                    await run_cleanup(api.sandboxes.pause(sandbox_id), context, action="pausing it again")
            raise
        async with _should_pause(lease) as needs_pause:
            if needs_pause:
                await api.sandboxes.pause(sandbox_id)
                await SANDBOX.connect(api).wait_for_phase(sandbox_id, context, target_phases=(PAUSED,))


async def run_tool(sandbox: SandboxSession, argv: list[str], failure_message: str) -> None:
    """Run a tool of the sandbox's image. If it fails, raise an error that starts with ``failure_message``."""
    output: list[str] = []
    try:
        code = await sandbox.exec(ExecRequest(argv, timeout=30), lambda _, text: output.append(text), read_timeout=30)
    except RuntimeRejected as refused:
        hint = f"The sandbox's image has to bring `{argv[0]}`."
        raise OperationFailed(f"{failure_message}: {refused.summary}", hint=hint) from refused
    except NeevError as error:
        raise OperationFailed(f"{failure_message}: {error.summary}") from error
    if code != 0:
        raise OperationFailed(f"{failure_message}: {argv[0]} ended with exit code {code}: {''.join(output).strip()}")


async def keep_if_paused(observing: Awaitable[T], recorded: T) -> T:
    """Return the observation, or the recorded one if the sandbox was paused since the API reported that it runs."""
    try:
        return await observing
    except RuntimeRejected as refused:
        if refused.code != RESUMING_REASON:
            raise
        return recorded


async def sandbox_exists(api: Api, sandbox_id: str) -> bool:
    """Return whether the sandbox exists."""
    return await none_if_not_found(api.sandboxes.get(sandbox_id)) is not None


def parse_path_id(id: str, subject: str) -> tuple[str, str]:
    """Return the sandbox id and the path in the id of a file or directory."""
    sandbox_id, slash, path = id.partition("/")
    if not slash:
        raise InputError("id", f"must have the form SANDBOX_ID/PATH for {subject}")
    return sandbox_id, canonicalize_path(path)


async def _ensure_running(api: Api, sandbox_id: str, lease: SandboxLease, context: OperationContext) -> Sandbox:
    async with lease.lock:
        try:
            sandbox = await SANDBOX.connect(api).wait_for_phase(sandbox_id, context)
        except OperationFailed:
            if context.just_created and context.state.get("sandboxId") == sandbox_id:
                await require_sandbox(api, "sandboxId", sandbox_id)
            raise
        if sandbox.phase != PAUSED:
            return sandbox
        lease.resumed_by_us = True
        await api.sandboxes.resume(sandbox_id)
        return await SANDBOX.connect(api).wait_for_phase(sandbox_id, context, target_phases=(READY,))


@asynccontextmanager
async def _should_pause(lease: SandboxLease) -> AsyncIterator[bool]:
    """Yield whether the closing session has to pause the sandbox. No session can resume it meanwhile."""
    async with lease.lock:
        needs_pause = lease.resumed_by_us and lease.ref_count == 1
        lease.resumed_by_us = lease.resumed_by_us and not needs_pause
        yield needs_pause


async def run_cleanup(operation: Awaitable[object], context: OperationContext, *, action: str) -> None:
    """Run the cleanup under a short deadline. Ignore its errors, because the earlier error is reported."""
    with contextlib.suppress(NeevError):
        await run_before_deadline(operation, deadline=cleanup_deadline(context), action=action)


def cleanup_deadline(context: OperationContext) -> Deadline:
    """Return the deadline of a cleanup that begins now, after the operation has failed."""
    deadline = context.deadline
    seconds = CLEANUP_GRACE_SECONDS if deadline.cancelled.is_set() else max(CLEANUP_GRACE_SECONDS, deadline.remaining)
    return replace(deadline, timeout=seconds, cancelled=asyncio.Event())
