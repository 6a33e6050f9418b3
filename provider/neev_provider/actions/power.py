"""The actions that pause and resume a sandbox."""

from __future__ import annotations

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.sandboxes import Sandbox
from neev_provider.core.action import Action
from neev_provider.core.model import Arguments
from neev_provider.core.resource import OperationContext
from neev_provider.resources.pausable import PAUSED, READY
from neev_provider.resources.references import require_existing
from neev_provider.resources.session import SANDBOX


class SandboxArguments(Arguments):
    """Sandbox to pause or resume."""

    sandbox_id: str
    """Id or name of the sandbox."""


class PauseAction(Action[SandboxArguments]):
    """Pauses a sandbox and waits until it is paused. Does nothing if it is paused already.

    If the configuration sets `paused` of the sandbox to `false`, the next apply resumes it.
    """

    name = "pause"
    arguments = SandboxArguments

    @override
    async def invoke(self, api: Api, arguments: SandboxArguments, context: OperationContext) -> None:
        sandbox = await _wait_until_stable(api, arguments, context)
        if sandbox.phase != PAUSED:
            await api.sandboxes.pause(sandbox.id)
            await SANDBOX.connect(api).wait_for_phase(sandbox.id, context, target_phases=(PAUSED,))


class ResumeAction(Action[SandboxArguments]):
    """Resumes a paused sandbox and waits until it is ready. Does nothing if it is ready already.

    If the configuration sets `paused` of the sandbox to `true`, the next apply pauses it.
    """

    name = "resume"
    arguments = SandboxArguments

    @override
    async def invoke(self, api: Api, arguments: SandboxArguments, context: OperationContext) -> None:
        sandbox = await _wait_until_stable(api, arguments, context)
        if sandbox.phase != READY:
            await api.sandboxes.resume(sandbox.id)
            await SANDBOX.connect(api).wait_for_phase(sandbox.id, context, target_phases=(READY,))


async def _wait_until_stable(api: Api, arguments: SandboxArguments, context: OperationContext) -> Sandbox:
    """Return the sandbox when it is ready or paused."""
    found = await require_existing(api.sandboxes.get(arguments.sandbox_id), api, arguments.sandbox_id)
    return await SANDBOX.connect(api).wait_for_phase(found.id, context)
