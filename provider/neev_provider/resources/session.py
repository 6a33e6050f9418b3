"""Work inside a sandbox: it runs while the work goes on, and sleeps again afterwards where it slept before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace

from neev_provider.client import Api
from neev_provider.client.runtime import SandboxSession, ExecRequest
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core.errors import OperationFailed, InputError, NeevError, RuntimeRejected
from neev_provider.core.resource import OperationContext
from neev_provider.core.wait import run_before_deadline
from neev_provider.resources.leases import SandboxLease
from neev_provider.resources.references import require_sandbox
from neev_provider.resources.sandbox.base import PAUSED, READY, found, steady
from neev_provider.resources.workspace_paths import same_place

FAREWELL = 0.25
"""Seconds for putting a sandbox to sleep where the operation itself has none left; a face gives it little more."""


@asynccontextmanager
async def inside(api: Api, sandbox_id: str, call: OperationContext) -> AsyncIterator[SandboxSession]:
    """The inside of the sandbox, which runs; whoever leaves last pauses it where somebody had to wake it."""
    async with api.leases.acquire(sandbox_id) as room:
        try:
            yield api.runtime.session(await _awake(api, sandbox_id, room, call))
        except BaseException:
            async with _last_out(room) as sleeps:
                if sleeps:
                    await hurried(api.sandboxes.pause(sandbox_id), call, what="pausing it again")
            raise
        async with _last_out(room) as sleeps:
            if sleeps:
                await api.sandboxes.pause(sandbox_id)
                await steady(api, sandbox_id, call, wanted=(PAUSED,))


async def run_tool(sandbox: SandboxSession, argv: list[str], trouble: str) -> None:
    """A tool of the sandbox's image has done its work; where it has not, the error says the trouble first."""
    said: list[str] = []
    try:
        code = await sandbox.exec(ExecRequest(argv, timeout=30), lambda _, text: said.append(text), read_timeout=30)
    except RuntimeRejected as refused:
        hint = f"The sandbox's image has to bring `{argv[0]}`."
        raise OperationFailed(f"{trouble}: {refused.summary}", hint=hint) from refused
    except NeevError as error:
        raise OperationFailed(f"{trouble}: {error.summary}") from error
    if code != 0:
        raise OperationFailed(f"{trouble}: {argv[0]} ended with exit code {code}: {''.join(said).strip()}")


async def is_there(api: Api, sandbox_id: str) -> bool:
    """Whether the sandbox exists."""
    return await found(api.sandboxes.get(sandbox_id)) is not None


def place(id: str, what: str) -> tuple[str, str]:
    """The sandbox and the path that the id of something written inside says."""
    sandbox_id, slash, path = id.partition("/")
    if not slash:
        raise InputError("id", f"{what} is known and imported by the id of its sandbox, a slash, and its path")
    return sandbox_id, same_place(path)


async def _awake(api: Api, sandbox_id: str, room: SandboxLease, call: OperationContext) -> Sandbox:
    async with room.lock:
        try:
            seen = await steady(api, sandbox_id, call)
        except OperationFailed:
            if call.just_created and call.state.get("sandboxId") == sandbox_id:
                await require_sandbox(api, "sandboxId", sandbox_id)
            raise
        if seen.phase != PAUSED:
            return seen
        room.resumed_by_us = True
        await api.sandboxes.resume(sandbox_id)
        return await steady(api, sandbox_id, call, wanted=(READY,))


@asynccontextmanager
async def _last_out(room: SandboxLease) -> AsyncIterator[bool]:
    """Whether the one who leaves has to put the sandbox back to sleep; nobody comes in meanwhile."""
    async with room.lock:
        sleeps = room.resumed_by_us and room.ref_count == 1
        room.resumed_by_us = room.resumed_by_us and not sleeps
        yield sleeps


async def hurried(work: Awaitable[object], call: OperationContext, *, what: str) -> None:
    """The work is done, if that can be had soon: what went wrong before is what counts."""
    patience = call.deadline
    seconds = FAREWELL if patience.cancelled.is_set() else max(FAREWELL, patience.timeout - patience.elapsed)
    leaving = replace(patience, deadline=seconds, cancelled=asyncio.Event())
    with contextlib.suppress(NeevError):
        await run_before_deadline(work, deadline=leaving, action=what)
