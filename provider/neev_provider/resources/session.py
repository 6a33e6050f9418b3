"""Work inside a sandbox: it runs while the work goes on, and sleeps again afterwards where it slept before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace

from neev_provider.client import Api
from neev_provider.client.runtime import Inside, Run
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core.errors import Failed, InputError, NeevError, Refused
from neev_provider.core.resource import Call
from neev_provider.core.wait import within
from neev_provider.resources.leases import Room
from neev_provider.resources.references import require_sandbox
from neev_provider.resources.sandbox.base import PAUSED, READY, found, steady
from neev_provider.resources.workspace_paths import same_place

FAREWELL = 0.25
"""Seconds for putting a sandbox to sleep where the operation itself has none left; a face gives it little more."""


@asynccontextmanager
async def inside(api: Api, sandbox_id: str, call: Call) -> AsyncIterator[Inside]:
    """The inside of the sandbox, which runs; whoever leaves last pauses it where somebody had to wake it."""
    async with api.rooms.inside(sandbox_id) as room:
        try:
            yield api.runtime.at(await _awake(api, sandbox_id, room, call))
        except BaseException:
            async with _last_out(room) as sleeps:
                if sleeps:
                    await hurried(api.sandboxes.pause(sandbox_id), call, what="pausing it again")
            raise
        async with _last_out(room) as sleeps:
            if sleeps:
                await api.sandboxes.pause(sandbox_id)
                await steady(api, sandbox_id, call, wanted=(PAUSED,))


async def run_tool(sandbox: Inside, argv: list[str], trouble: str) -> None:
    """A tool of the sandbox's image has done its work; where it has not, the error says the trouble first."""
    said: list[str] = []
    try:
        code = await sandbox.run(Run(argv, timeout=30), lambda _, text: said.append(text), patience=30)
    except Refused as refused:
        hint = f"The sandbox's image has to bring `{argv[0]}`."
        raise Failed(f"{trouble}: {refused.fact}", hint=hint) from refused
    except NeevError as error:
        raise Failed(f"{trouble}: {error.fact}") from error
    if code != 0:
        raise Failed(f"{trouble}: {argv[0]} ended with exit code {code}: {''.join(said).strip()}")


async def is_there(api: Api, sandbox_id: str) -> bool:
    """Whether the sandbox exists."""
    return await found(api.sandboxes.get(sandbox_id)) is not None


def place(id: str, what: str) -> tuple[str, str]:
    """The sandbox and the path that the id of something written inside says."""
    sandbox_id, slash, path = id.partition("/")
    if not slash:
        raise InputError("id", f"{what} is known and imported by the id of its sandbox, a slash, and its path")
    return sandbox_id, same_place(path)


async def _awake(api: Api, sandbox_id: str, room: Room, call: Call) -> Sandbox:
    async with room.door:
        try:
            seen = await steady(api, sandbox_id, call)
        except Failed:
            if call.created and call.stored.get("sandboxId") == sandbox_id:
                await require_sandbox(api, "sandboxId", sandbox_id)
            raise
        if seen.phase != PAUSED:
            return seen
        room.woken = True
        await api.sandboxes.resume(sandbox_id)
        return await steady(api, sandbox_id, call, wanted=(READY,))


@asynccontextmanager
async def _last_out(room: Room) -> AsyncIterator[bool]:
    """Whether the one who leaves has to put the sandbox back to sleep; nobody comes in meanwhile."""
    async with room.door:
        sleeps = room.woken and room.people == 1
        room.woken = room.woken and not sleeps
        yield sleeps


async def hurried(work: Awaitable[object], call: Call, *, what: str) -> None:
    """The work is done, if that can be had soon: what went wrong before is what counts."""
    patience = call.patience
    seconds = FAREWELL if patience.cancelled.is_set() else max(FAREWELL, patience.deadline - patience.spent)
    leaving = replace(patience, deadline=seconds, cancelled=asyncio.Event())
    with contextlib.suppress(NeevError):
        await within(work, patience=leaving, what=what)
